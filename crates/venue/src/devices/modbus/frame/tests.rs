use super::*;
use proptest::prelude::*;

const ON: Ask = Ask { unit: 1, coil: 7, what: What::Set(true) };
const READ: Ask = Ask { unit: 1, coil: 7, what: What::Read(1) };
const ALL: Ask = Ask { unit: 1, coil: 0, what: What::Read(12) };
const BOTH: [Framing; 2] = [Framing::Tcp, Framing::Rtu];

#[test]
fn v5_1_a_coil_is_written_as_the_specification_says() {
    assert_eq!(request(Framing::Tcp, 0x1234, ON), [0x12, 0x34, 0, 0, 0, 6, 1, 5, 0, 7, 0xff, 0]);
    assert_eq!(request(Framing::Tcp, 1, Ask { what: What::Set(false), ..ON }), [0, 1, 0, 0, 0, 6, 1, 5, 0, 7, 0, 0]);
    assert_eq!(request(Framing::Tcp, 1, READ), [0, 1, 0, 0, 0, 6, 1, 1, 0, 7, 0, 1]);
    assert_eq!(request(Framing::Tcp, 1, ALL), [0, 1, 0, 0, 0, 6, 1, 1, 0, 0, 0, 12]);
    // The relay board's manual has these.
    let first = Ask { unit: 1, coil: 0, what: What::Set(true) };
    assert_eq!(request(Framing::Rtu, 9, first), [1, 5, 0, 0, 0xff, 0, 0x8c, 0x3a]);
    assert_eq!(request(Framing::Rtu, 9, Ask { what: What::Set(false), ..first }), [1, 5, 0, 0, 0, 0, 0xcd, 0xca]);
}

#[test]
fn v5_1_a_timer_is_set_as_its_maker_says() {
    // Its manual has this one: the first relay, for 0.7 s.
    let flash = Ask { unit: 1, coil: 0, what: What::Flash(7) };
    assert_eq!(request(Framing::Rtu, 9, flash), [1, 5, 2, 0, 0, 7, 0x8d, 0xb0]);
    assert_eq!(request(Framing::Tcp, 1, Ask { coil: 7, what: What::Flash(0x7fff), ..flash })[6..], [1, 5, 2, 7, 0x7f, 0xff]);
}

/// The coils that are on among those that were read.
fn lit(answer: Result<Answer, NoAnswer>) -> Vec<u16> {
    let Ok(Answer::Stand(states)) = answer else { panic!("{answer:?}") };
    (0..MOST).filter(|place| states.is_on(*place)).collect()
}

#[test]
fn v5_1_an_answer_is_read() {
    let on = request(Framing::Tcp, 5, ON);
    assert_eq!(answer(Framing::Tcp, 5, ON, &on), Ok(Answer::Accepted));
    assert_eq!(lit(answer(Framing::Tcp, 5, READ, &[0, 5, 0, 0, 0, 4, 1, 1, 1, 1])), [0]);
    assert!(lit(answer(Framing::Tcp, 5, READ, &[0, 5, 0, 0, 0, 4, 1, 1, 1, 0xfe])).is_empty(), "what stands behind it is padding");
    assert_eq!(lit(answer(Framing::Tcp, 5, ALL, &[0, 5, 0, 0, 0, 5, 1, 1, 2, 0x81, 0xfa])), [0, 7, 9, 11]);
    assert_eq!(answer(Framing::Tcp, 5, ON, &[0, 5, 0, 0, 0, 3, 1, 0x85, 6]), Ok(Answer::Refused(6)));
    assert_eq!(lit(answer(Framing::Rtu, 5, READ, &[1, 1, 1, 1, 0x90, 0x48])), [0]);
}

#[test]
fn v5_1_what_is_an_answer_to_something_else_is_none() {
    let on = request(Framing::Tcp, 5, ON);
    assert_eq!(answer(Framing::Tcp, 6, ON, &on), Err(NoAnswer::Other));
    for other in [Ask { unit: 2, ..ON }, Ask { coil: 6, ..ON }, Ask { what: What::Set(false), ..ON }, READ] {
        assert_eq!(answer(Framing::Tcp, 5, other, &on), Err(NoAnswer::Other), "{other:?}");
    }
    assert_eq!(answer(Framing::Tcp, 5, ON, &[0, 5, 0, 1, 0, 6, 1, 5, 0, 7, 0xff, 0]), Err(NoAnswer::Length), "another protocol");
    assert_eq!(answer(Framing::Tcp, 5, READ, &[0, 5, 0, 0, 0, 5, 1, 1, 2, 1, 0]), Err(NoAnswer::Length), "more coils than were asked for");
    assert_eq!(answer(Framing::Tcp, 5, ALL, &[0, 5, 0, 0, 0, 4, 1, 1, 1, 1]), Err(NoAnswer::Length), "and fewer");
    assert_eq!(answer(Framing::Tcp, 5, ALL, &[0, 5, 0, 0, 0, 5, 1, 1, 3, 1, 0]), Err(NoAnswer::Length));
    assert_eq!(answer(Framing::Rtu, 5, READ, &[1, 1, 1, 1, 0x90, 0x49]), Err(NoAnswer::Checksum));
    assert_eq!(length(Framing::Tcp, &[0, 5, 0, 0, 0xff, 0xff]), Err(NoAnswer::Length));
    assert_eq!(length(Framing::Rtu, &[1, 3]), Err(NoAnswer::Other));
    assert_eq!((length(Framing::Tcp, &[0, 5, 0]), length(Framing::Rtu, &[1])), (Ok(None), Ok(None)));
}

fn writes() -> impl Strategy<Value = What> {
    prop_oneof![any::<bool>().prop_map(What::Set), any::<u16>().prop_map(What::Flash)]
}

fn asks() -> impl Strategy<Value = Ask> {
    let what = prop_oneof![(1..=MOST).prop_map(What::Read), writes()];
    (any::<u8>(), any::<u16>(), what).prop_map(|(unit, coil, what)| Ask { unit, coil, what })
}

proptest! {
    #[test]
    fn v5_1_whatever_a_board_sends_is_read_or_refused(ask in asks(), transaction: u16, bytes: Vec<u8>) {
        for framing in BOTH {
            let _ = length(framing, &bytes);
            if answer(framing, transaction, ask, &bytes).is_ok() {
                prop_assert_eq!(length(framing, &bytes), Ok(Some(bytes.len())));
            }
        }
    }

    #[test]
    fn v5_1_an_echo_is_accepted_and_no_bit_of_it_may_change(ask in asks(), what in writes(), transaction: u16, bit in 0_usize..96) {
        let ask = Ask { what, ..ask };
        for framing in BOTH {
            let mut echo = request(framing, transaction, ask);
            prop_assert_eq!(answer(framing, transaction, ask, &echo), Ok(Answer::Accepted));
            let at = bit % (echo.len() * 8);
            echo[at / 8] ^= 1 << (at % 8);
            prop_assert!(answer(framing, transaction, ask, &echo).is_err());
        }
    }

    #[test]
    fn v5_1_an_answer_in_pieces_says_its_length_as_soon_as_it_can(ask in asks(), transaction: u16) {
        for framing in BOTH {
            let whole = request(framing, transaction, Ask { what: What::Set(true), ..ask });
            let said: Vec<_> = (0..=whole.len()).map(|end| length(framing, &whole[..end])).collect();
            let known = said.iter().position(|said| *said != Ok(None)).unwrap();
            prop_assert!(known <= 6 && said[known..].iter().all(|said| *said == Ok(Some(whole.len()))));
        }
    }
}
