//! The listener's certificate: whether it can be used, and for how long; and whether there may be as many connections as are configured.

use kernel::{DAY, Lang, Timestamp};

use super::report::{Report, same};
use crate::config::Config;
use crate::{certificate, open_files};

/// Time enough to find out why it was not renewed.
const SOON: i64 = 30 * DAY;

pub fn examine(config: &Config, now: Timestamp, report: &mut Report) {
    connections(config, report);
    let subject = ("证书", "certificate");
    let Some(files) = config.tls.files() else { return };
    let shown = files.certificate.display().to_string();
    let pair = match files.read() {
        Ok(pair) => pair,
        Err(error) => {
            let trouble = certificate::trouble(&error);
            let found = (trouble.message(Lang::Zh), trouble.message(Lang::En));
            return report.wrong(subject, found, ("更正后无需重启", "mend it; a running server takes it over by itself"));
        }
    };
    let advice = ("续期证书；更新文件后无需重启", "renew it; a running server takes new files over by itself");
    match pair.not_after {
        None => {
            report.notice(subject, (format!("{shown}：有效期无法识别"), format!("{shown}: until when it is good cannot be read")), advice)
        }
        Some(end) if end <= now => report.wrong(subject, (format!("{shown} 已于 {end} 过期"), format!("{shown} expired at {end}")), advice),
        Some(end) if end <= now.plus_micros(SOON) => {
            report.notice(subject, (format!("{shown} 将于 {end} 过期"), format!("{shown} expires soon, at {end}")), advice)
        }
        Some(end) => report.good(subject, (format!("{shown}，有效期至 {end}"), format!("{shown}, good until {end}"))),
    }
}

fn connections(config: &Config, report: &mut Report) {
    let (subject, wanted, allowed) = (("连接数", "connections"), config.connections.at_once, open_files::allowed());
    if wanted <= allowed {
        return report.good(subject, same(wanted));
    }
    report.notice(
        subject,
        (format!("配置了 {wanted} 个，系统只允许 {allowed} 个"), format!("{wanted} are configured, and the system allows {allowed}")),
        ("提高打开文件数的硬限制（systemd 的 LimitNOFILE）", "raise the hard limit of open files (LimitNOFILE of systemd)"),
    );
}
