//! Modbus, as much of it as a relay needs: writing one coil (function 5) and reading coils (function 1), in both framings; and one maker's timers. As the public
//! specifications have them (Modbus Application Protocol V1.1b3; Modbus Messaging on TCP/IP V1.0b; Modbus over Serial Line V1.02); pure.
//!
//! **Invariant**: an answer is taken for what was asked, or not at all: its transaction (or its checksum), its unit, its function and its
//! length are looked at, whatever the bytes are.

kernel::words! {
    /// How the bytes go over the connection; cheap boards differ.
    pub enum Framing {
        /// Modbus TCP: a header with the transaction's number.
        Tcp = "tcp",
        /// A serial line's frames with their checksum, passed on as they are.
        Rtu = "rtu",
    }
}

/// What is asked of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    pub unit: u8,
    pub coil: u16,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Set(bool),
    /// On, and off by itself after so many tenths of a second. No specification has it: see [`Timer::Flash`](super::Timer::Flash).
    Flash(u16),
    /// So many coils from that one on, [`MOST`] at most.
    Read(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The write was accepted. That the relay has moved it does not say.
    Accepted,
    /// How the coils stand.
    Stand(States),
    /// The board cannot, or will not, for this reason.
    Refused(u8),
}

/// How coils stand that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States([u8; MOST_BYTES]);

impl States {
    /// Whether the coil is on that is so many behind the first one that was read.
    pub fn is_on(&self, place: u16) -> bool {
        let (byte, bit) = (usize::from(place / 8), place % 8);
        self.0.get(byte).is_some_and(|byte| (byte >> bit) & 1 == 1)
    }

    /// As they are sent: the first coil is the lowest bit of the first byte, and what stands behind the last one is padding.
    fn read(count: u16, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != usize::from(count).div_ceil(8) {
            return None;
        }
        let mut states = [0; MOST_BYTES];
        states.get_mut(..bytes.len())?.copy_from_slice(bytes);
        if let (Some(last), used @ 1..) = (states.get_mut(bytes.len().wrapping_sub(1)), count % 8) {
            *last &= (1_u8 << used) - 1;
        }
        Some(Self(states))
    }
}

/// Why bytes are no answer to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("the answer's length is none that it can have")]
    Length,
    #[error("the answer is to something else")]
    Other,
    #[error("the answer's checksum is wrong")]
    Checksum,
}

const READ_COILS: u8 = 0x01;
const WRITE_COIL: u8 = 0x05;
const EXCEPTION: u8 = 0x80;
/// From here on a coil's number stands for its timer.
const FLASH: u16 = 0x0200;
/// Transaction, protocol and length. The unit, which the specification counts to the header, is in both framings.
const HEADER: usize = 6;
const CHECKSUM: usize = 2;
/// So many coils are read at once at most. The specification has 2,000; no board of relays has so many as this.
pub const MOST: u16 = 256;
const MOST_BYTES: usize = 32;
/// No answer to what is asked here is longer.
pub const LONGEST_ANSWER: usize = HEADER + 3 + MOST_BYTES;

impl Ask {
    fn function(self) -> u8 {
        match self.what {
            What::Set(_) | What::Flash(_) => WRITE_COIL,
            What::Read(_) => READ_COILS,
        }
    }

    /// Unit, function, and what the function needs.
    fn body(self) -> [u8; 6] {
        let (number, [first, second]) = match self.what {
            What::Set(true) => (self.coil, [0xff, 0x00]),
            What::Set(false) => (self.coil, [0x00, 0x00]),
            What::Flash(tenths) => (self.coil.wrapping_add(FLASH), tenths.to_be_bytes()),
            What::Read(count) => (self.coil, count.to_be_bytes()),
        };
        let [high, low] = number.to_be_bytes();
        [self.unit, self.function(), high, low, first, second]
    }
}

/// The bytes that ask. Without a header the transaction's number is in none of them.
pub fn request(framing: Framing, transaction: u16, ask: Ask) -> Vec<u8> {
    let body = ask.body();
    match framing {
        Framing::Tcp => [&header(transaction, body.len())[..], &body].concat(),
        Framing::Rtu => [&body[..], &checksum(&body)].concat(),
    }
}

/// How long an answer that begins so is; `None` while too little of it is there to say.
pub fn length(framing: Framing, begin: &[u8]) -> Result<Option<usize>, NoAnswer> {
    let whole = match (framing, begin) {
        (Framing::Tcp, [_, _, _, _, high, low, ..]) => HEADER + usize::from(u16::from_be_bytes([*high, *low])),
        // A serial frame does not say how long it is: its function does.
        (Framing::Rtu, [_, function, ..]) if function & EXCEPTION != 0 => 3 + CHECKSUM,
        (Framing::Rtu, [_, WRITE_COIL, ..]) => 6 + CHECKSUM,
        (Framing::Rtu, [_, READ_COILS, count, ..]) => 3 + usize::from(*count) + CHECKSUM,
        (Framing::Rtu, [_, READ_COILS]) => return Ok(None),
        (Framing::Rtu, [_, _, ..]) => return Err(NoAnswer::Other),
        (Framing::Tcp | Framing::Rtu, _) => return Ok(None),
    };
    if whole > LONGEST_ANSWER { Err(NoAnswer::Length) } else { Ok(Some(whole)) }
}

/// What a whole answer says.
pub fn answer(framing: Framing, transaction: u16, ask: Ask, bytes: &[u8]) -> Result<Answer, NoAnswer> {
    let body = match framing {
        Framing::Tcp => {
            let (head, body) = bytes.split_at_checked(HEADER).ok_or(NoAnswer::Length)?;
            let [first, second, rest @ ..] = head else { return Err(NoAnswer::Length) };
            if u16::from_be_bytes([*first, *second]) != transaction {
                return Err(NoAnswer::Other);
            }
            if *rest != header(transaction, body.len())[2..] {
                return Err(NoAnswer::Length);
            }
            body
        }
        Framing::Rtu => {
            let end = bytes.len().checked_sub(CHECKSUM).ok_or(NoAnswer::Length)?;
            let (body, sum) = bytes.split_at(end);
            if *sum != checksum(body) {
                return Err(NoAnswer::Checksum);
            }
            body
        }
    };
    let [unit, function, rest @ ..] = body else { return Err(NoAnswer::Length) };
    if *unit != ask.unit || function & !EXCEPTION != ask.function() {
        return Err(NoAnswer::Other);
    }
    match (function & EXCEPTION != 0, ask.what, rest) {
        (true, _, [code]) => Ok(Answer::Refused(*code)),
        // Where it is an echo, it is of what was asked.
        (false, What::Set(_) | What::Flash(_), [_, _, _, _]) => {
            if body == ask.body() {
                Ok(Answer::Accepted)
            } else {
                Err(NoAnswer::Other)
            }
        }
        (false, What::Read(count), [length, coils @ ..]) if usize::from(*length) == coils.len() => {
            States::read(count, coils).map(Answer::Stand).ok_or(NoAnswer::Length)
        }
        (true, _, _) | (false, What::Set(_) | What::Flash(_) | What::Read(_), _) => Err(NoAnswer::Length),
    }
}

/// Of the codes with which boards refuse: they have no such coil.
pub const NO_SUCH_COIL: u8 = 2;

/// Whether a board refuses since the unit behind it is silent.
pub fn is_of_a_silent_unit(code: u8) -> bool {
    matches!(code, 10 | 11)
}

/// Whether a board refuses since it does not take these coils together, or not so many: it may take others.
pub fn is_of_these_coils(code: u8) -> bool {
    matches!(code, NO_SUCH_COIL | 3)
}

/// Why a board refuses, in words.
pub fn refusal(code: u8) -> &'static str {
    match code {
        1 => "it does not know this function",
        2 => "it has no such coil",
        3 => "it takes no such value",
        4 => "it has failed",
        5 | 6 => "it is busy",
        10 | 11 => "the unit behind it does not answer",
        _ => "for a reason of its own",
    }
}

fn header(transaction: u16, body: usize) -> [u8; HEADER] {
    let [first, second] = transaction.to_be_bytes();
    let [high, low] = u16::try_from(body).unwrap_or(u16::MAX).to_be_bytes();
    [first, second, 0, 0, high, low]
}

/// CRC-16/MODBUS, low byte first.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = 0xffff_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xa001 } else { sum >> 1 };
        }
    }
    sum.to_le_bytes()
}

#[cfg(test)]
mod tests;
