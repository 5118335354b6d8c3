//! In which tables the rows of each list lie.

/// Paths of lists as OpenAPI has them, and the tables along which they are read, as long as these may become. There is none where a list is as
/// long as there are projects: those were counted before, and are read from end to end.
const LISTED: [(&str, &[&str]); 31] = [
    ("/api/v1/applications", &["applications"]),
    ("/api/v1/applications/projects", &[]),
    ("/api/v1/batches", &["batches"]),
    ("/api/v1/calls", &["client_calls", "passed_calls"]),
    ("/api/v1/cases", &["maintenance_cases"]),
    ("/api/v1/complaints", &["complaints"]),
    ("/api/v1/deliveries", &["deliveries"]),
    ("/api/v1/devices", &["devices"]),
    ("/api/v1/devices/{id}/log", &["device_log"]),
    ("/api/v1/grants", &["grants"]),
    ("/api/v1/grants/projects", &[]),
    ("/api/v1/jobs", &["jobs"]),
    ("/api/v1/keys", &["keys", "key_devices"]),
    ("/api/v1/logs/operations", &["operations"]),
    ("/api/v1/logs/sign-ins", &["sign_ins"]),
    ("/api/v1/mailbox", &["mailbox"]),
    ("/api/v1/me/sessions", &["sessions"]),
    ("/api/v1/notifications", &["notifications"]),
    ("/api/v1/payments/orders", &["pay_orders"]),
    ("/api/v1/payments/refunds", &["pay_refunds"]),
    ("/api/v1/projects", &[]),
    ("/api/v1/quota/statement", &["ledger_entries"]),
    ("/api/v1/texts", &["texts"]),
    ("/api/v1/users", &["users"]),
    ("/api/v1/venues/{id}/desk-plays", &["desk_plays"]),
    ("/api/v1/withdrawals", &["withdrawals"]),
    ("/customer/v1/complaints", &["complaints"]),
    ("/customer/v1/messages", &["customer_messages"]),
    ("/customer/v1/points", &["member_lines"]),
    ("/customer/v1/sessions", &["play_sessions"]),
    ("/customer/v1/wallet", &["ledger_entries"]),
];

pub fn paths() -> Vec<&'static str> {
    LISTED.iter().map(|(path, _)| *path).collect()
}

/// Each of them once.
pub fn tables() -> Vec<&'static str> {
    let mut all: Vec<&str> = LISTED.iter().flat_map(|(_, tables)| tables.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}
