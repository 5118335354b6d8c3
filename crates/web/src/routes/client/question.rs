//! What a program asks, read from its request.

use axum::http::Method;
use kernel::{Fault, Kind};
use licensing::client::{Admitted, Ask, Device, Endpoint};
use licensing::keys::KeyText;
use serde::Deserialize;

use crate::problem::{NO_METHOD, status_of};

/// What is answered to it.
pub(super) enum Question {
    Verify,
    Query,
    Time,
    /// What cannot be read still uses up its nonce, counts against the rate and stands in the log, as the contract's order asks;
    /// only then is it told what is wrong with it.
    Unreadable(Fault),
}

const VERIFY: &str = "/client/v1/keys/verify";
const QUERY: &str = "/client/v1/keys/query";
const TIME: &str = "/client/v1/time";

/// What is asked for; nothing of the contract where the method is another.
pub(super) fn endpoint(method: &Method, path: &str) -> Endpoint {
    match (method.as_str(), path) {
        ("POST", VERIFY) => Endpoint::Verify,
        ("POST", QUERY) => Endpoint::Query,
        ("GET", TIME) => Endpoint::Time,
        _ => Endpoint::Other,
    }
}

pub(super) fn read(admitted: Admitted, address: &str, method: &Method, path: &str, body: &[u8]) -> (Ask, Question) {
    let mut ask = Ask {
        project: admitted.project,
        nonce: admitted.nonce,
        endpoint: endpoint(method, path),
        key: None,
        hint: String::new(),
        device: Device::default(),
        address: address.to_owned(),
        signed_at: admitted.signed_at,
        unreadable: None,
    };
    let question = match ask.endpoint {
        Endpoint::Verify => verify(&mut ask, body),
        Endpoint::Query => query(&mut ask, body),
        Endpoint::Time => Ok(Question::Time),
        Endpoint::Other if matches!(path, VERIFY | QUERY | TIME) => {
            Err(Fault::new(Kind::NotFound, NO_METHOD, "此接口不支持该方法", "This endpoint does not take that method"))
        }
        Endpoint::Other => Err(Fault::new(Kind::NotFound, "NO_SUCH_ROUTE", "没有这个接口", "There is no such endpoint")),
    };
    let question = question.unwrap_or_else(|why| {
        ask.unreadable = Some((i64::from(status_of(&why).as_u16()), why.code));
        Question::Unreadable(why)
    });
    (ask, question)
}

fn verify(ask: &mut Ask, body: &[u8]) -> Result<Question, Fault> {
    let asked = crate::extract::parse::<VerifyBody>(body).map_err(|error| error.0)?;
    ask.device = asked.device.clean()?;
    (ask.key, ask.hint) = (KeyText::parse(&asked.key), hint(&asked.key));
    Ok(Question::Verify)
}

fn query(ask: &mut Ask, body: &[u8]) -> Result<Question, Fault> {
    let asked = crate::extract::parse::<QueryBody>(body).map_err(|error| error.0)?;
    (ask.key, ask.hint) = (KeyText::parse(&asked.key), hint(&asked.key));
    Ok(Question::Query)
}

/// The last five characters of what was sent, whatever it was.
fn hint(key: &str) -> String {
    let mut end: Vec<char> = key.chars().rev().filter(|c| !c.is_whitespace() && !c.is_control() && *c != '-').take(5).collect();
    end.reverse();
    end.into_iter().flat_map(char::to_uppercase).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyBody {
    key: String,
    device: DeviceBody,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryBody {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceBody {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

impl DeviceBody {
    fn clean(&self) -> Result<Device, Fault> {
        let mut fields = kernel::Fields::default();
        let id = fields.take("device.id", kernel::text::clean(&self.id, 1, 128, false));
        let name = fields.take("device.name", kernel::text::clean(self.name.as_deref().unwrap_or_default(), 0, 64, false));
        fields.check()?;
        Ok(Device { id: id.unwrap_or_default(), name: name.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_the_end_of_whatever_was_sent() {
        assert_eq!(hint("7K2M9-QX4TD-0HVNW-3RB6F-8YJCE"), "8YJCE");
        assert_eq!(hint("abc"), "ABC");
        assert_eq!(hint("卡密-例"), "卡密例");
        assert_eq!(hint(""), "");
    }
}
