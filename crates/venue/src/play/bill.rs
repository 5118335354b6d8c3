//! A bill as its customer reads it.

use kernel::{Fault, Fen, Lang, MINUTE, Timestamp};
use platform::{Result, payments};
use serde::Serialize;
use store::Sql;

use super::model::{Session, SessionState, Terms};
use crate::tariff::{Bill, What};
use crate::told::yuan;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BillLine {
    pub kind: String,
    /// In words, for the customer.
    pub text: String,
    /// Negative where it takes off.
    pub fen: Fen,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BillView {
    pub lines: Vec<BillLine>,
    pub total_fen: Fen,
    /// Of what was held: not taken.
    pub refunded_fen: Fen,
    /// Of that: goes back to where it was paid for this session alone, or has gone.
    pub to_source_fen: Fen,
    /// Of that: is available in the wallet again.
    pub to_balance_fen: Fen,
}

/// Of a session that is over.
pub(super) async fn view(sql: &mut impl Sql, lang: Lang, session: &Session) -> Result<Option<BillView>> {
    let (lines, total_fen) = match (session.state, &session.bill) {
        (_, Some(bill)) => (lines_of(lang, session, bill), bill.total),
        (SessionState::Failed, None) => (Vec::new(), Fen::ZERO),
        (SessionState::Opening | SessionState::Playing | SessionState::Closed, None) => return Ok(None),
    };
    let refunded_fen = session.held.minus(total_fen).map_err(Fault::internal)?;
    let to_source_fen = match session.order {
        Some(order) => payments::sent_back(sql, order).await?.min(refunded_fen),
        None => Fen::ZERO,
    };
    let to_balance_fen = refunded_fen.minus(to_source_fen).map_err(Fault::internal)?;
    Ok(Some(BillView { lines, total_fen, refunded_fen, to_source_fen, to_balance_fen }))
}

/// With lines about its pauses, and about what had no light: the others go by the customer's own clock, which stood still meanwhile.
fn lines_of(lang: Lang, session: &Session, bill: &Bill) -> Vec<BillLine> {
    let mut lines = bill_lines(lang, &session.terms, bill);
    let paused = session.ended_at.map_or(session.pauses.over, |ended| session.pauses.total(ended));
    // After the times that they explain.
    let times = lines.iter().rposition(|line| matches!(line.kind.as_str(), "grace" | "package" | "play")).map_or(0, |last| last + 1);
    let explained = pause_line(lang, paused).into_iter().chain(unlit_line(lang, session.pauses.unlit));
    for (n, line) in explained.enumerate() {
        lines.insert(times + n, line);
    }
    lines
}

/// What was paused, in microseconds.
fn pause_line(lang: Lang, paused: i64) -> Option<BillLine> {
    let (zh, en) = how_long(paused)?;
    let zh = format!("暂停 {zh}，不计费（以上时段不含暂停）");
    let en = format!("Paused for {en}, which cost nothing (and is left out of the times above)");
    Some(BillLine { kind: "pause".into(), text: lang.pick(&zh, &en).to_owned(), fen: Fen::ZERO })
}

/// What had no light, or none that anybody could see, in microseconds.
fn unlit_line(lang: Lang, unlit: i64) -> Option<BillLine> {
    let (zh, en) = how_long(unlit)?;
    let zh = format!("灯失去联系或熄灭 {zh}，不计费（以上时段不含这段时间）");
    let en = format!("Light out of reach, or off, for {en}, which cost nothing (and is left out of the times above)");
    Some(BillLine { kind: "unlit".into(), text: lang.pick(&zh, &en).to_owned(), fen: Fen::ZERO })
}

/// To the minute, in words.
fn how_long(micros: i64) -> Option<(String, String)> {
    if micros <= 0 {
        return None;
    }
    let minutes = (micros + MINUTE / 2) / MINUTE;
    if minutes == 0 {
        return Some(("不到 1 分钟".to_owned(), "less than a minute".to_owned()));
    }
    Some((format!("{minutes} 分钟"), format!("{minutes} {}", if minutes == 1 { "minute" } else { "minutes" })))
}

/// A bill's lines in words, with times by the hall's clock.
pub(crate) fn bill_lines(lang: Lang, terms: &Terms, bill: &Bill) -> Vec<BillLine> {
    let lines = bill.lines.iter().map(|line| {
        let (kind, zh, en) = words(&line.what, terms);
        BillLine { kind: kind.into(), text: lang.pick(&zh, &en).to_owned(), fen: line.fen }
    });
    lines.collect()
}

/// A line of a bill, in words.
fn words(what: &What, terms: &Terms) -> (&'static str, String, String) {
    let clock = |at: &Timestamp| {
        let shown = at.in_zone(&terms.time_zone).unwrap_or_default();
        // "2026-11-21 16:00 Asia/Shanghai"
        shown.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    // 88 折 is 88 percent of the price; 100 percent is 10 折.
    let percent = |pays: i64| format!("{}.{:02}", pays / 100, pays % 100);
    match what {
        What::Grace { minutes } => ("grace", format!("{minutes} 分钟内免费"), format!("Free within {minutes} minutes")),
        What::Package { from, to } => {
            let (zh, en) = terms.package.as_ref().map_or(("套餐", "Package"), |package| (&package.name_zh, &package.name_en));
            ("package", format!("{zh} {} 至 {}", clock(from), clock(to)), format!("{en}, {} to {}", clock(from), clock(to)))
        }
        What::Play { from, to, per_hour } => (
            "play",
            format!("{} 至 {}，每小时 {} 元", clock(from), clock(to), yuan(*per_hour)),
            format!("{} to {}, {} yuan an hour", clock(from), clock(to), yuan(*per_hour)),
        ),
        What::NightCap { cap } => ("night_cap", format!("夜间封顶 {} 元", yuan(*cap)), format!("At most {} yuan a night", yuan(*cap))),
        What::SessionCap { cap } => ("session_cap", format!("单次封顶 {} 元", yuan(*cap)), format!("At most {} yuan in all", yuan(*cap))),
        What::Discount { pays } => {
            let (zh, en) = terms.member.as_ref().map_or(("", "Members"), |member| (&member.zh, &member.en));
            ("discount", format!("{zh}会员价 {}%", percent(*pays)), format!("{en}: {}% of the price", percent(*pays)))
        }
        What::Minimum { minimum } => ("minimum", format!("最低消费 {} 元", yuan(*minimum)), format!("At least {} yuan", yuan(*minimum))),
        What::Quoted { most } => {
            ("quoted", format!("不超过报价 {} 元", yuan(*most)), format!("No more than the {} yuan that were quoted", yuan(*most)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SECOND;
    use proptest::prelude::*;

    #[test]
    fn v3_1_a_pause_is_a_line_that_says_how_long_it_was() {
        let said = |paused: i64| pause_line(Lang::En, paused).map(|line| line.text.split(',').next().unwrap_or_default().to_owned());
        assert_eq!((said(0), said(-SECOND)), (None, None));
        let texts = [SECOND, MINUTE, 90 * SECOND, 30 * MINUTE].map(|paused| said(paused).unwrap());
        assert_eq!(texts, ["Paused for less than a minute", "Paused for 1 minute", "Paused for 2 minutes", "Paused for 30 minutes"]);
        assert!(pause_line(Lang::Zh, 30 * MINUTE).unwrap().text.starts_with("暂停 30 分钟，"));
    }

    proptest! {
        #[test]
        fn v3_1_a_line_about_a_pause_or_the_dark_takes_and_gives_nothing(long in any::<i32>()) {
            let lines = [(pause_line(Lang::Zh, i64::from(long) * SECOND), "pause"), (unlit_line(Lang::Zh, i64::from(long) * SECOND), "unlit")];
            for (line, kind) in lines {
                prop_assert_eq!(line.is_some(), long > 0);
                prop_assert!(line.is_none_or(|line| line.kind == kind && line.fen == Fen::ZERO));
            }
        }
    }
}
