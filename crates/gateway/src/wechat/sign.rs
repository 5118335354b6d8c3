//! What is signed of requests, answers and notices, and by whom.

use kernel::{Clock, Random};
use platform::payments::{BadParameter, WechatParameters};

use crate::rsa::{SigningKey, VerifyingKey};
use crate::unclear::Doubt;

const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// How far an answer's clock may be from ours.
const SKEW: i64 = 300;

pub(super) struct Signer {
    merchant_id: String,
    serial: String,
    own: SigningKey,
    /// By their names. All of them are good: WeChat changes from one to the other while both are in use.
    theirs: Vec<(String, VerifyingKey)>,
    clock: Clock,
    random: Random,
}

/// The four headers of an answer, or of a notice.
pub(super) struct Seal<'a> {
    pub serial: &'a str,
    pub timestamp: &'a str,
    pub nonce: &'a str,
    pub signature: &'a str,
}

impl<'a> Seal<'a> {
    /// None when one of them is missing.
    pub fn read(header: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        Some(Self {
            serial: header("wechatpay-serial")?,
            timestamp: header("wechatpay-timestamp")?,
            nonce: header("wechatpay-nonce")?,
            signature: header("wechatpay-signature")?,
        })
    }
}

impl Signer {
    pub fn new(parameters: &WechatParameters, clock: Clock, random: Random) -> Result<Self, BadParameter> {
        let bad = |field, zh, en| BadParameter { field, zh, en };
        let digits = |text: &str| !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&parameters.merchant_id) {
            return Err(bad("merchant_id", "商户号应为数字", "The merchant's number has digits alone"));
        }
        if parameters.serial.is_empty() || parameters.serial.len() > 64 || !parameters.serial.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad("serial", "证书序列号应为十六进制", "The certificate's serial number is hexadecimal"));
        }
        let own = SigningKey::parse(&parameters.private_key)
            .map_err(|_| bad("private_key", "不是有效的 RSA 私钥（PEM）", "This is no RSA private key in PEM"))?;
        let mut theirs = Vec::with_capacity(parameters.keys.len());
        for key in &parameters.keys {
            let pem = VerifyingKey::parse(&key.pem).map_err(|_| {
                bad("keys", "不是有效的微信支付公钥或平台证书（PEM）", "One of the keys is no public key or certificate in PEM")
            })?;
            if key.id.is_empty() || key.id.len() > 64 {
                return Err(bad(
                    "keys",
                    "请填写公钥 ID（PUB_KEY_ID_…）或证书序列号",
                    "Each key needs its id (PUB_KEY_ID_…) or serial number",
                ));
            }
            theirs.push((key.id.clone(), pem));
        }
        if theirs.is_empty() {
            return Err(bad("keys", "请填写微信支付公钥", "WeChat Pay's public key is needed"));
        }
        let (merchant_id, serial) = (parameters.merchant_id.clone(), parameters.serial.to_ascii_uppercase());
        Ok(Self { merchant_id, serial, own, theirs, clock, random })
    }

    /// By which key we want to be answered.
    pub fn preferred(&self) -> &str {
        self.theirs.first().map_or("", |(id, _)| id.as_str())
    }

    fn nonce(&self) -> String {
        hex::encode_upper(self.random.bytes::<16>())
    }

    /// The `Authorization` of a request. `target` is the path with its query, as it is sent.
    pub fn authorize(&self, method: &str, target: &str, body: &str) -> String {
        let (timestamp, nonce) = (self.clock.now().unix().to_string(), self.nonce());
        let signature = self.own.sign(lines(&[method, target, &timestamp, &nonce, body]).as_bytes());
        let (merchant, serial) = (&self.merchant_id, &self.serial);
        format!(
            "{SCHEME} mchid=\"{merchant}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{timestamp}\",serial_no=\"{serial}\""
        )
    }

    /// What the payer's side hands to WeChat: time, nonce and signature over the package.
    pub fn pay(&self, app_id: &str, package: &str) -> (String, String, String) {
        let (timestamp, nonce) = (self.clock.now().unix().to_string(), self.nonce());
        let signature = self.own.sign(lines(&[app_id, &timestamp, &nonce, package]).as_bytes());
        (timestamp, nonce, signature)
    }

    /// Whether WeChat has said this, and now. The key is chosen by its name.
    pub fn verify(&self, seal: &Seal<'_>, body: &[u8]) -> Result<(), Doubt> {
        let (_, key) = self.theirs.iter().find(|(id, _)| id == seal.serial).ok_or_else(|| Doubt::UnknownKey(seal.serial.to_owned()))?;
        let now = self.clock.now().unix();
        if !seal.timestamp.parse().is_ok_and(|at: i64| now.saturating_sub(at).saturating_abs() <= SKEW) {
            return Err(Doubt::OtherTime(seal.timestamp.to_owned()));
        }
        let mut message = format!("{}\n{}\n", seal.timestamp, seal.nonce).into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        if key.verifies(&message, seal.signature) { Ok(()) } else { Err(Doubt::BadSignature) }
    }
}

fn lines(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("{part}\n")).collect()
}
