//! People who transfer quota through the console's API: a session's cookie, the header that browsers cannot be made to send,
//! and an `Idempotency-Key` for each transfer.

use std::io::Write as _;
use std::rc::Rc;

use super::Way;
use super::accounts::Accounts;
use crate::load::{Source, find};

pub struct Person {
    accounts: Rc<Accounts>,
    way: Way,
    random: u64,
    asked: u64,
    body: Vec<u8>,
}

impl Person {
    pub fn new(accounts: &Rc<Accounts>, way: Way, seed: u64) -> Self {
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ kernel::Random::system().u64() | 1;
        Self { accounts: Rc::clone(accounts), way, random, asked: 0, body: Vec::new() }
    }
}

/// xorshift64*: who sends to whom need not be a secret.
pub fn next(random: &mut u64) -> u64 {
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    random.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// Who sends, and who receives: two of `count`.
pub fn pair(random: &mut u64, way: Way, count: usize) -> (usize, usize) {
    let draw = next(random);
    match way {
        Way::Many => {
            let from = (draw >> 33) as usize % count;
            (from, (from + 1 + (draw & 0x7fff_ffff) as usize % (count - 1)) % count)
        }
        Way::One => (1 + (draw >> 33) as usize % (count - 1), 0),
    }
}

impl Source for Person {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        let (from, to) = pair(&mut self.random, self.way, self.accounts.people.len());
        self.asked += 1;
        self.body.clear();
        let _ = write!(self.body, "{{\"to_name\":\"{}\",\"amount\":1,\"memo\":\"bench\"}}", self.accounts.people[to].name);
        let _ = write!(
            request,
            "POST /api/v1/quota/transfers HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\ncookie: __Host-cuekey={}\r\nx-cuekey-console: 1\r\nidempotency-key: {:016x}-{:08x}\r\n\r\n",
            self.body.len(),
            self.accounts.people[from].token,
            self.random,
            self.asked
        );
        request.extend_from_slice(&self.body);
        true
    }

    fn judge(&mut self, status: u16, _head: &[u8], body: &[u8]) -> bool {
        status == 201 && find(body, b"\"state\":\"posted\"").is_some()
    }
}
