//! The plans that PostgreSQL chooses by itself where tables are long.
//!
//! How long they are it reads in its catalogue: so many rows on a page. That is changed here, in a transaction that is undone. Of what stands in the
//! columns it knows nothing then, and takes a value for one of two hundred: whoever is asked for has fifty thousand rows of ten million. That is what
//! tempts it to sort them, or to walk along another index until it has met enough of them.

use store::{Db, Engine, Sql, Tx, Value, args};

use super::postgres;

/// On each page of a table; here most have one.
const ROWS: u32 = 10_000_000;

/// What is wrong with the plans that are chosen for these statements, where all these tables are `long`: among what each of them reads along the lanes of
/// a list, and of the same table beside them. How it finds out which lanes there are is not looked at, nor are counts and sums: which way is best there rests
/// on what is in the columns, and of that nothing true can be made up here. Nothing, where all is well, and for SQLite, which has no choice.
///
/// # Panics
/// When there is no plan to be had, or no such table.
pub async fn chosen(db: &Db, statements: &[(String, Vec<Value>)], long: &[&str]) -> Vec<String> {
    if db.engine() == Engine::Sqlite {
        return Vec::new();
    }
    let mut tx = db.begin().await.expect("a transaction");
    pretend(&mut tx, long).await.expect("a superuser may do all this");
    let mut found = Vec::new();
    for (sql, args) in statements {
        let along: Vec<&str> = long.iter().copied().filter(|table| sql.contains(&format!("FROM {table} t "))).collect();
        if along.is_empty() {
            continue;
        }
        let query = format!("EXPLAIN (COSTS OFF) {sql}");
        let plan = tx.all(&query, args.clone(), |row| row.get::<String>("QUERY PLAN")).await;
        let plan = plan.unwrap_or_else(|error| panic!("{error}: {sql}"));
        found.extend(postgres(sql, &plan, Some(along.as_slice())).into_iter().map(|why| format!("{why}\n    {sql}\n{}", plan.join("\n"))));
    }
    found
}

/// From here to the end of the transaction these tables are long.
async fn pretend(tx: &mut Tx, long: &[&str]) -> store::Result<()> {
    // A row may refer to what is not there.
    tx.exec("SET LOCAL session_replication_role = replica", args![]).await?;
    for table in long {
        // Without a page it is empty, whatever the catalogue says.
        let any = format!("SELECT 1::bigint AS one FROM {table} LIMIT 1");
        if tx.opt(&any, args![], |_| Ok(())).await?.is_none() {
            put_a_row(tx, table).await?;
        }
    }
    let names: Vec<String> = long.iter().map(|table| format!("'{table}'")).collect();
    let ours = format!(
        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relname IN ({})",
        names.join(", ")
    );
    tx.exec(&format!("DELETE FROM pg_statistic WHERE starelid IN ({ours})"), args![]).await?;
    let known = tx.exec(&format!("UPDATE pg_class SET relpages = 1, reltuples = {ROWS} WHERE oid IN ({ours})"), args![]).await?;
    assert_eq!(known, long.len() as u64, "one of {long:?} is not there, or is named twice");
    Ok(())
}

/// Whatever fits.
async fn put_a_row(tx: &mut Tx, table: &str) -> store::Result<()> {
    let sql = format!(
        "SELECT column_name::text AS name, data_type::text AS kind FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name = '{table}' AND is_generated = 'NEVER'"
    );
    let columns = tx.all(&sql, args![], |row| Ok((row.get::<String>("name")?, row.get::<String>("kind")?))).await?;
    let value = |kind: &str| match kind {
        "uuid" => "gen_random_uuid()",
        "text" => "'x'",
        "bytea" => "'\\x00'",
        "boolean" => "FALSE",
        _ => "1",
    };
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<&str> = columns.iter().map(|(_, kind)| value(kind)).collect();
    tx.exec(&format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", ")), args![]).await?;
    Ok(())
}
