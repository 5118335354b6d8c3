//! Another phone number for a customer who has one (V2.1), with a code to each of the two; and at the desk, where the old phone is lost.
//!
//! **Invariant**: wallet, history and names at WeChat stay the customer's, whatever the number.
//! **Invariant**: nobody gets the number of a customer who has ever signed in, and whose a number is, nobody learns who does not hold its phone.

use kernel::{Fault, Fields, Kind};
use platform::allowance::Allowance;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::{Sql, Tx, args};

use super::bind::answer;
use super::code::{NUMBER, number, phone_hash};
use super::desk::{Seen, seen};
use super::join::{clear_phone, set_phone, ways};
use super::model::{Customer, CustomerId};
use super::phone::hint;
use super::session::{find, revoke_all, revoke_others, signed_in};
use super::shell::{Holder, absorb, holder, is_shell};
use super::sign_in::{WRONG_CODE, is_good, is_right, use_up};
use super::wechat::is_offered;
use crate::Venue;
use crate::texts::{self, To};
use crate::told::{self, tell};

/// By one of the staff. More than a desk sees in a day; and who means harm does not get far before others have read the log.
const TAKEN_OFF: Allowance = Allowance { name: "numbers taken off", window_seconds: 86_400, most: 20 };

/// That somebody holds a phone: the code that came there, and its ticket ([`send_code`](super::send_code)).
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    pub ticket: &'a str,
    pub code: &'a str,
}

/// What somebody brings who has another number now.
#[derive(Debug, Clone, Copy)]
pub struct NewPhone<'a> {
    pub phone: &'a str,
    /// That the new one is theirs.
    pub new: Proof<'a>,
    /// And that they still have the one that they are known by.
    pub own: Proof<'a>,
}

/// The number that a customer is known by.
pub(crate) async fn known_by(sql: &mut impl Sql, cx: &Cx, id: CustomerId) -> Result<Option<String>> {
    let query = "SELECT phone FROM customers WHERE id = $1 AND phone IS NOT NULL";
    let sealed = sql.opt(query, args![id], |row| row.get::<Vec<u8>>("phone")).await?;
    let Some(sealed) = sealed else { return Ok(None) };
    Ok(Some(cx.vault.open_text(NUMBER, &sealed)?.to_string()))
}

/// Has a customer known by another number from now on. Sessions on other phones end, and the number that is left is told. What a desk has written
/// down by the new number alone comes along, as it would by signing in with it.
///
/// That the new number is another customer's is said to nobody but its holder, who could sign in by it as well.
pub async fn change_phone(cx: &Cx, venue: &Venue, who: &Customer, token: &str, ask: NewPhone<'_>) -> Result<Customer> {
    let digits = number(ask.phone)?;
    let own = known_by(&mut cx.db.read(), cx, who.id).await?.ok_or_else(no_number)?;
    let both = [("code", &digits, ask.new), ("own_code", &own, ask.own)];
    let mut wrong = Fields::default();
    for (field, digits, proof) in both {
        if !is_good(cx, digits, proof.ticket).await? {
            add_wrong(&mut wrong, field);
        }
    }
    wrong.check()?;
    // Not before both were sent a code: whoever holds somebody's session, and not their phone, would find the whole number by trying.
    if digits == own {
        return Err(Fault::field("phone", "SAME", "这就是您现在的手机号", "This is your number already"));
    }
    let mut tx = cx.db.begin().await?;
    lock_codes(&mut tx, cx, &digits, &own).await?;
    let mut wrong = Fields::default();
    for (field, digits, proof) in both {
        if !is_right(&mut tx, cx, digits, proof.ticket, proof.code).await? {
            add_wrong(&mut wrong, field);
        }
    }
    if !wrong.is_empty() {
        tx.commit().await?;
        return Err(wrong.fault());
    }
    let holder = holder(&mut tx, cx, who.id, &digits).await?;
    ways(&mut tx, who.id).await?.ok_or_else(Fault::not_found)?;
    // It may have been changed, or taken off, since this looked.
    if known_by(&mut tx, cx, who.id).await?.as_ref() != Some(&own) {
        add_wrong(&mut wrong, "own_code");
        return Err(wrong.fault());
    }
    match holder {
        Holder::Nobody => {}
        Holder::Shell(shell) => absorb(&mut tx, cx, shell, who.id).await?,
        Holder::Another => return Err(taken()),
    }
    for (_, _, proof) in both {
        use_up(&mut tx, cx, proof.ticket).await?;
    }
    set_phone(&mut tx, cx, who.id, &digits).await?;
    revoke_others(&mut tx, cx, who.id, token).await?;
    tell(&mut tx, cx, who.id, &told::PHONE_CHANGED, &[("phone", hint(&digits))]).await?;
    texts::left(&mut tx, cx, venue, who.id, &To::new(cx, &own)).await?;
    answer(tx, who.id).await
}

/// All codes of both numbers, in the order in which signing in locks those of one: of two who want the same number at once, or each other's,
/// the second finds what the first has done.
async fn lock_codes(tx: &mut Tx, cx: &Cx, one: &str, other: &str) -> Result<()> {
    let sql = format!(
        "SELECT ticket_hash FROM phone_codes WHERE phone_hash IN ($1, $2) AND expires_at > $3 ORDER BY ticket_hash{}",
        tx.for_update()
    );
    tx.all(&sql, args![phone_hash(cx, one), phone_hash(cx, other), cx.now()], |row| row.get::<Vec<u8>>("ticket_hash")).await?;
    Ok(())
}

/// Takes the number off a customer who has lost it, once the staff has seen who it is: `number` is the customer's own, or the phone's. They
/// add another as somebody does who has none. Refused where nothing would be left to come back by.
///
/// As whom nobody has ever signed in, nobody is kept from coming back: what a desk has written down by that number is a walk-in's then, by the
/// customer's own number. Its money could be paid out before as well; that the number is taken off is told by text, and both are in the log.
///
/// Who has a name at WeChat signs in by it, and is signed out on all phones: one of them may be lost. Of who has none, or where nobody signs in by
/// WeChat any more, a session is all that is left, and stays. On which phone it is cannot be seen here: the staff looks.
pub async fn take_phone_off(cx: &Cx, venue: &Venue, number: &str, why: &str) -> Result<Customer> {
    let Seen { mut tx, staff, customer, why } = seen(cx, number, why).await?;
    let own = known_by(&mut tx, cx, customer.id).await?.ok_or_else(no_number)?;
    TAKEN_OFF.take_in(&mut tx, cx, &staff).await?;
    let shell = is_shell(&mut tx, customer.id).await?;
    if customer.wechat && is_offered(venue) {
        revoke_all(&mut tx, cx, customer.id).await?;
    } else if !shell && signed_in(&mut tx, cx, customer.id).await? == 0 {
        return Err(only_way());
    }
    clear_phone(&mut tx, customer.id).await?;
    tell(&mut tx, cx, customer.id, &told::PHONE_TAKEN_OFF, &[("phone", hint(&own))]).await?;
    texts::left(&mut tx, cx, venue, customer.id, &To::new(cx, &own)).await?;
    let detail = json!({"customer": customer.number, "phone": hint(&own), "why": why, "never_signed_in": shell});
    audit::record(&mut tx, cx, &audit::PHONE_TAKEN_OFF, Some(customer.id.into()), &detail).await?;
    let now = find(&mut tx, customer.id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(now)
}

fn add_wrong(fields: &mut Fields, field: &str) {
    let (code, zh, en) = WRONG_CODE;
    fields.add(field, code, zh, en);
}

fn no_number() -> Fault {
    let (zh, en) = ("该账户没有手机号，用新号码登录即可绑定", "There is no number to change; sign in by the new one to add it");
    Fault::new(Kind::Conflict, "PHONE_NONE", zh, en)
}

fn taken() -> Fault {
    let (zh, en) = (
        "这个手机号已有自己的账户，请直接用它登录，或换一个号码",
        "This number has an account of its own: please sign in by it, or choose another number",
    );
    Fault::new(Kind::Conflict, "PHONE_TAKEN", zh, en)
}

fn only_way() -> Fault {
    let (zh, en) = (
        "该顾客没有绑定微信，也没有仍在登录的设备，去掉手机号后将无法登录。请顾客先补办号码",
        "This customer has no WeChat and is signed in nowhere: without the number nobody could sign in. They need the number back first",
    );
    Fault::new(Kind::Conflict, "PHONE_ONLY_WAY", zh, en)
}
