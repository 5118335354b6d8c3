//! Who stands at the desk and would play: known by a number, by a phone's from now on, or by nothing, as a walk-in 散客 is.
//!
//! **Invariant**: nobody is signed in by what is said at the desk. Whoever signs in by that phone's code later is this customer, and has all of it; so
//! has whoever changes their number to it ([`shell`](super::shell)).

use kernel::Fault;
use platform::{Cx, Result};
use store::Tx;

use super::join::{new, of_phone};
use super::model::Customer;
use super::phone;
use super::session::{by_number, by_phone_or_number, find};

/// Whoever is named: by a customer's own number, or by a phone's, whose customer is written down where there is none yet. Where nobody is named, a
/// customer of whom nothing is known but the number that they are given. Locked, unless new.
pub(crate) async fn at_desk(tx: &mut Tx, cx: &Cx, named: Option<&str>) -> Result<Customer> {
    let id = match named.map(|text| (text, phone::read(text))) {
        None => new(tx, cx).await?,
        Some((_, Some(digits))) => of_phone(tx, cx, None, &digits).await?.0,
        Some((number, None)) => return by_number(tx, number).await?.ok_or_else(no_such_customer),
    };
    find(tx, id).await?.ok_or_else(Fault::not_found)
}

/// The same, before anybody is written down: nobody of a phone that is new.
pub(crate) async fn known_at_desk(cx: &Cx, named: &str) -> Result<Option<Customer>> {
    let mut tx = cx.db.begin().await?;
    match by_phone_or_number(&mut tx, cx, named).await? {
        None if phone::read(named).is_none() => Err(no_such_customer()),
        known => Ok(known),
    }
}

fn no_such_customer() -> Fault {
    let (zh, en) = ("没有这个会员号的顾客；新顾客请输入手机号", "There is no customer of this number; of somebody new, enter the phone's");
    Fault::field("customer", "CUSTOMER_NOT_FOUND", zh, en)
}
