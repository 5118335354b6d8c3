//! Adding up, without a database.

use std::cmp::Reverse;

use jiff::civil::Date;
use kernel::{AmountError, Fault, Fen, Fields};
use platform::identity::UserRef;
use serde::Serialize;

use crate::halls::VenueId;

/// A month: more is asked for in several pieces.
const MOST_DAYS: i32 = 31;

/// What was taken and paid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CashSum {
    /// From customers, into their wallets.
    pub taken_fen: Fen,
    /// In so many pieces.
    pub recharges: i64,
    /// To customers, out of their wallets.
    pub paid_out_fen: Fen,
    pub payouts: i64,
    /// Of that: to walk-ins, and to others as whom nobody has signed in by a phone or at WeChat, when it was paid out, so that nobody else would miss it.
    pub walk_ins_fen: Fen,
    pub walk_in_payouts: i64,
    /// What must be in the drawer beside what lay in it before. Negative: more was paid out than taken.
    pub drawer_fen: Fen,
}

/// Cash that went one way, and in how many pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pieces {
    pub fen: Fen,
    pub count: i64,
}

impl Pieces {
    fn plus(self, other: Self) -> Result<Self, AmountError> {
        Ok(Self { fen: self.fen.plus(other.fen)?, count: self.count + other.count })
    }
}

impl CashSum {
    /// `walk_ins`: of what was paid out.
    pub(super) fn new(taken: Pieces, paid_out: Pieces, walk_ins: Pieces) -> Result<Self, AmountError> {
        Ok(Self {
            taken_fen: taken.fen,
            recharges: taken.count,
            paid_out_fen: paid_out.fen,
            payouts: paid_out.count,
            walk_ins_fen: walk_ins.fen,
            walk_in_payouts: walk_ins.count,
            drawer_fen: taken.fen.minus(paid_out.fen)?,
        })
    }

    const fn taken(self) -> Pieces {
        Pieces { fen: self.taken_fen, count: self.recharges }
    }

    const fn paid_out(self) -> Pieces {
        Pieces { fen: self.paid_out_fen, count: self.payouts }
    }

    const fn walk_ins(self) -> Pieces {
        Pieces { fen: self.walk_ins_fen, count: self.walk_in_payouts }
    }

    fn plus(self, other: Self) -> Result<Self, AmountError> {
        let walk_ins = self.walk_ins().plus(other.walk_ins())?;
        Self::new(self.taken().plus(other.taken())?, self.paid_out().plus(other.paid_out())?, walk_ins)
    }
}

/// What one of the staff has done with cash at a hall on one of its days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CashPerson {
    pub user: UserRef,
    pub sum: CashSum,
}

/// A day of a hall on which cash changed hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CashDay {
    pub venue_id: VenueId,
    pub venue_name: String,
    /// By the hall's clock and hours, as they were then: where it is open past midnight, what is taken until it closes is of the day before.
    #[schema(value_type = String)]
    pub day: Date,
    /// Of those who are listed, which is everybody unless one sees one's own alone.
    pub total: CashSum,
    pub people: Vec<CashPerson>,
}

/// Cash by hall, day and person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CashReport {
    /// The first and the last day, both whole. Where none was asked for: of those that it is somewhere now.
    #[schema(value_type = String)]
    pub from: Date,
    #[schema(value_type = String)]
    pub to: Date,
    /// The newest first. A day without cash is left out.
    pub days: Vec<CashDay>,
    pub total: CashSum,
}

/// A hall, and what each of the staff did there on each day: days one after the other.
pub(super) struct HallLines {
    pub venue: VenueId,
    pub name: String,
    pub lines: Vec<(Date, CashPerson)>,
}

/// Days that are asked for: from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub first: Date,
    pub last: Date,
}

impl Days {
    /// What is not said is the other of the two; `None` where neither is.
    pub fn ask(from: Option<&str>, to: Option<&str>) -> Result<Option<Self>, Fault> {
        let mut fields = Fields::default();
        let (first, last) = (fields.take("from", day(from)).flatten(), fields.take("to", day(to)).flatten());
        fields.check()?;
        let Some(first) = first.or(last) else { return Ok(None) };
        let days = Self { first, last: last.unwrap_or(first) };
        if (1..=MOST_DAYS).contains(&days.count()) { Ok(Some(days)) } else { Err(out_of_range()) }
    }

    pub const fn one(day: Date) -> Self {
        Self { first: day, last: day }
    }

    /// These and those, and what lies between.
    pub fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    fn count(self) -> i32 {
        self.first.until(self.last).map_or(0, |span| span.get_days().saturating_add(1))
    }
}

fn day(text: Option<&str>) -> Result<Option<Date>, (&'static str, String, String)> {
    let wrong = |_| ("INVALID", "日期应形如 2026-11-21".to_owned(), "A date, for instance 2026-11-21".to_owned());
    text.map(str::parse::<Date>).transpose().map_err(wrong)
}

fn out_of_range() -> Fault {
    let (zh, en) = ("结束日期不能早于开始日期，且一次最多查 31 天", "Not before the first day, and at most 31 days at once");
    Fault::field("to", "RANGE", zh, en)
}

impl CashReport {
    pub(super) fn of(days: Days, halls: Vec<HallLines>) -> Result<Self, AmountError> {
        let mut total = CashSum::default();
        let mut list: Vec<CashDay> = Vec::new();
        for HallLines { venue, name, lines } in halls {
            for (day, person) in lines {
                total = total.plus(person.sum)?;
                match list.last_mut().filter(|last| last.venue_id == venue && last.day == day) {
                    Some(last) => {
                        last.total = last.total.plus(person.sum)?;
                        last.people.push(person);
                    }
                    None => {
                        let venue_name = name.clone();
                        list.push(CashDay { venue_id: venue, venue_name, day, total: person.sum, people: vec![person] });
                    }
                }
            }
        }
        // The sort keeps the halls of one day in their order.
        list.sort_by_key(|one| Reverse(one.day));
        Ok(Self { from: days.first, to: days.last, days: list, total })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use platform::identity::UserId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const TODAY: Date = date(2026, 11, 21);

    /// The first day and the last, or which fields are wrong, and how.
    type Asked = Result<Option<(Date, Date)>, Vec<(String, &'static str)>>;

    fn asked(from: Option<&str>, to: Option<&str>) -> Asked {
        let wrong = |fault: Fault| fault.fields.into_iter().map(|field| (field.field, field.code)).collect::<Vec<_>>();
        Days::ask(from, to).map(|days| days.map(|days| (days.first, days.last))).map_err(wrong)
    }

    #[test]
    fn v4_1_a_month_of_days_at_most_is_asked_for_or_none() {
        assert_eq!(asked(None, None), Ok(None));
        let first = date(2026, 11, 1);
        assert_eq!(asked(Some("2026-11-01"), None), Ok(Some((first, first))));
        assert_eq!(asked(None, Some("2026-11-01")), Ok(Some((first, first))));
        assert_eq!(asked(Some("2026-11-01"), Some("2026-12-01")), Ok(Some((first, date(2026, 12, 1)))));
        let range = || Err(vec![("to".to_owned(), "RANGE")]);
        assert_eq!(asked(Some("2026-11-01"), Some("2026-12-02")), range());
        assert_eq!(asked(Some("2026-11-01"), Some("2026-10-31")), range());
        assert_eq!(asked(Some("0000-01-01"), Some("9999-12-31")), range());
        assert_eq!(asked(Some("yesterday"), Some("2026-13-01")), Err(vec![("from".to_owned(), "INVALID"), ("to".to_owned(), "INVALID")]));
    }

    fn hall(n: u128, lines: &[(i64, u128, i64, i64)]) -> HallLines {
        let mut lines: Vec<(Date, CashPerson)> = lines
            .iter()
            .map(|(day, user, taken, paid_out)| {
                let user = UserRef { id: UserId::from_uuid(Uuid::from_u128(*user)), name: user.to_string() };
                // A third of what is paid out goes to walk-ins.
                let paid_out = Pieces { fen: Fen::new(*paid_out), count: i64::from(*paid_out > 0) };
                let walk_ins = Pieces { fen: Fen::new(paid_out.fen.fen() / 3), count: paid_out.count };
                let sum = CashSum::new(Pieces { fen: Fen::new(*taken), count: 1 }, paid_out, walk_ins).unwrap();
                (date(2026, 11, i8::try_from(*day).unwrap()), CashPerson { user, sum })
            })
            .collect();
        lines.sort_by_key(|(day, _)| Reverse(*day));
        HallLines { venue: VenueId::from_uuid(Uuid::from_u128(n)), name: format!("hall {n}"), lines }
    }

    fn some_halls() -> impl Strategy<Value = Vec<Vec<(i64, u128, i64, i64)>>> {
        prop::collection::vec(prop::collection::vec((1..5_i64, 1..4_u128, 0..1_000_000_i64, 0..1_000_000_i64), 0..8), 0..4)
    }

    fn added(mut sums: impl Iterator<Item = CashSum>) -> CashSum {
        sums.try_fold(CashSum::default(), CashSum::plus).unwrap()
    }

    proptest! {
        #[test]
        fn v4_1_the_days_of_halls_whose_clocks_differ_are_all_of_theirs_and_no_more(days in prop::collection::vec(1..29_i8, 1..5)) {
            let days: Vec<Date> = days.into_iter().map(|day| date(2026, 11, day)).collect();
            let all = days.iter().copied().map(Days::one).reduce(Days::and).unwrap();
            prop_assert_eq!((Some(all.first), Some(all.last)), (days.iter().copied().min(), days.iter().copied().max()));
        }

        #[test]
        fn v4_1_each_line_is_in_one_day_and_all_sums_add_up(halls in some_halls()) {
            let all: Vec<_> = halls.concat();
            let made = halls.iter().zip(1_u128..).map(|(lines, n)| hall(n, lines)).collect();
            let report = CashReport::of(Days { first: TODAY, last: TODAY }, made).unwrap();
            let taken: i64 = all.iter().map(|line| line.2).sum();
            let paid_out: i64 = all.iter().map(|line| line.3).sum();
            let total = report.total;
            prop_assert_eq!((total.taken_fen.fen(), total.paid_out_fen.fen(), total.drawer_fen.fen()), (taken, paid_out, taken - paid_out));
            prop_assert_eq!(total.recharges, i64::try_from(all.len()).unwrap());
            prop_assert_eq!(total.payouts, i64::try_from(all.iter().filter(|line| line.3 > 0).count()).unwrap());
            let walk_ins: i64 = all.iter().map(|line| line.3 / 3).sum();
            prop_assert_eq!((total.walk_ins_fen.fen(), total.walk_in_payouts), (walk_ins, total.payouts));
            prop_assert_eq!(added(report.days.iter().map(|day| day.total)), total);
            for day in &report.days {
                prop_assert_eq!(added(day.people.iter().map(|person| person.sum)), day.total);
                let same = report.days.iter().filter(|other| (other.venue_id, other.day) == (day.venue_id, day.day)).count();
                prop_assert_eq!(same, 1);
                let of_hall = halls.iter().zip(1_u128..).filter(|(_, n)| VenueId::from_uuid(Uuid::from_u128(*n)) == day.venue_id);
                let lines = of_hall.flat_map(|(lines, _)| lines).filter(|line| line.0 == i64::from(day.day.day())).count();
                prop_assert_eq!(day.people.len(), lines, "another hall's day, or another day of this one");
            }
            prop_assert_eq!(report.days.iter().map(|day| day.people.len()).sum::<usize>(), all.len());
            prop_assert!(report.days.windows(2).all(|two| two[0].day >= two[1].day));
        }
    }
}
