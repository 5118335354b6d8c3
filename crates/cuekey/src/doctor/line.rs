//! The line to PostgreSQL: to another machine it should be encrypted, and who is at its other end prove who it is.

use std::net::IpAddr;

use reqwest::Url;

use super::report::Report;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// It does not leave this machine, or there is none.
    Here,
    Proved,
    /// Encrypted, for whoever answers.
    Unproved,
    /// Only if the other end offers it.
    Open,
}

pub fn examine(url: &str, report: &mut Report) {
    let subject = ("数据库连接", "database line");
    let advice = ("在数据库地址中写明 sslmode=verify-full", "write sslmode=verify-full into the database's address");
    match line(url) {
        Line::Here => {}
        Line::Proved => report.good(subject, ("已加密，并验证对方身份", "encrypted, and the server proves who it is")),
        Line::Unproved => {
            report.notice(subject, ("已加密，但不验证对方身份", "encrypted, but the server need not prove who it is"), advice)
        }
        Line::Open => report.notice(subject, ("可能未加密", "may not be encrypted"), advice),
    }
}

fn line(url: &str) -> Line {
    let Ok(url) = Url::parse(url) else { return Line::Here };
    let asked =
        |names: &[&str]| url.query_pairs().filter(|(name, _)| names.contains(&name.as_ref())).last().map(|(_, value)| value.into_owned());
    let host = asked(&["host", "hostaddr"]).unwrap_or_else(|| url.host_str().unwrap_or_default().to_owned());
    if !url.scheme().starts_with("postgres") || is_here(&host) {
        return Line::Here;
    }
    match asked(&["sslmode", "ssl-mode"]).unwrap_or_default().as_str() {
        "verify-full" => Line::Proved,
        "require" | "verify-ca" => Line::Unproved,
        _ => Line::Open,
    }
}

/// A socket's folder is written with its slashes, or with `%2F` for them.
fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let socket = host.is_empty() || host.starts_with('/') || host.to_lowercase().starts_with("%2f");
    socket || host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_to_another_machine_is_told_from_one_that_stays_here() {
        for here in [
            "sqlite:///var/lib/cuekey/data/cuekey.db",
            "postgres://me@localhost/x",
            "postgres://me:secret@127.0.0.1:5432/x?sslmode=disable",
            "postgresql://me@[::1]/x",
            "postgres:///x?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/x",
        ] {
            assert_eq!(line(here), Line::Here, "{here}");
        }
        for (there, found) in [
            ("postgres://me@db.internal/x", Line::Open),
            ("postgres://me@192.0.2.7/x?sslmode=prefer", Line::Open),
            ("postgresql://me@db.internal/x?sslmode=require", Line::Unproved),
            ("postgres://me@db.internal/x?sslmode=verify-ca", Line::Unproved),
            ("postgres://me@db.internal/x?sslmode=verify-full&sslrootcert=/etc/ca.pem", Line::Proved),
            ("postgres:///x?host=db.internal", Line::Open),
        ] {
            assert_eq!(line(there), found, "{there}");
        }
    }
}
