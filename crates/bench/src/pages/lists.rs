//! Which lists there are, and what is asked of them: every filter that the console offers, as every role that may ask.

#[cfg(test)]
mod documented;

use uuid::Uuid;

use super::ask::Ask;
use super::fill::{Fill, PROJECTS, id};
use super::{cursor, tables};
use crate::dataset::AGENT;
use crate::site::CHIEF;

pub struct List {
    pub name: &'static str,
    path: &'static str,
    /// Who asks.
    pub who: &'static [&'static str],
    /// What the console says besides whenever this one asks; several things, where it shows several lists.
    besides: fn(&str, &Known) -> Vec<String>,
    /// Statements up to their `FROM`, and one row in how many each writes.
    pub fill: fn(&Fill) -> Vec<(String, i64)>,
    /// Filters with the values that they are set to.
    filters: fn(&Known) -> Filters,
}

type Filters = Vec<(&'static str, Vec<String>)>;

/// What was in the installation before its tables were filled.
pub struct Known {
    /// The text of a key, and that of one which is not there any more.
    pub key: String,
    pub gone: String,
    /// Whose account has a long statement.
    pub account: String,
}

const BOSS: &str = "user-100";
const SELLER: &str = "user-2";
const ALL: &[&str] = &[CHIEF, BOSS, SELLER];
const CHIEF_ALONE: &[&str] = &[CHIEF];

fn nothing(_: &str, _: &Known) -> Vec<String> {
    vec![String::new()]
}

/// One's own statement, or that of somebody whom one may see: a super admin has none of its own.
fn whose(who: &str, known: &Known) -> Vec<String> {
    vec![if who == AGENT { String::new() } else { format!("&user={}", known.account) }]
}

/// Those to decide on and one's own are two lists.
fn scopes(who: &str, _: &Known) -> Vec<String> {
    let scopes: &[&str] = match who {
        CHIEF => &["review"],
        BOSS => &["review", "mine"],
        _ => &["mine"],
    };
    scopes.iter().map(|scope| format!("&scope={scope}")).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Two of many, and one that nothing is of.
fn projects() -> Vec<String> {
    [2, 0, PROJECTS].map(|n| format!("prj_{}", type_id(id('1', n)))).to_vec()
}

/// Frequent, rare, and without anything.
fn agents() -> Vec<String> {
    [2, 52, 99].map(|n| format!("usr_{}", type_id(id('2', n)))).to_vec()
}

fn type_id(id: Uuid) -> String {
    kernel::type_id("x", id).unwrap_or_default().trim_start_matches("x_").to_owned()
}

fn span() -> [(&'static str, Vec<String>); 2] {
    [("from", words(&["2023-12-01T00:00:00Z"])), ("to", words(&["2024-01-10T00:00:00Z"]))]
}

impl List {
    /// What `who` asks for: no filter, each alone, each pair, all together, and all but one; each at three places.
    pub fn asks(&self, who: &str, known: &Known, rows: i64) -> Vec<Ask> {
        let at = |n: i64| if self.name == "statement" { Uuid::from_u128(n.unsigned_abs().into()) } else { id(self.kind(), n) };
        let places = [(None, false), (Some(cursor(at((rows - 20_000).max(1)))), true), (Some(cursor(at(rows / 2))), false)];
        let mut asks = Vec::new();
        for besides in (self.besides)(who, known) {
            for query in queries(&(self.filters)(known)) {
                let query = format!("{besides}{query}");
                let ask = |(cursor, is_thousandth): &(Option<String>, bool)| Ask {
                    path: self.path,
                    query: query.clone(),
                    cursor: cursor.clone(),
                    is_thousandth: *is_thousandth,
                };
                asks.extend(places.iter().map(ask));
            }
        }
        asks
    }

    /// The digit in this list's ids.
    fn kind(&self) -> char {
        if self.name == "keys" { '5' } else { '6' }
    }
}

/// What a list is narrowed down to.
fn queries(filters: &[(&str, Vec<String>)]) -> Vec<String> {
    let text = |(name, value): &(&str, &String)| format!("&{name}={value}");
    let single: Vec<(&str, &String)> = filters.iter().flat_map(|(name, values)| values.iter().map(move |value| (*name, value))).collect();
    let mut queries = vec![String::new()];
    for (n, one) in single.iter().enumerate() {
        queries.push(text(one));
        queries.extend(single.iter().skip(n + 1).filter(|other| other.0 != one.0).map(|other| text(one) + &text(other)));
    }
    // Of up to two filters that was all.
    if filters.len() > 2 {
        let firsts: Vec<(&str, &String)> = filters.iter().filter_map(|(name, values)| Some((*name, values.first()?))).collect();
        queries.push(firsts.iter().map(text).collect());
        if filters.len() > 3 {
            queries.extend(firsts.iter().map(|left| firsts.iter().filter(|one| one.0 != left.0).map(text).collect::<String>()));
        }
    }
    queries
}

pub const LISTS: &[List] = &[
    List {
        name: "keys",
        path: "/api/v1/keys",
        who: ALL,
        besides: nothing,
        fill: tables::keys,
        filters: |known| {
            let batch = |n| format!("bat_{}", type_id(id('4', n)));
            vec![
                ("project", projects()),
                ("agent", agents()),
                ("state", words(&["unused", "active", "expired", "disabled"])),
                ("batch", vec![batch(2), batch(7)]),
                ("device", words(&["device-2", "nobody"])),
                ("key", vec![known.key.clone(), known.gone.clone(), "nobody".into()]),
            ]
        },
    },
    List {
        name: "calls",
        path: "/api/v1/calls",
        who: ALL,
        besides: nothing,
        fill: tables::calls,
        filters: |known| {
            let mut filters = vec![
                ("project", projects()),
                ("code", words(&["EXPIRED", "NOT_FOUND", "VALID", "BANNED"])),
                ("endpoint", words(&["verify", "query", "time"])),
                ("key", [words(&["H17", "NONE"]), vec![known.key.clone()]].concat()),
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
        who: &[AGENT, CHIEF, BOSS],
        besides: whose,
        fill: tables::statement,
        filters: |_| [vec![("kind", words(&["generation", "transfer", "withdrawal", "initial"]))], span().to_vec()].concat(),
    },
    List {
        name: "operations",
        path: "/api/v1/logs/operations",
        who: ALL,
        besides: nothing,
        fill: tables::operations,
        filters: |_| {
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
        besides: nothing,
        fill: tables::sign_ins,
        filters: |_| [vec![("user", agents()), ("result", words(&["ok", "wrong", "locked", "captcha"]))], span().to_vec()].concat(),
    },
    List {
        name: "deliveries",
        path: "/api/v1/deliveries",
        who: CHIEF_ALONE,
        besides: nothing,
        fill: tables::deliveries,
        filters: |_| {
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
        besides: nothing,
        fill: tables::jobs,
        filters: |_| vec![("state", words(&["done", "dead", "queued"])), ("kind", words(&["mail.send", "rare.kind", "none"]))],
    },
    List {
        name: "notifications",
        path: "/api/v1/notifications",
        who: &[SELLER],
        besides: nothing,
        fill: tables::notifications,
        filters: |_| vec![("unread", words(&["true"]))],
    },
    List {
        name: "users",
        path: "/api/v1/users",
        who: &[CHIEF, BOSS],
        besides: nothing,
        fill: tables::users,
        filters: |_| {
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
        besides: nothing,
        fill: tables::batches,
        filters: |_| vec![("project", projects()), ("agent", agents()), ("state", words(&["ready", "cancelled", "generating"]))],
    },
    List {
        name: "withdrawals",
        path: "/api/v1/withdrawals",
        who: ALL,
        besides: scopes,
        fill: tables::withdrawals,
        filters: |_| vec![("state", words(&["paid", "pending", "refused"])), ("waiting", words(&["true"]))],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn known() -> Known {
        Known { key: "AAAAA-BBBBB".into(), gone: "CCCCC-DDDDD".into(), account: "usr_1".into() }
    }

    fn list(name: &str) -> &'static List {
        LISTS.iter().find(|list| list.name == name).unwrap()
    }

    #[test]
    fn filters_are_asked_alone_with_each_other_and_together() {
        let filters = vec![("a", words(&["1", "2"])), ("b", words(&["1"])), ("c", words(&["1"])), ("d", words(&["1"]))];
        let queries = queries(&filters);
        let expected = [
            "",
            "&a=1",
            "&a=1&b=1",
            "&a=1&c=1",
            "&a=1&d=1",
            "&a=2",
            "&a=2&b=1",
            "&a=2&c=1",
            "&a=2&d=1",
            "&b=1",
            "&b=1&c=1",
            "&b=1&d=1",
            "&c=1",
            "&c=1&d=1",
            "&d=1",
            "&a=1&b=1&c=1&d=1",
            "&b=1&c=1&d=1",
            "&a=1&c=1&d=1",
            "&a=1&b=1&d=1",
            "&a=1&b=1&c=1",
        ];
        assert_eq!(queries, expected);
        assert_eq!(super::queries(&filters[1..2]), ["", "&b=1"]);
    }

    #[test]
    fn no_page_is_asked_for_twice_by_the_same_person() {
        for list in LISTS {
            for who in list.who {
                let asks = list.asks(who, &known(), 1_000_000);
                let addresses: HashSet<String> = asks.iter().map(Ask::address).collect();
                assert_eq!(addresses.len(), asks.len(), "{}", list.name);
                assert_eq!(asks.iter().filter(|ask| ask.cursor.is_none()).count() * 3, asks.len(), "{}", list.name);
                assert_eq!(asks.iter().filter(|ask| ask.is_thousandth && ask.cursor.is_some()).count() * 3, asks.len(), "{}", list.name);
            }
        }
    }

    #[test]
    fn a_key_is_looked_for_by_its_text() {
        let asks = list("keys").asks(SELLER, &known(), 1_000_000);
        for text in ["AAAAA-BBBBB", "CCCCC-DDDDD", "nobody"] {
            assert!(asks.iter().any(|ask| ask.query == format!("&key={text}")), "{text}");
        }
    }

    #[test]
    fn who_sees_several_lists_asks_for_each_and_who_must_choose_chooses() {
        let beginnings = |name: &str, who: &str| {
            let asks = list(name).asks(who, &known(), 1_000_000);
            let first = |ask: &Ask| ask.query.split('&').nth(1).unwrap_or_default().to_owned();
            let mut all: Vec<String> = asks.iter().map(first).collect();
            all.dedup();
            all
        };
        assert_eq!(beginnings("withdrawals", CHIEF), ["scope=review"]);
        assert_eq!(beginnings("withdrawals", BOSS), ["scope=review", "scope=mine"]);
        assert_eq!(beginnings("withdrawals", SELLER), ["scope=mine"]);
        assert_eq!(beginnings("statement", CHIEF), ["user=usr_1"]);
        assert!(!beginnings("statement", AGENT).contains(&"user=usr_1".to_owned()));
    }
}
