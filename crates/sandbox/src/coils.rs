//! A relay board with eight coils, and another one behind it on a serial line. They speak Modbus over TCP in one of two framings, and fail as
//! the real ones do.
//!
//! It reads and writes frames by itself, and not with the code that is tried on it: a mistake there is not made here again.

mod trouble;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kernel::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::{Task, anywhere};

pub use self::trouble::CoilTrouble;

const COILS: usize = 8;
/// Where the numbers of its timers begin.
const FLASH: usize = 0x0200;
/// As the boards leave the factory.
const UNIT: u8 = 1;
/// The one behind it.
const BEHIND: u8 = 2;

/// How its bytes go over the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frames {
    Tcp,
    Rtu,
}

/// What is to be seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Board {
    pub on: [bool; COILS],
    /// The relays of unit 2, which is behind it.
    pub behind: [bool; COILS],
    /// In how many tenths of a second a relay of unit 1 goes off by itself; 0: it does not.
    pub timers: [u64; COILS],
    /// Writes that it has accepted.
    pub written: u64,
    /// How often a relay has switched.
    pub switched: u64,
    /// Requests of any kind.
    pub asked: u64,
    pub connected: usize,
    /// Connections that it had to turn away, since it has one already.
    pub turned_away: u64,
}

impl Board {
    fn relays(&mut self, unit: u8) -> &mut [bool; COILS] {
        if unit == BEHIND { &mut self.behind } else { &mut self.on }
    }
}

/// It has place for one connection, as many boards do.
pub struct Coils {
    address: SocketAddr,
    board: Arc<watch::Sender<Board>>,
    trouble: Arc<watch::Sender<CoilTrouble>>,
    _task: Task,
}

impl Coils {
    /// # Errors
    /// When no port is free.
    pub async fn start(frames: Frames) -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let address = listener.local_addr()?;
        let board = Arc::new(watch::Sender::new(Board::default()));
        let trouble = Arc::new(watch::Sender::new(CoilTrouble::None));
        let (ours, troubled) = (Arc::clone(&board), Arc::clone(&trouble));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if troubled.borrow().is_out_of_reach() {
                    continue;
                }
                if ours.borrow().connected > 0 {
                    ours.send_modify(|board| board.turned_away += 1);
                    continue;
                }
                ours.send_modify(|board| board.connected += 1);
                let talk = Talk { stream, frames, board: Arc::clone(&ours), trouble: Arc::clone(&troubled) };
                tokio::spawn(talk.go_on());
            }
        });
        Ok(Self { address, board, trouble, _task: Task(task) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn seen(&self) -> Board {
        *self.board.borrow()
    }

    /// Waits until it looks like this.
    pub async fn until(&self, looks: impl Fn(&Board) -> bool) {
        let mut board = self.board.subscribe();
        // Its task lives as long as `self`.
        let _ = board.wait_for(|board| looks(board)).await;
    }

    pub fn set(&self, trouble: CoilTrouble) {
        self.trouble.send_replace(trouble);
        if trouble == CoilTrouble::Gone {
            self.board.send_modify(|board| (board.on, board.behind, board.timers) = ([false; COILS], [false; COILS], [0; COILS]));
        }
    }

    /// So much time passes on the board, whatever the clock says.
    pub fn pass(&self, time: Duration) {
        let tenths = u64::try_from(time.as_millis() / 100).unwrap_or(u64::MAX);
        self.board.send_modify(|board| {
            for (on, timer) in board.on.iter_mut().zip(&mut board.timers).filter(|(_, timer)| **timer > 0) {
                *on = *on && *timer > tenths;
                *timer = timer.saturating_sub(tenths);
            }
        });
    }

    /// Somebody switches it by the button on its case.
    pub fn press(&self, coil: usize, on: bool) {
        self.board.send_modify(|board| board.on[coil] = on);
    }
}

struct Talk {
    stream: TcpStream,
    frames: Frames,
    board: Arc<watch::Sender<Board>>,
    trouble: Arc<watch::Sender<CoilTrouble>>,
}

impl Talk {
    async fn go_on(mut self) {
        let mut gone = self.trouble.subscribe();
        let board = Arc::clone(&self.board);
        tokio::select! {
            _ = async { while self.answer_one().await.is_ok() {} } => {}
            _ = gone.wait_for(|trouble| trouble.is_out_of_reach()) => {}
        }
        // Its place is free before the other side hears of the end.
        board.send_modify(|board| board.connected -= 1);
    }

    async fn answer_one(&mut self) -> io::Result<()> {
        let mut head = [0; 6];
        if self.frames == Frames::Tcp {
            self.stream.read_exact(&mut head).await?;
            if head[2..] != [0, 0, 0, 6] {
                return Err(io::Error::other("not what a master sends"));
            }
        }
        let mut body = [0; 6];
        self.stream.read_exact(&mut body).await?;
        if self.frames == Frames::Rtu {
            let mut sum = [0; 2];
            self.stream.read_exact(&mut sum).await?;
            if u16::from_le_bytes(sum) != crc(&body) {
                return Err(io::Error::other("a wrong checksum"));
            }
        }
        self.board.send_modify(|board| board.asked += 1);
        let trouble = *self.trouble.borrow();
        // What is for another unit nobody answers.
        if ![UNIT, BEHIND].contains(&body[0]) || trouble == CoilTrouble::Unheard(body[0]) {
            return Ok(());
        }
        if let CoilTrouble::Slow(pause) = trouble {
            // Whoever mends it does not wait for that either.
            let mut mended = self.trouble.subscribe();
            tokio::select! {
                () = Clock::System.sleep(pause) => {}
                _ = mended.wait_for(|now| *now != trouble) => {}
            }
        }
        if trouble == CoilTrouble::HangsUpOnce {
            self.trouble.send_replace(CoilTrouble::None);
            return Err(io::Error::other("it hangs up"));
        }
        let body = self.carry_out(body, trouble);
        self.send(&head, &body, trouble).await
    }

    fn carry_out(&self, body: [u8; 6], trouble: CoilTrouble) -> Vec<u8> {
        let [unit, function, high, low, first, second] = body;
        let coil = usize::from(u16::from_be_bytes([high, low]));
        let refuse = |code| vec![unit, function | 0x80, code];
        match (trouble, function) {
            (CoilTrouble::Refuses(code), _) | (CoilTrouble::RefusesWrites(code), 5) => return refuse(code),
            _ => {}
        }
        match (function, [first, second]) {
            // Waveshare's "flash on": the value is how long.
            (5, _) if trouble != CoilTrouble::NoTimers && unit == UNIT && (FLASH..FLASH + COILS).contains(&coil) => {
                let tenths = u64::from(u16::from_be_bytes([first, second]));
                self.switch(unit, coil - FLASH, true, tenths, trouble);
                body.to_vec()
            }
            (5, _) if coil >= trouble.relays() => refuse(2),
            (1, count) => match self.read(unit, coil, usize::from(u16::from_be_bytes(count)), trouble) {
                Ok(bytes) => [&[unit, 1, u8::try_from(bytes.len()).unwrap_or(u8::MAX)][..], &bytes].concat(),
                Err(code) => refuse(code),
            },
            (5, [0xff | 0, 0]) => {
                self.switch(unit, coil, first == 0xff, 0, trouble);
                body.to_vec()
            }
            (5, _) => refuse(3),
            _ => refuse(1),
        }
    }

    /// How so many relays from this one on stand, eight in a byte, the first in the lowest bit; or why it does not say so.
    fn read(&self, unit: u8, from: usize, count: usize, trouble: CoilTrouble) -> Result<Vec<u8>, u8> {
        let from = if trouble == CoilTrouble::ReadsFromFirst { 0 } else { from };
        match (count, trouble) {
            (0 | 2_001.., _) => return Err(3),
            (_, CoilTrouble::ReadsWhole) if count != COILS => return Err(3),
            _ if from + count > trouble.relays() => return Err(2),
            _ => {}
        }
        let mut board = *self.board.borrow();
        let relays = &board.relays(unit)[from..from + count];
        Ok(relays.chunks(8).map(|eight| eight.iter().rev().fold(0_u8, |byte, on| byte * 2 + u8::from(*on))).collect())
    }

    fn switch(&self, unit: u8, coil: usize, on: bool, timer: u64, trouble: CoilTrouble) {
        self.board.send_modify(|board| {
            board.written += 1;
            if trouble == CoilTrouble::Stuck {
                return;
            }
            if unit == UNIT {
                board.timers[coil] = timer;
            }
            if board.relays(unit)[coil] != on {
                board.relays(unit)[coil] = on;
                board.switched += 1;
            }
        });
    }

    async fn send(&mut self, head: &[u8; 6], body: &[u8], trouble: CoilTrouble) -> io::Result<()> {
        let wrong = trouble == CoilTrouble::WrongTransaction;
        let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
        let bytes = match self.frames {
            Frames::Tcp => [&[head[0], head[1] ^ u8::from(wrong), 0, 0, 0, length], body].concat(),
            Frames::Rtu => [body, &(crc(body) ^ u16::from(wrong)).to_le_bytes()].concat(),
        };
        match trouble {
            CoilTrouble::Torn => self.stream.write_all(&bytes[..bytes.len() / 2]).await,
            CoilTrouble::Babbles => loop {
                self.stream.write_all(&[0xa5; 4_096]).await?;
            },
            _ => self.stream.write_all(&bytes).await,
        }
    }
}

/// As the specification of serial lines describes it: a division, bit by bit, in the reverse order.
fn crc(bytes: &[u8]) -> u16 {
    bytes
        .iter()
        .fold(0xffff, |sum, byte| (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum % 2 == 0 { sum / 2 } else { (sum / 2) ^ 0xa001 }))
}
