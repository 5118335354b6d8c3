//! The program that calls the client API: it signs what it asks, and looks at the signature of one answer in a thousand.

use std::io::Write as _;
use std::rc::Rc;

use ring::{digest, hmac, signature};

use crate::clock::unix;
use crate::load::{Source, find, header};

/// What the program's author shipped with it.
#[derive(Clone)]
pub struct Credentials {
    pub api_key: String,
    pub secret: hmac::Key,
    pub response_public_key: Vec<u8>,
}

/// The keys that are asked about: 25 characters each, without dashes.
#[derive(Clone)]
pub struct Keys {
    pub texts: Vec<[u8; 25]>,
    /// Of so many keys each is one: the others are there, and nobody asks about them.
    pub of_every: usize,
}

impl Keys {
    pub fn parse<'a>(texts: impl Iterator<Item = &'a str>, of_every: usize) -> Self {
        let plain = |text: &str| -> Option<[u8; 25]> { text.bytes().filter(|byte| *byte != b'-').collect::<Vec<u8>>().try_into().ok() };
        Self { texts: texts.step_by(of_every).filter_map(plain).collect(), of_every }
    }

    fn text(&self, index: usize, out: &mut Vec<u8>) {
        for (n, group) in self.texts[index].chunks(5).enumerate() {
            if n > 0 {
                out.push(b'-');
            }
            out.extend_from_slice(group);
        }
    }
}

/// Which keys a connection asks about.
pub enum Choice {
    /// Any, on the device that it is bound to.
    Any,
    /// Each once, from a device of its own: every `step`-th from `next`.
    Once { next: usize, step: usize },
}

pub struct Program {
    credentials: Rc<Credentials>,
    keys: Rc<Keys>,
    choice: Choice,
    random: u64,
    asked: u64,
    nonce: Vec<u8>,
    body: Vec<u8>,
    /// The signature of every so many-th answer is verified.
    look_every: u64,
}

impl Program {
    pub fn new(credentials: &Rc<Credentials>, keys: &Rc<Keys>, choice: Choice) -> Self {
        // Seeded from the system: two loads at once must not bring the same nonces.
        let random = u64::from_le_bytes(kernel::Random::system().bytes()) | 1;
        let (credentials, keys) = (Rc::clone(credentials), Rc::clone(keys));
        Self { credentials, keys, choice, random, asked: 0, nonce: Vec::new(), body: Vec::new(), look_every: 1_000 }
    }

    /// xorshift64*: which key is asked about need not be a secret.
    fn random(&mut self) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

impl Source for Program {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        let random = self.random();
        let index = match &mut self.choice {
            Choice::Any => (random >> 11) as usize % self.keys.texts.len(),
            Choice::Once { next, step } => {
                let index = *next;
                *next += *step;
                if index >= self.keys.texts.len() {
                    return false;
                }
                index
            }
        };
        self.asked += 1;
        self.body.clear();
        self.body.extend_from_slice(b"{\"key\":\"");
        self.keys.text(index, &mut self.body);
        let _ = write!(self.body, "\",\"device\":{{\"id\":\"bench-device-{}\",\"name\":\"Bench\"}}}}", index * self.keys.of_every);
        self.nonce.clear();
        let _ = write!(self.nonce, "{:016x}{:08x}", random, self.asked);
        let nonce = std::str::from_utf8(&self.nonce).unwrap_or_default();
        let timestamp = unix();
        let hash = hex::encode(digest::digest(&digest::SHA256, &self.body));
        let canonical = format!("cuekey-request-v1\nPOST\n/client/v1/keys/verify\n{timestamp}\n{nonce}\n{hash}");
        let tag = hex::encode(hmac::sign(&self.credentials.secret, canonical.as_bytes()));
        let _ = write!(
            request,
            "POST /client/v1/keys/verify HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\ncuekey-key: {}\r\ncuekey-timestamp: {timestamp}\r\ncuekey-nonce: {nonce}\r\ncuekey-signature: v1={tag}\r\n\r\n",
            self.body.len(),
            self.credentials.api_key
        );
        request.extend_from_slice(&self.body);
        true
    }

    fn judge(&mut self, status: u16, head: &[u8], body: &[u8]) -> bool {
        let valid = status == 200 && find(body, b"\"code\":\"VALID\"").is_some();
        valid && (!self.asked.is_multiple_of(self.look_every) || self.signed(status, head, body))
    }
}

impl Program {
    fn signed(&self, status: u16, head: &[u8], body: &[u8]) -> bool {
        let Some(timestamp) = header(head, "cuekey-response-timestamp") else { return false };
        let Some(signature) = header(head, "cuekey-response-signature").and_then(|text| text.strip_prefix("v1=")) else { return false };
        let Ok(signature) = data_encoding::BASE64.decode(signature.as_bytes()) else { return false };
        let hash = hex::encode(digest::digest(&digest::SHA256, body));
        let nonce = String::from_utf8_lossy(&self.nonce);
        let canonical = format!("cuekey-response-v1\n{nonce}\n{status:03}\n{timestamp}\n{hash}");
        let key = signature::UnparsedPublicKey::new(&signature::ED25519, &self.credentials.response_public_key);
        key.verify(canonical.as_bytes(), &signature).is_ok()
    }
}
