//! At the desk, a customer is signed out on all phones (V2.2): who has lost one, and has no other on which to do it.
//!
//! **Invariant**: nobody is signed out so who could not come back, for the money would be nobody's.

use kernel::{Fault, Kind};
use platform::allowance::Allowance;
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;

use super::desk::{Seen, seen};
use super::model::Customer;
use super::session::{revoke_all, signed_in};
use super::wechat::is_offered;
use crate::Venue;
use crate::told::{self, tell};

/// By one of the staff. More than a desk sees in a day; and who means harm does not throw out many before others have read the log.
const SIGNED_OUT: Allowance = Allowance { name: "customers signed out", window_seconds: 86_400, most: 20 };

/// Who is signed in nowhere any more.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignedOut {
    pub customer: Customer,
    /// On how many phones somebody was signed in.
    pub ended: i64,
}

/// Ends all sessions of a customer, once the staff has seen who it is: `number` is the customer's own, or the phone's. They sign in again as
/// always; what is played goes on. Whoever holds the phone and can read its texts, or has its WeChat open, can sign in again as well. Once more
/// is no error, and changes nothing.
pub async fn sign_out_at_desk(cx: &Cx, venue: &Venue, number: &str, why: &str) -> Result<SignedOut> {
    let Seen { mut tx, staff, customer, why } = seen(cx, number, why).await?;
    if customer.phone.is_none() && !(customer.wechat && is_offered(venue)) {
        return Err(only_way());
    }
    let ended = signed_in(&mut tx, cx, customer.id).await?;
    if ended > 0 {
        SIGNED_OUT.take_in(&mut tx, cx, &staff).await?;
        tell(&mut tx, cx, customer.id, &told::SIGNED_OUT, &[]).await?;
        let detail = json!({"customer": customer.number, "count": ended, "why": why});
        audit::record(&mut tx, cx, &audit::CUSTOMER_SIGNED_OUT, Some(customer.id.into()), &detail).await?;
    }
    // Also those that are over: they would not be, were the clock set back.
    revoke_all(&mut tx, cx, customer.id).await?;
    tx.commit().await?;
    Ok(SignedOut { customer, ended })
}

fn only_way() -> Fault {
    let (zh, en) = (
        "该顾客没有手机号，也无法用微信登录，退出后将再也无法登录。请让顾客先绑定手机号；钱包里的现金可付给顾客",
        "Without a number or WeChat this customer could never sign in again: let them add a number first. Cash of the wallet can be paid out",
    );
    Fault::new(Kind::Conflict, "SESSION_ONLY_WAY", zh, en)
}
