//! Relay boards, by Modbus over TCP.
//!
//! A board is called, spoken to, and left again. Nothing is sent but the two requests of `venue::devices::modbus::frame`, and of an answer nothing
//! goes further than "on", "off", or the code with which it is refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;
use venue::devices::Coils;
use venue::devices::modbus::frame::{self, Answer, Ask, Framing, LONGEST_ANSWER, What};
use venue::devices::modbus::{Board, CoilError, Line, Span, States};

/// For connecting, and for each answer. Boards in a hall's network need some milliseconds.
const ANSWER: Duration = Duration::from_secs(2);
/// For those before us: longer than that they are not waited for, and somebody calls again later.
const TURN: Duration = Duration::from_secs(6);
/// For hanging up.
const GOODBYE: Duration = Duration::from_millis(500);

/// Who may speak to a board.
#[derive(Default)]
struct Turn {
    taken: Arc<tokio::sync::Mutex<()>>,
    /// How often somebody could not reach it.
    unreached: AtomicU64,
    /// How often somebody got no answer from a unit.
    silences: Mutex<HashMap<u8, u64>>,
}

#[derive(Default)]
pub struct Modbus {
    /// By host and port, whatever is spoken there.
    turns: Mutex<HashMap<(String, u16), Arc<Turn>>>,
    /// Over all calls: a late answer to an earlier one is not taken for this one's.
    transactions: Arc<AtomicU16>,
}

impl Modbus {
    fn turn(&self, board: &Board) -> Arc<Turn> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever speaks, or waits, holds it too.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry((board.host.clone(), board.port)).or_default())
    }
}

#[async_trait]
impl Coils for Modbus {
    async fn call(&self, board: &Board, unit: u8) -> Result<Box<dyn Line>, CoilError> {
        let turn = self.turn(board);
        let (unreached, silences) = (turn.unreached.load(Ordering::Acquire), turn.silences(unit));
        let taken = timeout(TURN, Arc::clone(&turn.taken).lock_owned()).await.map_err(|_| CoilError::Busy)?;
        // Each in a queue would wait for the same nothing, and hold a worker meanwhile.
        if turn.unreached.load(Ordering::Acquire) != unreached {
            return Err(CoilError::Unreachable("nor was it for the one before".into()));
        }
        if turn.silences(unit) != silences {
            return Err(silent("it had no answer for the one before"));
        }
        let called = match timeout(ANSWER, connect(board)).await {
            Ok(called) => called.map_err(|error| CoilError::Unreachable(error.to_string())),
            Err(_) => Err(CoilError::Unreachable("no connection in time".into())),
        };
        let stream = called.inspect_err(|_| turn.is_unreached())?;
        let line = Called { held: Some((stream, taken)), turn, framing: board.framing, transactions: Arc::clone(&self.transactions) };
        Ok(Box::new(line))
    }
}

impl Turn {
    fn silences(&self, unit: u8) -> u64 {
        self.silences.lock().unwrap_or_else(PoisonError::into_inner).get(&unit).copied().unwrap_or_default()
    }

    fn is_unreached(&self) {
        self.unreached.fetch_add(1, Ordering::AcqRel);
    }

    fn is_silent(&self, unit: u8) {
        *self.silences.lock().unwrap_or_else(PoisonError::into_inner).entry(unit).or_default() += 1;
    }
}

async fn connect(board: &Board) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect((board.host.as_str(), board.port)).await?;
    // A request is one small packet; it is not to wait for another.
    stream.set_nodelay(true)?;
    Ok(stream)
}

struct Called {
    /// Until it is hung up.
    held: Option<(TcpStream, OwnedMutexGuard<()>)>,
    turn: Arc<Turn>,
    framing: Framing,
    transactions: Arc<AtomicU16>,
}

impl Drop for Called {
    /// A board with one place may see only after a while that it is free again: the next caller waits until the board has hung up too.
    fn drop(&mut self) {
        let (Some((stream, taken)), Ok(runtime)) = (self.held.take(), Handle::try_current()) else { return };
        let turn = Arc::clone(&self.turn);
        runtime.spawn(async move {
            let _ = timeout(GOODBYE, hang_up(stream)).await;
            drop((taken, turn));
        });
    }
}

async fn hang_up(mut stream: TcpStream) -> std::io::Result<()> {
    stream.shutdown().await?;
    // What it still has to say nobody wants to know.
    let mut rest = [0; 64];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

#[async_trait]
impl Line for Called {
    async fn set(&mut self, unit: u8, coil: u16, on: bool) -> Result<(), CoilError> {
        self.write(Ask { unit, coil, what: What::Set(on) }).await
    }

    async fn flash(&mut self, unit: u8, coil: u16, tenths: u16) -> Result<(), CoilError> {
        self.write(Ask { unit, coil, what: What::Flash(tenths) }).await
    }

    async fn read(&mut self, unit: u8, span: Span) -> Result<States, CoilError> {
        match self.ask(Ask { unit, coil: span.first, what: What::Read(span.count) }).await? {
            Answer::Stand(states) => Ok(states),
            Answer::Refused(code) => Err(CoilError::Refused(code)),
            Answer::Accepted => Err(silent("an answer to something else")),
        }
    }
}

impl Called {
    async fn write(&mut self, ask: Ask) -> Result<(), CoilError> {
        match self.ask(ask).await? {
            Answer::Accepted => Ok(()),
            Answer::Refused(code) => Err(CoilError::Refused(code)),
            Answer::Stand(_) => Err(silent("an answer to something else")),
        }
    }

    async fn ask(&mut self, ask: Ask) -> Result<Answer, CoilError> {
        let answer = match timeout(ANSWER, self.exchange(ask)).await {
            Ok(answer) => answer,
            Err(_) => Err(silent("no answer in time")),
        };
        answer.inspect_err(|_| self.turn.is_silent(ask.unit))
    }

    async fn exchange(&mut self, ask: Ask) -> Result<Answer, CoilError> {
        let Some((stream, _)) = &mut self.held else { return Err(silent("it was hung up")) };
        let transaction = self.transactions.fetch_add(1, Ordering::Relaxed);
        // Serial frames have no number: what is there before we have asked could be taken for the answer.
        match stream.try_read(&mut [0]) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(silent(error)),
            Ok(0) => return Err(silent("it has hung up")),
            Ok(_) => return Err(silent("it speaks without being asked")),
        }
        stream.write_all(&frame::request(self.framing, transaction, ask)).await.map_err(silent)?;
        let mut bytes = [0; LONGEST_ANSWER];
        let mut have = 0;
        loop {
            // Until its length is known, one byte at a time is no loss: it has come in one packet.
            let need = frame::length(self.framing, &bytes[..have]).map_err(silent)?.unwrap_or(have + 1);
            if have == need {
                return frame::answer(self.framing, transaction, ask, &bytes[..have]).map_err(silent);
            }
            match stream.read(&mut bytes[have..need]).await.map_err(silent)? {
                0 => return Err(silent("it has hung up")),
                read => have += read,
            }
        }
    }
}

fn silent(why: impl ToString) -> CoilError {
    CoilError::Silent(why.to_string())
}
