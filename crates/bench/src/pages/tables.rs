//! How the lists' tables are filled: statements up to their `FROM`, for row `s.n`, and one row in how many each of them writes.

use kernel::Random;

use super::fill::{AGENTS, Fill, PROJECTS};
use crate::history::{self, IN_A_SET};

/// Calls that are logged together, and those of them that have rows of their own.
const SET: i64 = history::SET as i64;
const ALONE: i64 = SET - IN_A_SET;
/// Which row is the first use of the one key whose text is known.
pub const FIRST_USE: i64 = 7 * SET / ALONE;

/// The agent, project and state of batch `b`.
fn owner(fill: &Fill, b: &str) -> (String, String) {
    // One batch in a hundred is agent 52's; but for that one, agents after 50 have none.
    let agent = format!("(CASE WHEN ({b}) % 100 = 7 THEN 52 ELSE (({b}) * 7 % 25) * 2 + 2 END)");
    (fill.id('2', &agent), fill.id('1', &format!("({agent} + ({b}) % 2) % {PROJECTS}")))
}

fn batches_of(fill: &Fill, n: &str, tag: char) -> String {
    let (agent, project) = owner(fill, n);
    format!(
        "INSERT INTO batches (id, project_id, agent_id, count, made, unit, validity, unit_price, total, note, state, created_at, finished_at) \
         SELECT {}, {project}, {agent}, 10000, 10000, 'day', 30, 0, 0, '', CASE WHEN s.n % 1000 = 1 THEN 'cancelled' ELSE 'ready' END, {at}, {at}",
        fill.id(tag, n),
        at = Fill::at(n)
    )
}

pub fn keys(fill: &Fill) -> Vec<(String, i64)> {
    let (agent, project) = owner(fill, "s.n / 10000");
    let state =
        "CASE WHEN s.n % 1000 = 1 THEN 'disabled' WHEN s.n % 10 = 2 THEN 'active' WHEN s.n % 100 = 3 THEN 'expired' ELSE 'unused' END";
    let keys = format!(
        "INSERT INTO keys (id, project_id, batch_id, agent_id, lookup, sealed, state, unit, validity, expires_at, disabled_at, devices, unbinds, created_at, bound) \
         SELECT {}, {project}, {}, {agent}, {}, (SELECT k.sealed FROM keys k WHERE k.created_at > 1790000000000000 LIMIT 1), {state}, 'day', 30, \
         CASE WHEN s.n % 100 = 3 AND s.n % 1000 <> 1 THEN {at} END, CASE WHEN s.n % 1000 = 1 THEN {at} END, CASE WHEN s.n % 10 = 2 THEN 1 ELSE 0 END, 0, {at}, \
         CASE WHEN s.n % 10 = 2 THEN 'device-' || (s.n / 10 % 1000) || '\t0\t' ELSE '' END",
        fill.id('5', "s.n"),
        fill.id('4', "s.n / 10000"),
        fill.id('c', "s.n"),
        at = Fill::at("s.n")
    );
    let devices = format!("INSERT INTO key_devices (device_id, key_id) SELECT 'device-' || (s.n % 1000), {}", fill.id('5', "s.n * 10 + 2"));
    vec![(batches_of(fill, "s.n", '4'), 10_000), (keys, 1), (devices, 10)]
}

/// As the product logs them: of each set sixty have passed and are packed in one row. The others have rows of their own, of which five
/// in six were refused and one is a first use; some are of another endpoint.
pub fn calls(fill: &Fill) -> Vec<(String, i64)> {
    let (_, project) = owner(fill, "s.n");
    let first = format!("s.n * {SET}");
    let packed = format!(
        "INSERT INTO passed_calls (id, at, project_id, calls, packed) SELECT {}, {}, {project}, {IN_A_SET}, {}",
        fill.id_of_set('7', &first),
        Fill::at(&first),
        fill.blob(&history::packed(IN_A_SET, &Random::seeded(1)))
    );
    let (agent, project) = owner(fill, &format!("s.n / {ALONE}"));
    let call = format!("s.n * {}", SET / ALONE);
    let code = "CASE WHEN s.n % 6000 = 9 THEN 'NOT_FOUND' WHEN s.n % 6 = 1 OR s.n % 300 = 3 THEN 'VALID' ELSE 'EXPIRED' END";
    // One in a thousand is of the one key that can be asked for by its text. Hints begin with any of the 32 characters that keys have.
    let alone = format!(
        "INSERT INTO client_calls (id, at, project_id, endpoint, status, code, refused, first_use, key_id, agent_id, key_hint, device_id, device_name, address) \
         SELECT {}, {}, {project}, CASE WHEN s.n % 300 = 3 THEN 'query' ELSE 'verify' END, 200, {code}, ({code}) <> 'VALID', s.n % 6 = 1, \
         CASE WHEN s.n % 1000 = 7 THEN (SELECT k.id FROM keys k LIMIT 1) ELSE {} END, {agent}, \
         substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', CAST(1 + s.n % 32 AS INTEGER), 1) || (s.n % 5000), 'device-' || (s.n % 1000), '', '192.0.2.1'",
        fill.id('6', &call),
        Fill::at(&call),
        fill.id('5', "s.n % 100000")
    );
    vec![(packed, SET), (alone, SET / ALONE)]
}

pub fn sign_ins(fill: &Fill) -> Vec<(String, i64)> {
    let (agent, _) = owner(fill, "s.n");
    let insert = format!(
        "INSERT INTO sign_ins (id, at, name, user_id, result, address, agent) SELECT {}, {}, 'somebody', CASE WHEN s.n % 3 > 0 THEN {agent} END, \
         CASE WHEN s.n % 100000 = 9 THEN 'locked' WHEN s.n % 10 = 7 THEN 'wrong' ELSE 'ok' END, '192.0.2.1', 'bench'",
        fill.id('6', "s.n"),
        Fill::at("s.n")
    );
    vec![(insert, 1)]
}

pub fn operations(fill: &Fill) -> Vec<(String, i64)> {
    let (agent, _) = owner(fill, "s.n");
    let insert = format!(
        "INSERT INTO operations (id, at, actor_id, actor_name, actor_role, superior_id, level, module, action, address, agent, request_id, detail, mac, seq, link) \
         SELECT {}, {}, {agent}, 'somebody', 'agent', {}, CASE WHEN s.n % 1000 = 9 THEN 'security' ELSE 'info' END, \
         CASE WHEN s.n % 100000 = 9 THEN 'settings' WHEN s.n % 10 = 7 THEN 'quota' ELSE 'keys' END, 'bench', '192.0.2.1', 'bench', '', '{{}}', {}, s.n + 1000000, {}",
        fill.id('6', "s.n"),
        Fill::at("s.n"),
        fill.id('2', &AGENTS.to_string()),
        fill.bytes("s.n"),
        fill.bytes("s.n")
    );
    vec![(insert, 1)]
}

pub fn statement(_: &Fill) -> Vec<(String, i64)> {
    let insert = format!(
        "INSERT INTO ledger_entries (account_id, seq, transfer_id, kind, phase, delta, held_delta, balance_after, held_after, at) \
         SELECT (SELECT a.id FROM ledger_accounts a JOIN users u ON u.id = a.owner_id WHERE u.name = 'agent-0000'), s.n + 100, (SELECT id FROM ledger_transfers LIMIT 1), \
         CASE WHEN s.n % 100000 = 9 THEN 'withdrawal' WHEN s.n % 10 = 7 THEN 'transfer' ELSE 'generation' END, 'move', 1, 0, 1, 0, {}",
        Fill::at("s.n")
    );
    vec![(insert, 1)]
}

pub fn deliveries(fill: &Fill) -> Vec<(String, i64)> {
    let (_, project) = owner(fill, "s.n");
    let insert = format!(
        "INSERT INTO deliveries (id, event_id, project_id, event, url, payload, state, attempts, since, created_at, finished_at) \
         SELECT {id}, {id}, {project}, CASE WHEN s.n % 100000 = 9 THEN 'batch.created' ELSE 'key.verified' END, '', '{{}}', \
         CASE WHEN s.n % 1000 = 9 THEN 'failed' ELSE 'delivered' END, 1, 0, {at}, {at}",
        id = fill.id('6', "s.n"),
        at = Fill::at("s.n")
    );
    vec![(insert, 1)]
}

pub fn jobs(fill: &Fill) -> Vec<(String, i64)> {
    // Given up, so that no sweep takes them away.
    let insert = format!(
        "INSERT INTO jobs (id, kind, crew, payload, state, run_at, attempts, max_attempts, created_at, finished_at) SELECT {}, \
         CASE WHEN s.n % 100000 = 9 THEN 'rare.kind' WHEN s.n % 10 = 7 THEN 'mail.send' ELSE 'callback.send' END, 'rest', '{{}}', CASE WHEN s.n % 2 = 0 THEN 'done' ELSE 'dead' END, 0, 1, 1, {at}, 4000000000000000",
        fill.id('6', "s.n"),
        at = Fill::at("s.n")
    );
    vec![(insert, 1)]
}

pub fn notifications(fill: &Fill) -> Vec<(String, i64)> {
    let insert = format!(
        "INSERT INTO notifications (id, user_id, kind, params, created_at, read_at) SELECT {}, {}, 'grant.created', '{{}}', {at}, CASE WHEN s.n % 100000 <> 9 THEN {at} END",
        fill.id('6', "s.n"),
        fill.id('2', "2"),
        at = Fill::at("s.n")
    );
    vec![(insert, 1)]
}

pub fn users(fill: &Fill) -> Vec<(String, i64)> {
    let insert = format!(
        "INSERT INTO users (id, name, name_key, name_hash, email, email_key, role, state, password_hash, must_change_password, language, superior_id, totp_last_step, created_at) \
         SELECT {}, 'person-' || s.n, 'person-' || s.n, {}, 'person-' || s.n, 'person-' || s.n, CASE WHEN s.n % 1000 = 9 THEN 'agent_admin' ELSE 'agent' END, \
         CASE WHEN s.n % 100000 = 9 THEN 'disabled' ELSE 'active' END, '', FALSE, 'en', CASE WHEN s.n % 3 = 1 THEN {} END, 0, 0",
        fill.id('6', "s.n"),
        fill.bytes("s.n"),
        fill.id('2', &AGENTS.to_string())
    );
    vec![(insert, 1)]
}

pub fn withdrawals(fill: &Fill) -> Vec<(String, i64)> {
    // Payees are sealed, so that none is shown here: only what finds nothing else would open one.
    let (agent, _) = owner(fill, "s.n");
    let insert = format!(
        "INSERT INTO withdrawals (id, agent_id, reviewer_id, amount, payee, note, state, transfer_id, created_at) SELECT {}, {agent}, {}, 1, \
         (SELECT w.payee FROM withdrawals w WHERE w.created_at > 1790000000000000 LIMIT 1), '', CASE WHEN s.n % 1000 = 9 THEN 'pending' ELSE 'paid' END, (SELECT id FROM ledger_transfers LIMIT 1), {}",
        fill.id('6', "s.n"),
        fill.id('2', &AGENTS.to_string()),
        Fill::at("s.n")
    );
    vec![(insert, 1)]
}

pub fn batches(fill: &Fill) -> Vec<(String, i64)> {
    vec![(batches_of(fill, "s.n", '6'), 1)]
}

#[cfg(test)]
mod tests {
    use licensing::client::passed::unpack;
    use store::testing::TestDb;
    use store::{Db, Sql, args};
    use uuid::Uuid;

    use super::super::fill::id;
    use super::*;
    use crate::site::Engine;

    const ROWS: i64 = 64_000;

    async fn filled(test: &TestDb) {
        let engine = match test.db.engine() {
            store::Engine::Sqlite => Engine::Sqlite,
            store::Engine::Postgres => Engine::Postgres,
        };
        Fill { engine, rows: ROWS }.rows_of(&test.db, calls).await.unwrap();
    }

    async fn number(db: &Db, sql: &str) -> i64 {
        db.read().one(&format!("SELECT CAST({sql} AS BIGINT) AS n FROM client_calls"), args![], |row| row.get("n")).await.unwrap()
    }

    store::on_both! { &licensing::migrations();
        async fn of_all_calls_most_are_packed_and_no_other_simply_passed(test) {
            filled(&test).await;
            let packed = "(SELECT SUM(p.calls) FROM passed_calls p)";
            assert_eq!(number(&test.db, &format!("MAX({packed})")).await, ROWS / 64 * 60);
            assert_eq!(number(&test.db, "COUNT(*)").await, ROWS / 64 * 4);
            let (refused, first) = ("SUM(CASE WHEN refused THEN 1 ELSE 0 END)", "SUM(CASE WHEN first_use THEN 1 ELSE 0 END)");
            let (refused, first) = (number(&test.db, refused).await, number(&test.db, first).await);
            assert!(refused > first * 4 && first > 600, "{refused} refused, {first} first uses");
            let passed = "SUM(CASE WHEN refused OR first_use OR endpoint <> 'verify' THEN 0 ELSE 1 END)";
            assert_eq!(number(&test.db, passed).await, 0);
        }

        async fn calls_have_the_ids_that_cursors_are_made_of_and_what_is_packed_can_be_read(test) {
            filled(&test).await;
            let mut read = test.db.read();
            let ids = read.all("SELECT c.id FROM client_calls c ORDER BY c.id", args![], |row| row.get::<Uuid>("id")).await.unwrap();
            assert_eq!(ids, (0..ROWS / 16).map(|n| id('6', n * 16)).collect::<Vec<_>>());
            let sets = read
                .all("SELECT p.id, p.packed FROM passed_calls p ORDER BY p.id", args![], |row| {
                    Ok((row.get::<Uuid>("id")?, row.get::<Vec<u8>>("packed")?))
                })
                .await
                .unwrap();
            assert_eq!(sets.len(), 1_000);
            for (n, (set, packed)) in (0..).zip(&sets) {
                // Newer than the calls before it, with room for its calls' places.
                assert!(set.as_bytes().ends_with(&[0, 0]) && *set > id('6', (n * 64 - 1).max(0)) && *set < id('6', n * 64 + 1), "{set}");
                assert_eq!(unpack(packed).unwrap().len(), 60);
            }
        }
    }
}
