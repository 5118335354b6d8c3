//! When each job was begun, how long it was a worker's, and which of its tries ended, as the servers have logged it, by their own clocks.

use std::collections::HashMap;

use kernel::{SECOND, Timestamp};
use uuid::Uuid;

/// How long a job belongs to a worker that says nothing more.
const LEASE: i64 = 20 * SECOND;

/// One job's tries.
#[derive(Debug, Default)]
pub(super) struct Tries {
    begun: Vec<Begun>,
    /// When one was over for the process that had it, and which it was.
    over: Vec<(Timestamp, i64)>,
    /// Until when a lease was last made to last.
    renewed: HashMap<Uuid, Timestamp>,
    /// When one was ended by who took over from its process.
    left_behind: HashMap<Uuid, Timestamp>,
}

/// A try, and when it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Begun {
    at: Timestamp,
    attempt: i64,
    lease: Uuid,
}

impl Tries {
    /// The try of this number is in the log.
    pub(super) fn knows(&self, attempt: i64) -> bool {
        self.begun.iter().any(|begun| begun.attempt == attempt)
    }

    /// How many followed another.
    pub(super) fn again(&self) -> usize {
        self.begun.len().saturating_sub(1)
    }

    /// A try that was begun while the one before was neither over nor out of its lease, as often as that was renewed: which, and after how
    /// many microseconds. (A renewal that a process was killed before it could log is not known: a lease may have been longer, and never shorter.)
    /// Whoever takes over from a process ends its leases sooner; but not of one of which anything is heard afterwards: that had not ended.
    pub(super) fn too_soon(&self) -> Option<(i64, i64)> {
        let mut begun = self.begun.clone();
        begun.sort_unstable();
        begun.windows(2).find_map(|pair| {
            let [had, next] = pair else { return None };
            let renewed = self.renewed.get(&had.lease).copied();
            let left_behind = self.left_behind.get(&had.lease).copied().filter(|since| !self.is_heard_of(had, *since));
            let until = left_behind.or(renewed).unwrap_or(had.at.plus_micros(LEASE));
            let over = self.over.iter().any(|(at, of)| *of == had.attempt && had.at <= *at && *at <= next.at);
            (next.at < until && !over).then_some((next.attempt, next.at.micros() - had.at.micros()))
        })
    }

    /// Whether a process said anything of this try after that time: it renewed its lease, or had done with it. An end is of the try of its number that
    /// was begun last before it: a job that has turns begins each with its first.
    fn is_heard_of(&self, had: &Begun, since: Timestamp) -> bool {
        let another = |end: Timestamp| self.begun.iter().any(|begun| begun.attempt == had.attempt && had.at < begun.at && begun.at <= end);
        let ended = self.over.iter().any(|(at, of)| *of == had.attempt && *at > since && !another(*at));
        ended || self.renewed.get(&had.lease).is_some_and(|until| *until > since.plus_micros(LEASE))
    }
}

/// Of all jobs in a server's log, by their ids. A line that is neither a beginning, a renewal nor an end is nothing.
pub(super) fn read(log: &str, tries: &mut HashMap<String, Tries>) {
    for line in log.lines() {
        let Some((at, id, attempt, said)) = job(line) else { continue };
        if let Some((_, lease)) = said.split_once(": begun lease=") {
            if let Some((lease, taken)) = leased(lease) {
                tries.entry(id.to_owned()).or_default().begun.push(Begun { at: taken, attempt, lease });
            }
        } else if let Some((_, renewed)) = said.split_once(": renewed lease=") {
            if let Some((lease, until)) = ends(renewed) {
                let known = tries.entry(id.to_owned()).or_default().renewed.entry(lease).or_insert(until);
                *known = until.max(*known);
            }
        } else if let Some((_, left)) = said.split_once(": left behind lease=") {
            if let Some((lease, at)) = ends(left) {
                tries.entry(id.to_owned()).or_default().left_behind.insert(lease, at);
            }
        } else if said.contains(": job why=") || said.contains(": job outcome=") {
            tries.entry(id.to_owned()).or_default().over.push((at, attempt));
        }
    }
}

/// A lease, and when it is said to end.
fn ends(text: &str) -> Option<(Uuid, Timestamp)> {
    let (lease, until) = text.split_once(" until=")?;
    Some((leased(lease)?.0, until.trim().parse().ok()?))
}

/// What a line says of a job: when, of which, of which try, and what.
fn job(line: &str) -> Option<(Timestamp, &str, i64, &str)> {
    let at = line.split_whitespace().next()?.parse().ok()?;
    let (fields, said) = line.split_once("job{id=")?.1.split_once('}')?;
    let (id, rest) = fields.split_once(' ')?;
    Some((at, id, rest.split_once("attempt=")?.1.parse().ok()?, said))
}

/// A lease, and when it was taken: its name begins with that.
fn leased(text: &str) -> Option<(Uuid, Timestamp)> {
    let lease = Uuid::parse_str(text.trim()).ok()?;
    let (seconds, nanoseconds) = lease.get_timestamp()?.to_unix();
    Some((lease, Timestamp::from_unix(i64::try_from(seconds).ok()?).plus_micros(i64::from(nanoseconds / 1_000))))
}

#[cfg(test)]
mod tests {
    use kernel::Random;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn begun(after: i64, attempt: i64) -> String {
        let at = NOW.plus_micros(after);
        let lease = Random::seeded(1).uuid_v7(at);
        format!("{at} DEBUG job{{id=job_1 kind=mail.send attempt={attempt}}}: store::jobs::runner: begun lease={lease}\n")
    }

    /// The lease of the try that began at `from`, renewed `after`.
    fn renewed(from: i64, after: i64) -> String {
        let (at, lease) = (NOW.plus_micros(after), Random::seeded(1).uuid_v7(NOW.plus_micros(from)));
        let until = at.plus_micros(LEASE);
        format!("{at} DEBUG job{{id=job_1 kind=mail.send attempt=1}}: store::jobs::runner: renewed lease={lease} until={until}\n")
    }

    /// The lease of the try that began at `from`, ended by who took over `after`.
    fn left_behind(from: i64, after: i64) -> String {
        let (at, lease) = (NOW.plus_micros(after), Random::seeded(1).uuid_v7(NOW.plus_micros(from)));
        format!("{at} DEBUG job{{id=job_1 kind=mail.send attempt=1}}: store::jobs::former: left behind lease={lease} until={at}\n")
    }

    fn over(after: i64, attempt: i64, said: &str) -> String {
        let at = NOW.plus_micros(after);
        format!("{at}  WARN job{{id=job_1 kind=mail.send attempt={attempt}}}: store::jobs::runner: job {said}\n")
    }

    fn tries(logs: &[String]) -> Tries {
        let mut tries = HashMap::new();
        logs.iter().for_each(|log| read(log, &mut tries));
        tries.remove("job_1").unwrap_or_default()
    }

    #[test]
    fn two_processes_that_have_a_job_at_once_are_found_however_long_it_had_waited() {
        let both = tries(&[begun(3_600 * SECOND, 1), begun(3_601 * SECOND, 2)]);
        assert_eq!(both.too_soon(), Some((2, SECOND)));
        assert_eq!(tries(&[begun(0, 1), begun(LEASE - 1_000, 2)]).too_soon(), Some((2, LEASE - 1_000)));
        // One that ended afterwards was not over before.
        assert_eq!(tries(&[begun(0, 1) + &begun(SECOND, 2) + &over(2 * SECOND, 1, "outcome=Done")]).too_soon(), Some((2, SECOND)));
        // Nor is another try's end the end of this one.
        assert_eq!(tries(&[begun(0, 1) + &over(0, 2, "outcome=Done"), begun(SECOND, 2)]).too_soon(), Some((2, SECOND)));
    }

    #[test]
    fn after_a_lease_a_failure_or_a_turn_that_was_over_a_job_may_be_begun_again() {
        assert_eq!(tries(&[begun(0, 1), begun(LEASE, 2)]).too_soon(), None);
        assert_eq!(tries(&[begun(0, 1) + &over(SECOND, 1, "why=mail: \"away\"") + &begun(5 * SECOND, 2)]).too_soon(), None);
        // A job that has turns begins each with its first try.
        let turns = begun(0, 1) + &over(SECOND, 1, "outcome=Again(2027-01-15T08:00:02Z)") + &begun(2 * SECOND, 1);
        assert_eq!(tries(&[turns]).too_soon(), None);
    }

    #[test]
    fn a_lease_lasts_as_long_as_it_was_renewed_and_no_other_does() {
        let long = begun(0, 1) + &renewed(0, 5 * SECOND) + &renewed(0, 10 * SECOND);
        assert_eq!(tries(&[long.clone(), begun(29 * SECOND, 2)]).too_soon(), Some((2, 29 * SECOND)));
        assert_eq!(tries(&[long.clone(), begun(30 * SECOND, 2)]).too_soon(), None);
        // It was over in time.
        assert_eq!(tries(&[long + &over(12 * SECOND, 1, "outcome=Done"), begun(12 * SECOND, 2)]).too_soon(), None);
        // The lease of a later turn says nothing of an earlier one's.
        let turns = begun(0, 1) + &begun(21 * SECOND, 1) + &renewed(21 * SECOND, 26 * SECOND);
        assert_eq!(tries(&[turns, begun(45 * SECOND, 1)]).too_soon(), Some((1, 24 * SECOND)));
    }

    #[test]
    fn what_a_process_left_behind_may_be_begun_at_once_unless_it_had_not_ended() {
        let killed = begun(0, 1) + &renewed(0, 5 * SECOND);
        let after = |more: String| tries(&[killed.clone(), left_behind(0, 7 * SECOND) + &begun(7 * SECOND, 2), more]).too_soon();
        assert_eq!(after(String::new()), None);
        assert_eq!(after(renewed(0, 10 * SECOND)), Some((2, 7 * SECOND)));
        assert_eq!(after(over(8 * SECOND, 1, "outcome=Done")), Some((2, 7 * SECOND)));
        // Another try's end is nothing to it, of a later turn's first one either; nor is another lease's.
        assert_eq!(after(over(8 * SECOND, 2, "outcome=Done")), None);
        assert_eq!(after(over(8 * SECOND, 2, "outcome=Again(x)") + &begun(60 * SECOND, 1) + &over(61 * SECOND, 1, "outcome=Done")), None);
        assert_eq!(tries(&[killed, left_behind(SECOND, 7 * SECOND) + &begun(7 * SECOND, 2)]).too_soon(), Some((2, 7 * SECOND)));
    }

    #[test]
    fn what_was_begun_is_known() {
        let tries = tries(&["nothing\n2027-01-15T08:00:00Z  INFO web: listening\n".to_owned() + &begun(0, 1), begun(LEASE, 2)]);
        assert_eq!([1, 2, 3].map(|attempt| tries.knows(attempt)), [true, true, false]);
        assert_eq!(tries.again(), 1);
    }
}
