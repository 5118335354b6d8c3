//! One migration text makes the same schema on both databases.

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
