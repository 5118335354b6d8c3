//! Relay boards by somebody else's Modbus: xtask/modbus_board.py, which `cargo xtask test` starts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use gateway::Modbus;
use venue::devices::Coils as _;
use venue::devices::modbus::frame::Framing;
use venue::devices::modbus::{Board, CoilError, Span, stands};

const UNIT: u8 = 1;

fn board(framing: Framing) -> Board {
    let addresses = std::env::var("CUEKEY_TEST_MODBUS").unwrap_or_else(|_| {
        panic!("CUEKEY_TEST_MODBUS (two times host:port) names relay boards; `cargo xtask test` starts them, `cargo xtask services` keeps them running")
    });
    let (tcp, rtu) = addresses.split_once(',').expect("CUEKEY_TEST_MODBUS is two addresses");
    let address = if framing == Framing::Tcp { tcp } else { rtu };
    let (host, port) = address.rsplit_once(':').expect("each is host:port");
    Board { host: host.to_owned(), port: port.parse().unwrap(), framing }
}

async fn switches(framing: Framing) {
    let (modbus, board) = (Modbus::default(), board(framing));
    let mut line = modbus.call(&board, UNIT).await.unwrap();
    for coil in [0, 3, 15] {
        for on in [true, false, true] {
            line.set(UNIT, coil, on).await.unwrap();
            assert_eq!(stands(&mut *line, UNIT, coil).await, Ok(on), "{coil}");
        }
    }
    line.set(UNIT, 3, false).await.unwrap();
    let mut stand = Vec::new();
    for coil in [0, 3, 15] {
        stand.push(stands(&mut *line, UNIT, coil).await.unwrap());
    }
    assert_eq!(stand, [true, false, true]);
    // All of them at once.
    let states = line.read(UNIT, Span { first: 0, count: 16 }).await.unwrap();
    assert_eq!([0, 3, 4, 15].map(|coil| states.is_on(coil)), [true, false, false, true]);
    assert!(line.read(UNIT, Span { first: 8, count: 8 }).await.unwrap().is_on(7), "it knows where a read begins");
    // There are sixteen.
    assert_eq!(stands(&mut *line, UNIT, 16).await, Err(CoilError::Refused(2)));
    assert_eq!(line.set(UNIT, 40_000, true).await, Err(CoilError::Refused(2)));
    drop(line);
    // What was written is there for the next caller.
    let mut again = modbus.call(&board, UNIT).await.unwrap();
    assert_eq!(stands(&mut *again, UNIT, 15).await, Ok(true));
}

#[tokio::test]
async fn v5_1_pymodbus_is_switched_by_modbus_tcp() {
    switches(Framing::Tcp).await;
}

#[tokio::test]
async fn v5_1_pymodbus_is_switched_by_serial_frames() {
    switches(Framing::Rtu).await;
}

#[tokio::test]
async fn v5_1_pymodbus_in_the_other_framing_is_no_answer() {
    let other = Board { framing: Framing::Rtu, ..board(Framing::Tcp) };
    let mut line = Modbus::default().call(&other, UNIT).await.unwrap();
    let answer = stands(&mut *line, UNIT, 0).await;
    assert!(matches!(answer, Err(CoilError::Silent(_))), "{answer:?}");
}
