//! Customers by their phone numbers: signing in, the codes, and changing to another.

use kernel::MINUTE;
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, TestServer};

pub fn with(server: &TestServer, welcome: &Value) -> Client {
    server.visitor().with_token(welcome["token"].as_str().unwrap())
}

pub async fn by_number(server: &TestServer, phone: &str) -> Client {
    server.clock.step(MINUTE);
    with(server, &server.sign_in_by_phone(&server.visitor(), phone).await)
}

/// The ticket and the code of a text to this phone.
pub async fn code(server: &TestServer, who: &Client, phone: &str) -> (Value, String) {
    server.clock.step(MINUTE);
    let sent = who.post("/customer/v1/phone-codes", json!({"phone": phone})).await.ok(202);
    (sent["ticket"].clone(), server.code_of(phone).await)
}

/// A code that is not this one.
pub fn another(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &code[1..])
}

/// With what came to the new phone, and to the one so far.
pub async fn change(who: &Client, phone: &str, new: &(Value, String), own: &(Value, String)) -> Answer {
    let ask = json!({"phone": phone, "ticket": new.0, "code": new.1, "own_ticket": own.0, "own_code": own.1});
    who.post("/customer/v1/phone", ask).await
}

pub async fn me(who: &Client) -> Value {
    who.get("/customer/v1/me").await.ok(200)
}

/// Once for each customer.
pub async fn pay_in(hall: &Hall<'_>, who: &Client, fen: i64) {
    let number = me(who).await["number"].clone();
    let key = format!("cash-{}", number.as_str().unwrap());
    let cash = json!({"venue_id": hall.id, "number": number, "amount_fen": fen});
    hall.manager.post_once(&key, "/api/v1/customers/recharge", cash).await.ok(200);
}

/// How often a number was told that it is nobody's any more.
pub async fn farewells(server: &TestServer, phone: &str) -> usize {
    server.mails(phone).await.iter().filter(|(subject, _)| subject.ends_with("phone_left")).count()
}
