//! How many files, and so connections, this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for the database, logs, callbacks and mail.
const OTHERS: u64 = 256;

/// Raises the limit to what the system allows, and says how many connections fit.
pub fn raise() -> usize {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    places(getrlimit(Resource::Nofile).current)
}

/// Connections that fit, once this process has raised its limit as far as it may.
pub fn allowed() -> usize {
    places(getrlimit(Resource::Nofile).maximum)
}

/// Connections beside everything else; no limit is many.
fn places(open_files: Option<u64>) -> usize {
    let open_files = open_files.unwrap_or(u64::MAX);
    usize::try_from(open_files.saturating_sub(OTHERS).max(open_files / 2).max(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_left_for_the_database() {
        assert_eq!((places(Some(20_000)), places(Some(300)), places(Some(0))), (19_744, 150, 1));
        assert_eq!(places(None), usize::try_from(u64::MAX - OTHERS).unwrap_or(usize::MAX));
    }
}
