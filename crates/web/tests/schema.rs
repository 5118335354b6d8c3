//! One migration text makes the same schema on both databases.

use std::collections::BTreeSet;

use store::Engine;
use store::migrate::{self, describe};
use store::testing::TestDb;

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let all = web::migrations();
    let sqlite = describe(&TestDb::new(Engine::Sqlite, &all).await.db).await.unwrap();
    let postgres = describe(&TestDb::new(Engine::Postgres, &all).await.db).await.unwrap();
    let only = |these: &[String], those: &[String]| these.iter().filter(|line| !those.contains(line)).cloned().collect::<Vec<_>>();
    assert_eq!((only(&sqlite, &postgres), only(&postgres, &sqlite)), (Vec::new(), Vec::new()));
    assert!(sqlite.len() > 300, "{}", sqlite.len());
    assert!(sqlite.iter().any(|line| line == "index grants.grants_live unique=true partial=true"), "{sqlite:?}");
}

#[tokio::test]
async fn a_second_run_applies_nothing() {
    let all = web::migrations();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let test = TestDb::new(engine, &all).await;
        assert_eq!(migrate::status(&test.db, &all).await.unwrap(), migrate::Status::Current);
        assert_eq!(migrate::run(&test.db, &all, kernel::Clock::System.now()).await.unwrap(), 0);
        let newer = migrate::run(&test.db, &all[..2], kernel::Clock::System.now()).await.unwrap_err();
        assert!(newer.to_string().contains("newer"), "{newer}");
    }
}

/// What the change of the master key sees to in other ways than by a list of columns.
const SEEN_TO: [&str; 6] = [
    "installation.value",
    "operations.mac",
    "operations.link",
    "operation_chain.base_link",
    "operation_chain.base_mac",
    "operation_chain.head_link",
];
/// What is not under the master key, and why.
const NOT_UNDER_IT: [(&str, &str); 5] = [
    ("idempotency.body_hash", "SHA-256 of a request, without a key"),
    ("nonce_sets.hashes", "SHA-256, without a key"),
    ("passed_calls.packed", "who called when: nothing secret, and not sealed"),
    ("projects.response_public", "a public key"),
    ("devices.password_hash", "its hashing key is kept: venue::rekey::PART.kept"),
];

/// A new column of bytes belongs into a part of `platform::rekey`, or into one of the lists above with the reason.
#[tokio::test]
async fn every_column_of_bytes_comes_under_a_new_master_key_or_says_why_not() {
    let parts = [&platform::rekey::OWN, &licensing::rekey::PART, &venue::rekey::PART];
    let written = parts
        .iter()
        .flat_map(|part| part.tables)
        .flat_map(|table| table.writes.iter().map(move |column| format!("{}.{column}", table.name)));
    let written: BTreeSet<String> = written.collect();
    let emptied: BTreeSet<&str> = parts.iter().flat_map(|part| part.emptied).copied().collect();
    let named: BTreeSet<&str> = SEEN_TO.into_iter().chain(NOT_UNDER_IT.map(|(column, _)| column)).collect();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let test = TestDb::new(engine, &web::migrations()).await;
        let lines = describe(&test.db).await.unwrap();
        let columns: Vec<(&str, &str)> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("column ")?.split_once(' '))
            .map(|(column, rest)| (column, rest.split(' ').next().unwrap_or_default()))
            .collect();
        let of_bytes = columns.iter().filter(|(_, kind)| *kind == "bytea").map(|(column, _)| *column);
        let forgotten: Vec<&str> = of_bytes
            .filter(|column| !written.contains(*column) && !named.contains(column))
            .filter(|column| !column.split_once('.').is_some_and(|(table, _)| emptied.contains(table)))
            .collect();
        assert!(forgotten.is_empty(), "{engine:?}: what becomes of {forgotten:?} when the master key is changed?");
        // And nothing is named that is not there.
        let there: BTreeSet<&str> = columns.iter().map(|(column, _)| *column).collect();
        let tables: BTreeSet<&str> = there.iter().filter_map(|column| Some(column.split_once('.')?.0)).collect();
        let gone: Vec<&str> =
            written.iter().map(String::as_str).chain(named.iter().copied()).filter(|column| !there.contains(column)).collect();
        assert!(gone.is_empty() && emptied.is_subset(&tables), "{engine:?}: {gone:?} {:?}", emptied.difference(&tables));
    }
}
