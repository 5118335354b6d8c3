//! What was found, line by line.

use kernel::Lang;

/// Chinese and English.
#[derive(Debug, Clone)]
pub struct Words(String, String);

impl<Z: Into<String>, E: Into<String>> From<(Z, E)> for Words {
    fn from((zh, en): (Z, E)) -> Self {
        Self(zh.into(), en.into())
    }
}

impl Words {
    fn pick(&self, lang: Lang) -> &str {
        lang.pick(&self.0, &self.1)
    }
}

/// One text in both languages: names, numbers, what other programs said.
pub fn same(text: impl std::fmt::Display) -> Words {
    Words(text.to_string(), text.to_string())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    /// It works, but somebody should know.
    Notice,
    Wrong,
}

#[derive(Debug)]
struct Line {
    mark: Mark,
    subject: Words,
    found: Words,
    advice: Option<Words>,
}

#[derive(Debug, Default)]
pub struct Report(Vec<Line>);

impl Report {
    pub fn good(&mut self, subject: impl Into<Words>, found: impl Into<Words>) {
        self.0.push(Line { mark: Mark::Good, subject: subject.into(), found: found.into(), advice: None });
    }

    pub fn notice(&mut self, subject: impl Into<Words>, found: impl Into<Words>, advice: impl Into<Words>) {
        self.0.push(Line { mark: Mark::Notice, subject: subject.into(), found: found.into(), advice: Some(advice.into()) });
    }

    pub fn wrong(&mut self, subject: impl Into<Words>, found: impl Into<Words>, advice: impl Into<Words>) {
        self.0.push(Line { mark: Mark::Wrong, subject: subject.into(), found: found.into(), advice: Some(advice.into()) });
    }

    /// Good or wrong, and what was found says why.
    pub fn bound(&mut self, holds: bool, subject: impl Into<Words>, found: impl std::fmt::Display) {
        let mark = if holds { Mark::Good } else { Mark::Wrong };
        self.0.push(Line { mark, subject: subject.into(), found: same(found), advice: None });
    }

    pub fn is_good(&self) -> bool {
        self.0.iter().all(|line| line.mark != Mark::Wrong)
    }

    pub fn table(&self, lang: Lang) -> String {
        let widest = self.0.iter().map(|line| width(line.subject.pick(lang))).max().unwrap_or(0);
        let mut text = String::new();
        for line in &self.0 {
            let mark = match line.mark {
                Mark::Good => '✓',
                Mark::Notice => '!',
                Mark::Wrong => '✗',
            };
            let subject = line.subject.pick(lang);
            let gap = " ".repeat(widest - width(subject) + 2);
            let margin = " ".repeat(widest + 4);
            let found = line.found.pick(lang).replace('\n', &format!("\n{margin}"));
            text.push_str(&format!("{mark} {subject}{gap}{found}\n"));
            if let Some(advice) = &line.advice {
                text.push_str(&format!("{margin}→ {}\n", advice.pick(lang)));
            }
        }
        let count = |mark| self.0.iter().filter(|line| line.mark == mark).count();
        let (wrong, notices) = (count(Mark::Wrong), count(Mark::Notice));
        text.push_str(&match lang {
            Lang::Zh => format!("\n{wrong} 处错误，{notices} 处提醒\n"),
            Lang::En => format!("\n{wrong} wrong, {notices} to note\n"),
        });
        text
    }
}

/// Columns on a terminal: Chinese takes two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c > '\u{2e7f}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_fails_and_columns_are_straight() {
        let mut report = Report::default();
        report.good(("数据目录", "data folder"), same("/data"));
        report.notice(("邮件", "mail"), ("未配置", "not configured"), ("设置", "set it"));
        assert!(report.is_good());
        assert_eq!(report.table(Lang::Zh), "✓ 数据目录  /data\n! 邮件      未配置\n            → 设置\n\n0 处错误，1 处提醒\n");
        report.wrong(("账本", "ledger"), same("x"), same("y"));
        assert!(!report.is_good());
        assert!(report.table(Lang::En).ends_with("✗ ledger       x\n               → y\n\n1 wrong, 1 to note\n"));
    }
}
