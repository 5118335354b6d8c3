//! Which lists there are, how their tables are filled, and what is asked of them.

use uuid::Uuid;

use super::cursor;
use super::fill::{AGENTS, Fill, PROJECTS, id};

pub struct List {
    pub name: &'static str,
    path: &'static str,
    /// Who asks.
    pub who: &'static [&'static str],
    /// Statements up to their `FROM`, and one row in how many each writes.
    pub fill: fn(&Fill) -> Vec<(String, i64)>,
    /// Filters with the values that they are set to.
    filters: fn() -> Vec<(&'static str, Vec<String>)>,
}

const ALL: &[&str] = &["chief", "user-100", "user-2"];
const CHIEF_ALONE: &[&str] = &["chief"];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Frequent, rare, and without anything.
fn projects() -> Vec<String> {
    [2, 0, 19].map(|n| format!("prj_{}", type_id(id('1', n)))).to_vec()
}

fn agents() -> Vec<String> {
    [2, 4, 99].map(|n| format!("usr_{}", type_id(id('2', n)))).to_vec()
}

fn type_id(id: Uuid) -> String {
    kernel::type_id("x", id).unwrap_or_default().trim_start_matches("x_").to_owned()
}

fn span() -> [(&'static str, Vec<String>); 2] {
    [("from", words(&["2023-12-01T00:00:00Z"])), ("to", words(&["2024-01-10T00:00:00Z"]))]
}

impl List {
    /// Each filter alone, each pair, and all together; each at three places.
    pub fn addresses(&self, rows: i64) -> Vec<String> {
        let filters: Vec<(&str, String)> =
            (self.filters)().into_iter().flat_map(|(name, values)| values.into_iter().map(move |value| (name, value))).collect();
        let text = |(name, value): &(&str, String)| format!("&{name}={value}");
        let mut queries = vec![String::new()];
        for (n, one) in filters.iter().enumerate() {
            queries.push(text(one));
            queries.extend(filters.iter().skip(n + 1).filter(|other| other.0 != one.0).map(|other| text(one) + &text(other)));
        }
        let all: Vec<String> = (self.filters)().iter().filter_map(|(name, values)| Some(text(&(name, values.first()?.clone())))).collect();
        queries.push(all.concat());
        let at = |n: i64| if self.name == "statement" { Uuid::from_u128(n.unsigned_abs().into()) } else { id(self.kind(), n) };
        let places =
            [String::new(), format!("&cursor={}", cursor(at((rows - 20_000).max(1)))), format!("&cursor={}", cursor(at(rows / 2)))];
        queries.iter().flat_map(|query| places.iter().map(move |place| format!("{}?limit=20{query}{place}", self.path))).collect()
    }

    /// The digit in this list's ids.
    fn kind(&self) -> char {
        if self.name == "keys" { '5' } else { '6' }
    }
}

/// The agent, project and state of batch `b`.
fn owner(fill: &Fill, b: &str) -> (String, String) {
    // Agents from 50 on have none; one batch in a hundred is agent 4's.
    let agent = format!("(CASE WHEN ({b}) % 100 = 7 THEN 4 ELSE (({b}) * 7 % 25) * 2 + 2 END)");
    (fill.id('2', &agent), fill.id('1', &format!("({agent} + ({b}) % 2) % {PROJECTS}")))
}

fn batches(fill: &Fill, n: &str, tag: char) -> String {
    let (agent, project) = owner(fill, n);
    format!(
        "INSERT INTO batches (id, project_id, agent_id, count, made, unit, validity, unit_price, total, note, state, created_at, finished_at) \
         SELECT {}, {project}, {agent}, 10000, 10000, 'day', 30, 0, 0, '', CASE WHEN s.n % 1000 = 1 THEN 'cancelled' ELSE 'ready' END, {at}, {at}",
        fill.id(tag, n),
        at = Fill::at(n)
    )
}

fn keys(fill: &Fill) -> Vec<(String, i64)> {
    let (agent, project) = owner(fill, "s.n / 10000");
    let state =
        "CASE WHEN s.n % 1000 = 1 THEN 'disabled' WHEN s.n % 10 = 2 THEN 'active' WHEN s.n % 100 = 3 THEN 'expired' ELSE 'unused' END";
    let keys = format!(
        "INSERT INTO keys (id, project_id, batch_id, agent_id, lookup, sealed, state, unit, validity, expires_at, disabled_at, devices, unbinds, created_at) \
         SELECT {}, {project}, {}, {agent}, {}, (SELECT k.sealed FROM keys k WHERE k.created_at > 1790000000000000 LIMIT 1), {state}, 'day', 30, \
         CASE WHEN s.n % 100 = 3 AND s.n % 1000 <> 1 THEN {at} END, CASE WHEN s.n % 1000 = 1 THEN {at} END, CASE WHEN s.n % 10 = 2 THEN 1 ELSE 0 END, 0, {at}",
        fill.id('5', "s.n"),
        fill.id('4', "s.n / 10000"),
        fill.id('c', "s.n"),
        at = Fill::at("s.n")
    );
    let devices = format!(
        "INSERT INTO key_devices (key_id, device_id, device_name, bound_at) SELECT {}, 'device-' || (s.n % 1000), '', 0",
        fill.id('5', "s.n * 10 + 2")
    );
    vec![(batches(fill, "s.n", '4'), 10_000), (keys, 1), (devices, 10)]
}

fn calls(fill: &Fill) -> Vec<(String, i64)> {
    let (agent, project) = owner(fill, "s.n / 50");
    let code = "CASE WHEN s.n % 100000 = 9 THEN 'NOT_FOUND' WHEN s.n % 1000 = 7 THEN 'EXPIRED' ELSE 'VALID' END";
    let insert = format!(
        "INSERT INTO client_calls (id, at, project_id, endpoint, status, code, refused, first_use, key_id, agent_id, key_hint, device_id, device_name, address) \
         SELECT {}, {}, {project}, CASE WHEN s.n % 5000 = 3 THEN 'query' ELSE 'verify' END, 200, {code}, ({code}) <> 'VALID', s.n % 50 = 0, {}, {agent}, 'H' || (s.n % 5000), 'device-' || (s.n % 1000), '', '192.0.2.1'",
        fill.id('6', "s.n"),
        Fill::at("s.n"),
        fill.id('5', "s.n % 100000")
    );
    vec![(insert, 1)]
}

fn sign_ins(fill: &Fill) -> Vec<(String, i64)> {
    let (agent, _) = owner(fill, "s.n");
    let insert = format!(
        "INSERT INTO sign_ins (id, at, name, user_id, result, address, agent) SELECT {}, {}, 'somebody', CASE WHEN s.n % 3 > 0 THEN {agent} END, \
         CASE WHEN s.n % 100000 = 9 THEN 'locked' WHEN s.n % 10 = 7 THEN 'wrong' ELSE 'ok' END, '192.0.2.1', 'bench'",
        fill.id('6', "s.n"),
        Fill::at("s.n")
    );
    vec![(insert, 1)]
}

fn operations(fill: &Fill) -> Vec<(String, i64)> {
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

fn statement(_: &Fill) -> Vec<(String, i64)> {
    let insert = format!(
        "INSERT INTO ledger_entries (account_id, seq, transfer_id, kind, phase, delta, held_delta, balance_after, held_after, at) \
         SELECT (SELECT a.id FROM ledger_accounts a JOIN users u ON u.id = a.owner_id WHERE u.name = 'agent-0000'), s.n + 100, (SELECT id FROM ledger_transfers LIMIT 1), \
         CASE WHEN s.n % 100000 = 9 THEN 'withdrawal' WHEN s.n % 10 = 7 THEN 'transfer' ELSE 'generation' END, 'move', 1, 0, 1, 0, {}",
        Fill::at("s.n")
    );
    vec![(insert, 1)]
}

fn deliveries(fill: &Fill) -> Vec<(String, i64)> {
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

fn jobs(fill: &Fill) -> Vec<(String, i64)> {
    // Given up, so that no sweep takes them away.
    let insert = format!(
        "INSERT INTO jobs (id, kind, crew, payload, state, run_at, attempts, max_attempts, created_at, finished_at) SELECT {}, \
         CASE WHEN s.n % 100000 = 9 THEN 'rare.kind' WHEN s.n % 10 = 7 THEN 'mail.send' ELSE 'callback.send' END, 'rest', '{{}}', CASE WHEN s.n % 2 = 0 THEN 'done' ELSE 'dead' END, 0, 1, 1, {at}, 4000000000000000",
        fill.id('6', "s.n"),
        at = Fill::at("s.n")
    );
    vec![(insert, 1)]
}

fn notifications(fill: &Fill) -> Vec<(String, i64)> {
    let insert = format!(
        "INSERT INTO notifications (id, user_id, kind, params, created_at, read_at) SELECT {}, {}, 'grant.created', '{{}}', {at}, CASE WHEN s.n % 100000 <> 9 THEN {at} END",
        fill.id('6', "s.n"),
        fill.id('2', "2"),
        at = Fill::at("s.n")
    );
    vec![(insert, 1)]
}

fn users(fill: &Fill) -> Vec<(String, i64)> {
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

fn withdrawals(fill: &Fill) -> Vec<(String, i64)> {
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

pub const LISTS: &[List] = &[
    List {
        name: "keys",
        path: "/api/v1/keys",
        who: ALL,
        fill: keys,
        filters: || {
            let batch = |n| format!("bat_{}", type_id(id('4', n)));
            vec![
                ("project", projects()),
                ("agent", agents()),
                ("state", words(&["unused", "active", "expired", "disabled"])),
                ("batch", vec![batch(2), batch(7)]),
                ("device", words(&["device-2", "nobody"])),
            ]
        },
    },
    List {
        name: "calls",
        path: "/api/v1/calls",
        who: ALL,
        fill: calls,
        filters: || {
            let mut filters = vec![
                ("project", projects()),
                ("code", words(&["EXPIRED", "NOT_FOUND", "VALID", "BANNED"])),
                ("endpoint", words(&["verify", "query", "time"])),
                ("key", words(&["H7", "NONE"])),
                ("device", words(&["device-7", "nobody"])),
                ("only_refused", words(&["true"])),
            ];
            filters.extend(span());
            filters
        },
    },
    List {
        name: "statement",
        path: "/api/v1/quota/statement",
        who: &["agent-0000"],
        fill: statement,
        filters: || [vec![("kind", words(&["generation", "transfer", "withdrawal", "initial"]))], span().to_vec()].concat(),
    },
    List {
        name: "operations",
        path: "/api/v1/logs/operations",
        who: ALL,
        fill: operations,
        filters: || {
            let own = vec![
                ("actor", agents()),
                ("module", words(&["keys", "quota", "settings", "none"])),
                ("level", words(&["info", "security", "warning"])),
            ];
            [own, span().to_vec()].concat()
        },
    },
    List {
        name: "sign-ins",
        path: "/api/v1/logs/sign-ins",
        who: ALL,
        fill: sign_ins,
        filters: || [vec![("user", agents()), ("result", words(&["ok", "wrong", "locked", "captcha"]))], span().to_vec()].concat(),
    },
    List {
        name: "deliveries",
        path: "/api/v1/deliveries",
        who: CHIEF_ALONE,
        fill: deliveries,
        filters: || {
            vec![
                ("project", projects()),
                ("state", words(&["delivered", "failed", "waiting"])),
                ("event", words(&["key.verified", "batch.created", "test"])),
            ]
        },
    },
    List {
        name: "jobs",
        path: "/api/v1/jobs",
        who: CHIEF_ALONE,
        fill: jobs,
        filters: || vec![("state", words(&["done", "dead", "queued"])), ("kind", words(&["mail.send", "rare.kind", "none"]))],
    },
    List {
        name: "notifications",
        path: "/api/v1/notifications",
        who: &["user-2"],
        fill: notifications,
        filters: || vec![("unread", words(&["true"]))],
    },
    List {
        name: "users",
        path: "/api/v1/users",
        who: &["chief", "user-100"],
        fill: users,
        filters: || {
            vec![
                ("search", words(&["person-77777", "p", "nobody"])),
                ("role", words(&["agent", "agent_admin", "super_admin"])),
                ("state", words(&["active", "disabled", "pending"])),
            ]
        },
    },
    List {
        name: "batches",
        path: "/api/v1/batches",
        who: ALL,
        fill: |fill| vec![(batches(fill, "s.n", '6'), 1)],
        filters: || vec![("project", projects()), ("agent", agents()), ("state", words(&["ready", "cancelled", "generating"]))],
    },
    List {
        name: "withdrawals",
        path: "/api/v1/withdrawals",
        who: ALL,
        fill: withdrawals,
        filters: || vec![("state", words(&["paid", "pending", "refused"]))],
    },
];
