//! Texts that do not go out: without codes nobody new can sign in, and whoever runs the business would hear of that from nobody.

use platform::allowance::Allowance;
use platform::messages::SmsReason;
use platform::messages::templates::{self, TEXTS_FAIL, TEXTS_SPENT};
use platform::{Cx, Result, messages};
use store::Tx;

/// So many may fail before it is told, once: numbers that do not exist are among them.
const FAILURES: Allowance = Allowance { name: "texts-failed-told", window_seconds: 3_600, most: 3 };
const ALL: &str = "all";
/// Where the console lists them.
const PAGE: &str = "/texts";

/// A text has not gone out, and will not.
pub(super) async fn failed(tx: &mut Tx, cx: &Cx, why: &str) -> Result<()> {
    if !FAILURES.reaches_most(tx, cx, ALL).await? {
        return Ok(());
    }
    messages::tell_super_admins(tx, cx, &TEXTS_FAIL, &templates::why(SmsReason::texts(why)), Some(PAGE)).await
}

/// The codes of the day for new numbers are used up.
pub(crate) async fn spent(tx: &mut Tx, cx: &Cx, most: i64) -> Result<()> {
    messages::tell_super_admins(tx, cx, &TEXTS_SPENT, &[("most", most.to_string())], Some(PAGE)).await
}
