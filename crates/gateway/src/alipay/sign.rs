//! What is signed of requests, answers and notices. RSA2 alone, whatever a message says of itself.

use std::collections::BTreeMap;

use platform::payments::{AlipayParameters, BadParameter};
use serde_json::value::RawValue;

use crate::rsa::{SigningKey, VerifyingKey};
use crate::unclear::Doubt;

pub(super) struct Signer {
    own: SigningKey,
    theirs: VerifyingKey,
}

impl Signer {
    pub fn new(parameters: &AlipayParameters) -> Result<Self, BadParameter> {
        let own = SigningKey::parse(&parameters.private_key).map_err(|_| BadParameter {
            field: "private_key",
            zh: "不是有效的 RSA 应用私钥",
            en: "This is no RSA private key",
        })?;
        let theirs = VerifyingKey::parse(&parameters.alipay_key).map_err(|_| BadParameter {
            field: "keys",
            zh: "不是有效的支付宝公钥",
            en: "This is no public key of Alipay",
        })?;
        Ok(Self { own, theirs })
    }

    pub fn sign(&self, parameters: &BTreeMap<&str, String>) -> String {
        self.own.sign(text(parameters.iter().map(|(name, value)| (*name, value.as_str()))).as_bytes())
    }

    /// Whether Alipay has sent these fields of a notice, `sign` and `sign_type` left out.
    pub fn verifies_fields(&self, fields: &BTreeMap<String, String>, signature: &str) -> bool {
        let signed = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "sign" | "sign_type"));
        self.theirs.verifies(text(signed.map(|(name, value)| (name.as_str(), value.as_str()))).as_bytes(), signature)
    }

    /// The part of an answer that is signed, exactly as it came.
    pub fn open<'a>(&self, answer: &'a str, node: &str) -> Result<&'a str, Doubt> {
        let parts: BTreeMap<String, &'a RawValue> = serde_json::from_str(answer).map_err(|error| Doubt::Unreadable(error.to_string()))?;
        let signed = parts.get(node).or_else(|| parts.get("error_response")).ok_or(Doubt::OfAnother)?.get();
        let signature: String = parts.get("sign").and_then(|sign| serde_json::from_str(sign.get()).ok()).ok_or(Doubt::NotSigned)?;
        if self.theirs.verifies(signed.as_bytes(), &signature) { Ok(signed) } else { Err(Doubt::BadSignature) }
    }
}

/// Names in their order, with values as they are before any escaping; those without a value are left out.
fn text<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    fields.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_1_what_is_signed_is_sorted_raw_and_without_what_is_empty() {
        let fields = [("b", "2 &="), ("a", "球"), ("c", "")];
        let sorted: BTreeMap<&str, &str> = fields.into_iter().collect();
        assert_eq!(text(sorted.into_iter()), "a=球&b=2 &=");
    }
}
