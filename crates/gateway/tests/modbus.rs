//! A simulated relay board, and all that goes wrong with one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::sync::Arc;
use std::time::Duration;

use gateway::Modbus;
use kernel::Stopwatch;
use sandbox::{CoilTrouble, Frames};
use venue::devices::Coils as _;
use venue::devices::modbus::frame::Framing;
use venue::devices::modbus::{Board, CoilError, Span, stands};

const BOTH: [(Frames, Framing); 2] = [(Frames::Tcp, Framing::Tcp), (Frames::Rtu, Framing::Rtu)];
const UNIT: u8 = 1;

async fn board(frames: Frames, framing: Framing) -> (sandbox::Coils, Board) {
    let coils = sandbox::Coils::start(frames).await.unwrap();
    let board = Board { host: coils.address().ip().to_string(), port: coils.address().port(), framing };
    (coils, board)
}

/// Writes, and reads back.
async fn set(modbus: &Modbus, board: &Board, coil: u16, on: bool) -> Result<bool, CoilError> {
    let mut line = modbus.call(board, UNIT).await?;
    line.set(UNIT, coil, on).await?;
    stands(&mut *line, UNIT, coil).await
}

fn is_silent<T>(result: &Result<T, CoilError>) -> bool {
    matches!(result, Err(CoilError::Silent(_)))
}

#[tokio::test]
async fn v5_1_a_coil_is_written_and_read_back_in_both_framings() {
    for (frames, framing) in BOTH {
        let (coils, at) = board(frames, framing).await;
        let modbus = Modbus::default();
        for coil in [0, 7] {
            assert_eq!(set(&modbus, &at, coil, true).await, Ok(true));
        }
        assert_eq!(coils.seen().on, [true, false, false, false, false, false, false, true]);
        assert_eq!(set(&modbus, &at, 7, false).await, Ok(false));
        let mut line = modbus.call(&at, UNIT).await.unwrap();
        assert_eq!(stands(&mut *line, UNIT, 0).await, Ok(true));
        // It has eight.
        assert_eq!(stands(&mut *line, UNIT, 8).await, Err(CoilError::Refused(2)));
        assert_eq!(line.set(UNIT, 65_535, true).await, Err(CoilError::Refused(2)));
        assert_eq!(stands(&mut *line, UNIT, 0).await, Ok(true), "a refusal spoils nothing");
    }
}

#[tokio::test]
async fn v5_1_each_coil_is_told_by_boards_that_are_read_as_a_whole_or_from_the_first_relay_on_alone() {
    for (frames, framing) in BOTH {
        let (coils, at) = board(frames, framing).await;
        let modbus = Modbus::default();
        for trouble in [CoilTrouble::ReadsWhole, CoilTrouble::ReadsFromFirst, CoilTrouble::FourRelays] {
            coils.set(trouble);
            assert_eq!(set(&modbus, &at, 2, true).await, Ok(true), "{trouble:?}");
            let mut line = modbus.call(&at, UNIT).await.unwrap();
            assert_eq!((stands(&mut *line, UNIT, 0).await, stands(&mut *line, UNIT, 3).await), (Ok(false), Ok(false)), "{trouble:?}");
            // What it does not have it does not tell, whatever it takes no notice of.
            assert!(matches!(stands(&mut *line, UNIT, 12).await, Err(CoilError::Refused(2 | 3))), "{trouble:?}");
            drop(line);
            assert_eq!(set(&modbus, &at, 2, false).await, Ok(false));
        }
        // So they are: whoever asks for the third relay alone is refused, or told of the first.
        let mut said = Vec::new();
        assert_eq!(set(&modbus, &at, 0, true).await, Ok(true));
        for trouble in [CoilTrouble::ReadsWhole, CoilTrouble::ReadsFromFirst] {
            coils.set(trouble);
            let mut line = modbus.call(&at, UNIT).await.unwrap();
            said.push(line.read(UNIT, Span::alone(2)).await.map(|states| states.is_on(0)));
        }
        assert_eq!(said, [Err(CoilError::Refused(3)), Ok(true)]);
    }
}

#[tokio::test]
async fn v5_1_a_board_that_has_timers_is_lit_for_so_long_and_refuses_where_it_has_none() {
    for (frames, framing) in BOTH {
        let (coils, at) = board(frames, framing).await;
        let mut line = Modbus::default().call(&at, UNIT).await.unwrap();
        line.flash(UNIT, 7, 620).await.unwrap();
        assert_eq!((stands(&mut *line, UNIT, 7).await, coils.seen().timers[7]), (Ok(true), 620));
        coils.pass(Duration::from_millis(61_900));
        assert_eq!(stands(&mut *line, UNIT, 7).await, Ok(true));
        coils.pass(Duration::from_millis(100));
        assert_eq!(stands(&mut *line, UNIT, 7).await, Ok(false));
        assert_eq!(line.flash(UNIT, 8, 620).await, Err(CoilError::Refused(2)), "it has eight");
        coils.set(CoilTrouble::NoTimers);
        assert_eq!(line.flash(UNIT, 0, 620).await, Err(CoilError::Refused(2)));
        assert_eq!(stands(&mut *line, UNIT, 0).await, Ok(false));
    }
}

#[tokio::test]
async fn v5_1_whatever_a_board_does_is_no_report() {
    for (frames, framing) in BOTH {
        let (coils, at) = board(frames, framing).await;
        let modbus = Modbus::default();
        for trouble in [CoilTrouble::Gone, CoilTrouble::Offline, CoilTrouble::WrongTransaction, CoilTrouble::Babbles] {
            coils.set(trouble);
            let answer = set(&modbus, &at, 0, true).await;
            assert!(is_silent(&answer), "{trouble:?}: {answer:?}");
            coils.set(CoilTrouble::None);
            assert_eq!(set(&modbus, &at, 0, false).await, Ok(false), "and afterwards it is well");
        }
        coils.set(CoilTrouble::Refuses(6));
        assert_eq!(set(&modbus, &at, 0, true).await, Err(CoilError::Refused(6)));
        coils.set(CoilTrouble::Stuck);
        assert_eq!(set(&modbus, &at, 0, true).await, Ok(false), "an echo is no light");
        assert!(!coils.seen().on[0]);
    }
}

#[tokio::test]
async fn v5_2_a_board_without_its_network_burns_on_and_one_without_power_does_not() {
    for (frames, framing) in BOTH {
        let (coils, at) = board(frames, framing).await;
        let modbus = Modbus::default();
        for (trouble, burns) in [(CoilTrouble::Offline, true), (CoilTrouble::Gone, false)] {
            assert_eq!(set(&modbus, &at, 0, true).await, Ok(true));
            coils.set(trouble);
            let answer = set(&modbus, &at, 0, false).await;
            assert!(is_silent(&answer), "{trouble:?}: {answer:?}");
            assert_eq!(coils.seen().on[0], burns, "{trouble:?}");
            coils.set(CoilTrouble::None);
        }
    }
}

#[tokio::test]
async fn v5_1_who_is_slow_or_stops_in_the_middle_is_waited_for_two_seconds() {
    for (frames, framing) in BOTH {
        let (coils, at) = board(frames, framing).await;
        let modbus = Modbus::default();
        coils.set(CoilTrouble::Slow(Duration::from_millis(200)));
        assert_eq!(set(&modbus, &at, 0, true).await, Ok(true));
        for trouble in [CoilTrouble::Torn, CoilTrouble::Slow(Duration::from_secs(30))] {
            coils.set(trouble);
            let watch = Stopwatch::start();
            let answer = set(&modbus, &at, 0, true).await;
            assert!(is_silent(&answer) && watch.elapsed() < Duration::from_secs(4), "{trouble:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn v5_1_a_unit_that_is_not_there_is_silent() {
    let (_coils, at) = board(Frames::Tcp, Framing::Tcp).await;
    let modbus = Modbus::default();
    assert!(is_silent(&stands(&mut *modbus.call(&at, 9).await.unwrap(), 9, 0).await));
}

#[tokio::test]
async fn v5_2_whoever_waits_behind_a_silent_unit_for_another_is_answered() {
    for (frames, framing) in BOTH {
        let (coils, at) = board(frames, framing).await;
        let modbus = Arc::new(Modbus::default());
        coils.set(CoilTrouble::Unheard(UNIT));
        let mut line = modbus.call(&at, UNIT).await.unwrap();
        // Both come while it is the first one's turn, and wait.
        let others: Vec<_> = [UNIT, 2]
            .into_iter()
            .map(|unit| {
                let (modbus, at) = (Arc::clone(&modbus), at.clone());
                tokio::spawn(async move { stands(&mut *modbus.call(&at, unit).await?, unit, 0).await })
            })
            .collect();
        assert!(is_silent(&stands(&mut *line, UNIT, 0).await));
        drop(line);
        let mut answers = Vec::new();
        for other in others {
            answers.push(other.await.unwrap());
        }
        assert!(is_silent(&answers[0]), "{answers:?}");
        assert_eq!(answers[1], Ok(false), "a unit beside it is well, and is asked");
    }
}

#[tokio::test]
async fn v5_1_the_wrong_framing_is_no_answer() {
    for (frames, framing) in [(Frames::Tcp, Framing::Rtu), (Frames::Rtu, Framing::Tcp)] {
        let (coils, at) = board(frames, framing).await;
        assert!(is_silent(&set(&Modbus::default(), &at, 0, true).await));
        assert!(!coils.seen().on[0]);
    }
}

#[tokio::test]
async fn v5_1_a_board_with_one_place_is_called_by_one_at_a_time() {
    let (coils, at) = board(Frames::Tcp, Framing::Tcp).await;
    let modbus = Arc::new(Modbus::default());
    let mut calls = tokio::task::JoinSet::new();
    for coil in 0..8 {
        let (modbus, at) = (Arc::clone(&modbus), at.clone());
        calls.spawn(async move { set(&modbus, &at, coil, true).await });
    }
    while let Some(answer) = calls.join_next().await {
        assert_eq!(answer.unwrap(), Ok(true));
    }
    assert_eq!((coils.seen().on, coils.seen().turned_away), ([true; 8], 0));
}

#[tokio::test]
async fn v5_1_a_queue_before_a_silent_board_waits_once() {
    let (coils, at) = board(Frames::Tcp, Framing::Tcp).await;
    let modbus = Arc::new(Modbus::default());
    coils.set(CoilTrouble::Slow(Duration::from_secs(30)));
    let watch = Stopwatch::start();
    let mut calls = tokio::task::JoinSet::new();
    for coil in 0..8 {
        let (modbus, at) = (Arc::clone(&modbus), at.clone());
        calls.spawn(async move { set(&modbus, &at, coil, true).await });
    }
    while let Some(answer) = calls.join_next().await {
        assert!(is_silent(&answer.unwrap()));
    }
    assert!(watch.elapsed() < Duration::from_secs(4), "{:?}", watch.elapsed());
    coils.set(CoilTrouble::None);
    coils.until(|board| board.connected == 0).await;
    assert_eq!(set(&modbus, &at, 0, false).await, Ok(false), "whoever comes later tries for himself");
}

#[tokio::test]
async fn v5_1_who_is_not_there_is_not_reached() {
    let modbus = Modbus::default();
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    for host in ["127.0.0.1", "no-such-board.invalid"] {
        let at = Board { host: host.into(), port, framing: Framing::Tcp };
        assert!(matches!(modbus.call(&at, UNIT).await.map(drop), Err(CoilError::Unreachable(_))), "{host}");
    }
}
