//! What is looked for among payments that no list shows: it costs no more the more of them there are.

use platform::identity::Role;
use store::args;
use testkit::{on_server, unbounded};

/// Where a user may be referred to that has looked after payments, or decided, or has made or disabled another.
const WHOSE: [(&str, &str); 7] = [
    ("users", "made_by"),
    ("users", "disabled_by"),
    ("withdrawals", "decided_by"),
    ("pay_orders", "written_off_by"),
    ("pay_attempts", "seen_by"),
    ("pay_refunds", "settled_by"),
    ("pay_differences", "settled_by"),
];

on_server! {
    async fn no_user_that_is_removed_is_looked_for_in_all_payments_or_among_all_users(server) {
        for (table, column) in WHOSE {
            // As both databases ask themselves before they remove one.
            let sql = format!("SELECT 1 AS one FROM {table} WHERE {column} = $1");
            assert_eq!(unbounded(&server.platform.db, &sql, args![uuid::Uuid::max()]).await, Vec::<String>::new(), "{table}.{column}");
        }
    }

    async fn the_number_on_a_payers_receipt_is_not_looked_for_in_all_payments(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let db = &server.platform.db;
        db.recorded();
        root.get("/api/v1/payments/find?number=4200001234202611210000000001").await.refused(404, "NOT_FOUND");
        let asked: Vec<_> = db.recorded().into_iter().filter(|(sql, _)| sql.contains("channel_no")).collect();
        assert_eq!(asked.len(), 1, "{asked:?}");
        for (sql, args) in asked {
            assert_eq!(unbounded(db, &sql, args).await, Vec::<String>::new(), "{sql}");
        }
    }
}
