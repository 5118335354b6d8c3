//! Which coils are read in one request. Pure.
//!
//! Boards differ. Some refuse to read one coil, or any number but that of their relays; some take no notice of where a read begins, and answer with
//! their relays from the first one on, so that of a read of the sixth alone the first would be taken for it. So all coils that a unit needs are read
//! from 0 on, by whole bytes, which each board understands alike, and each is picked from there. A board of four refuses eight, and one that lacks
//! a coil refuses all of them together: then less is asked for, coil by coil.
//!
//! **Invariant**: of a unit that tells its coils from 0 on, none is taken from a read that begins elsewhere.

use std::collections::BTreeSet;

use super::frame::MOST;

/// So many coils from this one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub first: u16,
    pub count: u16,
}

/// Who tells this one has its coils from 0 on.
const FIRST: Span = Span::alone(0);
/// What boards are said to have: some answer to that number alone.
const USUAL: [u16; 5] = [2, 4, 8, 16, 32];

impl Span {
    pub const fn alone(coil: u16) -> Self {
        Self { first: coil, count: 1 }
    }

    const fn from_zero(count: u16) -> Self {
        Self { first: 0, count }
    }

    /// Until this coil is in it, in whole bytes.
    const fn bytes_until(coil: u16) -> Self {
        Self::from_zero((coil / 8 + 1) * 8)
    }

    pub(super) const fn has(self, coil: u16) -> bool {
        coil >= self.first && coil - self.first < self.count
    }
}

/// What is known of how a unit answers.
#[derive(Debug, Default)]
pub(super) struct Reading {
    refused: Vec<(Span, u8)>,
    /// Asked for without an answer: a packet may have been lost, or the unit says nothing of coils that it does not have.
    missed: Vec<Span>,
    tells_from_zero: bool,
}

impl Reading {
    /// What to ask for next, where these coils are not known yet; `None`: nothing more can be asked.
    pub fn next(&self, coils: &BTreeSet<u16>) -> Option<Span> {
        let is_open = |span: &Span| !self.refused.iter().any(|(refused, _)| refused == span);
        let likely: Vec<Span> = self.likely(coils).into_iter().filter(is_open).collect();
        let fresh = likely.iter().copied().find(|span| !self.missed.contains(span));
        fresh.or_else(|| likely.first().copied()).or_else(|| self.odd(coils).into_iter().find(is_open))
    }

    /// All of them together, and each with what lies before it.
    fn likely(&self, coils: &BTreeSet<u16>) -> Vec<Span> {
        let near = near(coils);
        // Who was silent may be so for the sake of one of them.
        let last = near.last().copied().filter(|_| self.missed.is_empty());
        let until = |coil: u16| [Span::bytes_until(coil), Span::from_zero(coil + 1)];
        last.into_iter().chain(near).flat_map(until).collect()
    }

    /// What answers to nothing of that.
    fn odd(&self, coils: &BTreeSet<u16>) -> Vec<Span> {
        let mut spans = Vec::new();
        for coil in near(coils) {
            spans.extend(USUAL.into_iter().filter(|count| *count > coil).map(Span::from_zero));
            if !self.tells_from_zero {
                spans.extend([FIRST, Span::alone(coil)]);
            }
        }
        // So far behind lie the outputs of a control, which knows addresses.
        spans.extend(coils.iter().copied().filter(|coil| *coil >= MOST).map(Span::alone));
        spans
    }

    pub fn answered(&mut self, span: Span) {
        self.tells_from_zero |= span.first == 0;
    }

    pub fn refused(&mut self, span: Span, code: u8) {
        self.refused.push((span, code));
    }

    pub fn missed(&mut self, span: Span) {
        self.missed.push(span);
    }

    /// With which code this coil was refused last.
    pub fn why(&self, coil: u16) -> Option<u8> {
        self.refused.iter().rev().find(|(span, _)| span.has(coil)).map(|(_, code)| *code)
    }
}

/// Those that can be read from 0 on.
fn near(coils: &BTreeSet<u16>) -> Vec<u16> {
    coils.iter().copied().filter(|coil| *coil < MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A board of so many relays.
    #[derive(Debug, Clone, Copy)]
    struct Made {
        relays: u16,
        /// It answers to the number of its relays alone.
        whole: bool,
        /// It takes no notice of where a read begins.
        from_first: bool,
        /// It says nothing where others refuse.
        mute: bool,
    }

    enum Says {
        /// From this relay on.
        From(u16),
        Refuses(u8),
        Nothing,
    }

    impl Made {
        fn asked(self, span: Span) -> Says {
            let first = if self.from_first { 0 } else { span.first };
            let code = match (self.whole && span.count != self.relays, first + span.count > self.relays) {
                (true, _) => 3,
                (false, true) => 2,
                (false, false) => return Says::From(first),
            };
            if self.mute { Says::Nothing } else { Says::Refuses(code) }
        }

        /// Which relay each coil was taken from, and what was asked for, until nothing more can be; or so many times in vain.
        fn read(self, coils: &[u16], silences: usize) -> (Vec<(u16, u16)>, Vec<Span>, Reading) {
            let (mut reading, mut open) = (Reading::default(), BTreeSet::from_iter(coils.iter().copied()));
            let (mut told, mut asked, mut silent) = (Vec::new(), Vec::new(), 0);
            while let Some(span) = reading.next(&open).filter(|_| !open.is_empty() && silent < silences) {
                asked.push(span);
                match self.asked(span) {
                    Says::From(relay) => {
                        reading.answered(span);
                        told.extend(open.iter().filter(|coil| span.has(**coil)).map(|coil| (*coil, relay + (coil - span.first))));
                        open.retain(|coil| !span.has(*coil));
                    }
                    Says::Refuses(code) => reading.refused(span, code),
                    Says::Nothing => {
                        silent += 1;
                        reading.missed(span);
                    }
                }
            }
            told.sort_unstable();
            (told, asked, reading)
        }
    }

    const EIGHT: Made = Made { relays: 8, whole: false, from_first: false, mute: false };

    #[test]
    fn v5_1_a_unit_is_read_with_one_request_from_0_on_whichever_coils_are_used() {
        for made in [EIGHT, Made { whole: true, ..EIGHT }, Made { from_first: true, ..EIGHT }] {
            let (told, asked, _) = made.read(&[2, 5], 2);
            assert_eq!((told, asked), (vec![(2, 2), (5, 5)], vec![Span { first: 0, count: 8 }]), "{made:?}");
        }
        let sixteen = Made { relays: 16, ..EIGHT };
        assert_eq!(sixteen.read(&[0, 8], 2).1, [Span { first: 0, count: 16 }]);
    }

    #[test]
    fn v5_1_a_board_of_four_relays_is_asked_for_less_and_one_that_takes_its_own_number_alone_for_that() {
        let four = Made { relays: 4, ..EIGHT };
        let (told, asked, _) = four.read(&[0, 3], 2);
        assert_eq!((told, asked.len()), (vec![(0, 0), (3, 3)], 2));
        for relays in [2, 4, 8, 16, 32] {
            let (told, _, _) = Made { relays, whole: true, ..EIGHT }.read(&[0, 1], 2);
            assert_eq!(told, [(0, 0), (1, 1)], "{relays}");
        }
    }

    #[test]
    fn v5_2_a_coil_that_is_not_there_takes_no_other_with_it_and_says_why() {
        for from_first in [false, true] {
            let (told, _, reading) = Made { from_first, ..EIGHT }.read(&[5, 12], 2);
            assert_eq!((told, reading.why(12)), (vec![(5, 5)], Some(2)));
            let (told, _, reading) = Made { from_first, ..EIGHT }.read(&[12], 2);
            assert_eq!((told, reading.why(12)), (vec![], Some(2)), "and is not taken from the first relay");
        }
        let (told, _, _) = Made { mute: true, ..EIGHT }.read(&[5, 12], 2);
        assert_eq!(told, [(5, 5)], "nor where the board says nothing of it");
    }

    #[test]
    fn v5_2_a_lost_packet_is_asked_for_again() {
        for coil in [0, 7] {
            let mut reading = Reading::default();
            let coils = BTreeSet::from([coil]);
            let first = reading.next(&coils).unwrap();
            reading.missed(first);
            let second = reading.next(&coils).unwrap();
            assert!(second.has(coil) && second.first == 0);
            // A board that answers to the number of its relays alone.
            reading.refused(second, 3);
            assert_eq!(reading.next(&coils).is_some_and(|again| again == first), second != first);
        }
    }

    #[test]
    fn v5_1_the_outputs_of_a_control_are_read_each_by_its_address() {
        let control = Made { relays: 2_000, ..EIGHT };
        assert_eq!(control.read(&[0, 0x500], 2).0, [(0, 0), (0x500, 0x500)]);
        assert_eq!(Span::alone(u16::MAX), Reading::default().next(&BTreeSet::from([u16::MAX])).unwrap());
    }

    fn made() -> impl Strategy<Value = Made> {
        (1_u16..40, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(relays, whole, from_first, mute)| Made {
            relays,
            whole,
            from_first,
            mute,
        })
    }

    proptest! {
        #[test]
        fn v5_1_no_coil_is_taken_from_another_relay(made in made(), coils in prop::collection::btree_set(0_u16..300, 0..10)) {
            let coils: Vec<u16> = coils.into_iter().collect();
            let (told, asked, _) = made.read(&coils, 2);
            // Far behind there is nothing on a board of relays: what is asked for there is its owner's mistake.
            for (coil, relay) in told.iter().filter(|(coil, _)| *coil < MOST) {
                prop_assert_eq!(coil, relay);
            }
            prop_assert!(asked.iter().all(|span| (1..=MOST).contains(&span.count)));
            prop_assert!(asked.len() <= 4 + coils.len() * 9, "nor is anybody asked without an end");
        }

        #[test]
        fn v5_1_each_coil_is_read_that_a_board_has_which_takes_reads_as_they_come(
            relays in 1_u16..40, from_first: bool, coils in prop::collection::btree_set(0_u16..60, 0..10),
        ) {
            let coils: Vec<u16> = coils.into_iter().collect();
            let (told, _, _) = Made { relays, from_first, ..EIGHT }.read(&coils, 1);
            let there: Vec<(u16, u16)> = coils.iter().filter(|coil| **coil < relays).map(|coil| (*coil, *coil)).collect();
            prop_assert_eq!(told, there);
        }
    }
}
