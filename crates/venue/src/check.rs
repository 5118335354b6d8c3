//! Sessions and splits against the money that is held and taken for them, cash against the halls that took it, lights that share a device, and
//! who manages maintainers: what `cuekey doctor` says of play.

use platform::ledger::SystemAccount;
use store::{Sql, args};

/// Each sentence is one thing that does not add up; none is the good answer. Reads all sessions.
pub async fn check(sql: &mut impl Sql) -> store::Result<Vec<String>> {
    let mut problems = Vec::new();
    let checks = [
        (
            "sessions hold something else than they say",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT p.id FROM play_sessions p LEFT JOIN play_holds h ON h.session_id = p.id \
             GROUP BY p.id, p.held HAVING p.held <> COALESCE(SUM(h.amount), 0)) wrong",
        ),
        (
            "sessions have taken something else than their bills say",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT p.id FROM play_sessions p LEFT JOIN play_holds h ON h.session_id = p.id \
             LEFT JOIN ledger_transfers t ON t.id = h.transfer_id WHERE p.state IN ('closed', 'failed') GROUP BY p.id, p.total \
             HAVING p.total IS NULL OR p.total <> COALESCE(SUM(t.posted_amount), 0)) wrong",
        ),
        (
            "sessions are over, and something is still held for them",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM play_sessions p JOIN play_holds h ON h.session_id = p.id \
             JOIN ledger_transfers t ON t.id = h.transfer_id WHERE p.state IN ('closed', 'failed') AND t.state = 'pending'",
        ),
        (
            "tables and their sessions do not agree on whether somebody plays",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM venue_tables t LEFT JOIN play_sessions p ON p.table_id = t.id AND p.state IN ('opening', 'playing') \
             WHERE (t.state IN ('opening', 'playing', 'paused')) <> (p.id IS NOT NULL)",
        ),
        (
            "splits are settled, and their shares are not the bill",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT s.id FROM splits s JOIN play_sessions p ON p.id = s.session_id \
             JOIN split_shares h ON h.split_id = s.id WHERE s.state = 'settled' GROUP BY s.id, p.total \
             HAVING p.total IS NULL OR p.total <> SUM(h.paid)) wrong",
        ),
        (
            "shares hold or have taken something else than they say",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM split_shares h JOIN splits s ON s.id = h.split_id LEFT JOIN ledger_transfers t ON t.id = h.transfer_id \
             WHERE h.paid < 0 OR (h.place > 0 AND (h.paid > h.agreed OR h.agreed <> COALESCE(t.amount, 0) OR h.paid <> COALESCE(t.posted_amount, 0) \
             OR (s.state = 'open') <> (COALESCE(t.state, 'pending') = 'pending') AND t.id IS NOT NULL \
             OR (s.state = 'open' AND (t.debit_account <> h.customer_id OR t.credit_account <> s.starter_id))))",
        ),
        (
            "movements of splits belong to no share",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ledger_transfers t LEFT JOIN split_shares h ON h.transfer_id = t.id \
             WHERE t.kind = 'split' AND t.state <> 'voided' AND h.split_id IS NULL",
        ),
        (
            "sessions are paused, or are not, and their tables are otherwise",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM play_sessions p JOIN venue_tables t ON t.id = p.table_id \
             WHERE p.state = 'playing' AND (t.state = 'paused') <> (p.paused_at IS NOT NULL)",
        ),
        (
            "tables are reserved, and are held for nobody, or the other way round",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM venue_tables t LEFT JOIN table_holds h ON h.table_id = t.id AND h.ended_at IS NULL \
             WHERE (t.state = 'reserved') <> (h.id IS NOT NULL)",
        ),
        (
            "bills were given back beyond what they were, or not by the ledger",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM play_remedies r JOIN play_sessions p ON p.id = r.session_id \
             JOIN ledger_transfers t ON t.id = r.transfer_id WHERE r.amount > COALESCE(p.total, 0) OR t.posted_amount <> r.amount",
        ),
        (
            "guests have become somebody else, and their wallets are not empty",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM customers c JOIN ledger_accounts a ON a.id = c.id \
             WHERE c.became IS NOT NULL AND (a.posted <> 0 OR a.held <> 0)",
        ),
        (
            "customers have become somebody else, and their numbers are theirs still",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM customers WHERE became IS NOT NULL AND phone_hash IS NOT NULL",
        ),
        (
            "customers have other points than their lines add up to",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT c.customer_id FROM member_points c LEFT JOIN member_lines l \
             ON l.customer_id = c.customer_id GROUP BY c.customer_id, c.points HAVING c.points <> COALESCE(SUM(l.points), 0)) wrong",
        ),
        (
            "movements of cash at a desk have no hall",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ledger_transfers t LEFT JOIN desk_cash c ON c.transfer_id = t.id \
             WHERE t.kind IN ('cash_recharge', 'cash_payout') AND c.transfer_id IS NULL",
        ),
        (
            "sessions were opened at the desk of another hall than they are played in",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM desk_plays d JOIN play_sessions p ON p.id = d.id WHERE d.venue_id <> p.venue_id",
        ),
        (
            "devices have lights that are not of one kind, or have not one password",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT d.topic FROM devices d WHERE d.topic IS NOT NULL GROUP BY d.topic \
             HAVING MIN(d.driver) <> MAX(d.driver) OR COUNT(DISTINCT d.password_hash) <> 1 OR COUNT(d.channel) <> COUNT(*)) wrong",
        ),
        (
            "maintainers are managed by somebody else than the manager who has made them, and who works wherever they do",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM users u LEFT JOIN users k ON k.id = u.made_by AND k.role = 'venue_manager' \
             AND NOT EXISTS (SELECT 1 FROM venue_staff s WHERE s.user_id = u.id \
             AND NOT EXISTS (SELECT 1 FROM venue_staff o WHERE o.user_id = u.made_by AND o.venue_id = s.venue_id)) \
             WHERE u.role = 'maintainer' AND (u.superior_id IS NOT NULL OR k.id IS NOT NULL) AND (u.superior_id = k.id) IS NOT TRUE",
        ),
        (
            "sessions were paid and have earned nothing",
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM play_sessions p WHERE p.state = 'closed' AND p.total >= 100 \
             AND NOT EXISTS (SELECT 1 FROM member_lines l WHERE l.session_id = p.id)",
        ),
    ];
    for (words, query) in checks {
        let wrong: i64 = sql.one(query, args![], |row| row.get("n")).await?;
        if wrong > 0 {
            problems.push(format!("{wrong} {words}"));
        }
    }
    let query = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT session_id, CAST(SUM(points) AS BIGINT) AS points FROM member_lines GROUP BY session_id) l \
                 WHERE l.points <> (SELECT CAST(COALESCE(SUM(CASE WHEN t.credit_account = $1 THEN t.posted_amount ELSE -t.posted_amount END), 0) AS BIGINT) \
                 FROM ledger_transfers t WHERE t.ref_kind = 'pls' AND t.ref_id = l.session_id AND (t.debit_account = $1 OR t.credit_account = $1)) / 100";
    let wrong: i64 = sql.one(query, args![SystemAccount::Takings.id()], |row| row.get("n")).await?;
    if wrong > 0 {
        problems.push(format!("{wrong} sessions have earned other points than was paid for them"));
    }
    let query = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM desk_cash c LEFT JOIN ledger_transfers t ON t.id = c.transfer_id \
                 WHERE t.id IS NULL OR t.state <> 'posted' OR NOT ((t.kind = 'cash_recharge' AND t.debit_account = $1) \
                 OR (t.kind = 'cash_payout' AND t.credit_account = $1))";
    let wrong: i64 = sql.one(query, args![SystemAccount::Cash.id()], |row| row.get("n")).await?;
    if wrong > 0 {
        problems.push(format!("{wrong} movements stand beside a hall, and are no cash of a desk"));
    }
    Ok(problems)
}
