//! Who comes along when somebody signs in, and whose a name at WeChat may become (docs/decisions/0022). Pure.
//!
//! **Invariant**: whoever has a phone number and has ever signed in never becomes another, and loses no name at WeChat to anybody who brings one.
//! **Invariant**: whoever has signed in by WeChat or a number once can always sign in again; but for whose lost number the desk has taken off, and
//! who goes on being signed in until there is another.

use kernel::{Fault, Kind};

use super::model::{Customer, CustomerId};

/// By what a customer can sign in. By neither: a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ways {
    pub phone: bool,
    pub wechat: bool,
}

impl Ways {
    pub(super) const fn of(customer: &Customer) -> Self {
        Self { phone: customer.phone.is_some(), wechat: customer.wechat }
    }

    const fn guest(self) -> bool {
        !self.phone && !self.wechat
    }

    /// Whether whoever was signed in here becomes the customer of the number that is signed in now. A guest does (V2.2): nothing but this phone
    /// knows them. Somebody whom WeChat knows does only where that is asked for (`join`), for the phone may be a friend's.
    pub(super) const fn come_along(self, join: bool) -> bool {
        !self.phone && (!self.wechat || join)
    }
}

/// What binding a name at WeChat means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// It is theirs already.
    Theirs,
    /// It is nobody's yet.
    New,
    /// It is this customer's, who has no number: both are proven, and the two become one.
    With(CustomerId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhoseError {
    /// A guest signs in by WeChat instead.
    Guest,
    /// Of somebody who has a number.
    Taken,
    /// Nothing would be left to sign in by.
    OnlyWay,
}

impl From<WhoseError> for Fault {
    fn from(error: WhoseError) -> Self {
        let conflict = |code, zh: &str, en: &str| Self::new(Kind::Conflict, code, zh, en);
        match error {
            WhoseError::Guest => conflict("SIGN_IN_FIRST", "绑定微信前请先登录", "Please sign in before you connect WeChat"),
            WhoseError::Taken => conflict(
                "WECHAT_TAKEN",
                "这个微信已绑定另一个手机号的账户，请先在那个账户里解绑",
                "This WeChat is connected to the account of another phone number; please disconnect it there first",
            ),
            WhoseError::OnlyWay => conflict(
                "WECHAT_ONLY_WAY",
                "微信是您唯一的登录方式，请先绑定手机号，再解绑微信",
                "WeChat is your only way to sign in; please add a phone number before you disconnect it",
            ),
        }
    }
}

/// What it means that a customer binds a name which is `owner`'s by now, if it is anybody's.
pub(super) fn binding(who: CustomerId, ways: Ways, owner: Option<(CustomerId, Ways)>) -> Result<Binding, WhoseError> {
    if ways.guest() {
        return Err(WhoseError::Guest);
    }
    match owner {
        None => Ok(Binding::New),
        Some((owner, _)) if owner == who => Ok(Binding::Theirs),
        Some((_, theirs)) if theirs.phone => Err(WhoseError::Taken),
        Some((owner, _)) => Ok(Binding::With(owner)),
    }
}

/// Whether nothing is known of a customer but a number that was said at a desk, and nobody has ever signed in as them: they become whoever shows that
/// the number is theirs, and nobody is locked out by it.
pub(super) const fn is_shell(ways: Ways, signed_in: bool) -> bool {
    ways.phone && !ways.wechat && !signed_in
}

/// Whether a customer's names at WeChat may be taken off, and whether there are any.
pub(super) const fn unbinding(ways: Ways) -> Result<bool, WhoseError> {
    match (ways.wechat, ways.phone) {
        (false, _) => Ok(false),
        (true, true) => Ok(true),
        (true, false) => Err(WhoseError::OnlyWay),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn id(n: u128) -> CustomerId {
        CustomerId::from_uuid(uuid::Uuid::from_u128(n))
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Bind { who: usize, name: usize },
        Unbind { who: usize },
        Number { who: usize, join: bool, number: usize },
        Change { who: usize, number: usize },
    }

    fn some_steps() -> impl Strategy<Value = Vec<Step>> {
        let one = prop_oneof![
            (0..4_usize, 0..3_usize).prop_map(|(who, name)| Step::Bind { who, name }),
            (0..4_usize).prop_map(|who| Step::Unbind { who }),
            (0..4_usize, any::<bool>(), 0..3_usize).prop_map(|(who, join, number)| Step::Number { who, join, number }),
            (0..4_usize, 0..3_usize).prop_map(|(who, number)| Step::Change { who, number }),
        ];
        prop::collection::vec(one, 0..40)
    }

    /// Four customers, by their phone number, by who they have become, and by whether anybody has signed in as them; and whose each name is.
    struct World {
        numbers: [Option<usize>; 4],
        became: [Option<usize>; 4],
        signed_in: [bool; 4],
        names: BTreeMap<usize, usize>,
    }

    impl World {
        fn ways(&self, who: usize) -> Ways {
            Ways { phone: self.numbers[who].is_some(), wechat: self.names.values().any(|owner| *owner == who) }
        }

        fn join(&mut self, from: usize, to: usize) {
            self.became[from] = Some(to);
            self.numbers[from] = None;
            self.names.values_mut().filter(|owner| **owner == from).for_each(|owner| *owner = to);
        }

        fn take(&mut self, step: Step) {
            match step {
                Step::Bind { who, .. } | Step::Unbind { who } | Step::Number { who, .. } | Step::Change { who, .. }
                    if self.became[who].is_some() || !self.signed_in[who] => {}
                Step::Bind { who, name } => {
                    let owner = self.names.get(&name).copied();
                    let known = owner.map(|owner| (id(owner as u128), self.ways(owner)));
                    match (binding(id(who as u128), self.ways(who), known), owner) {
                        (Ok(Binding::With(_)), Some(owner)) => self.join(owner, who),
                        (Ok(Binding::New), _) => {
                            self.names.insert(name, who);
                        }
                        _ => {}
                    }
                }
                Step::Unbind { who } => {
                    if unbinding(self.ways(who)) == Ok(true) {
                        self.names.retain(|_, owner| *owner != who);
                    }
                }
                Step::Number { who, join, number } => {
                    let along = self.ways(who).come_along(join);
                    match self.numbers.iter().position(|one| *one == Some(number)) {
                        Some(known) => {
                            self.signed_in[known] = true;
                            if along {
                                self.join(who, known);
                            }
                        }
                        // Whoever else is signed in by it is somebody new, and not one of the four.
                        None if along => self.numbers[who] = Some(number),
                        None => {}
                    }
                }
                Step::Change { who, number } if self.numbers[who].is_some() => {
                    match self.numbers.iter().position(|one| *one == Some(number)) {
                        Some(other) if is_shell(self.ways(other), self.signed_in[other]) => {
                            self.join(other, who);
                            self.numbers[who] = Some(number);
                        }
                        None => self.numbers[who] = Some(number),
                        Some(_) => {}
                    }
                }
                // Who has none signs in by it.
                Step::Change { .. } => {}
            }
        }
    }

    proptest! {
        #[test]
        fn v2_1_nobody_with_a_number_loses_a_name_but_by_unbinding_and_nobody_is_locked_out(steps in some_steps()) {
            // The last one was written down at a desk, and nobody has signed in as them yet.
            let numbers = [None, None, None, Some(2)];
            let signed_in = [true, true, true, false];
            let mut world = World { numbers, became: [None; 4], signed_in, names: BTreeMap::from([(0, 0), (1, 1)]) };
            for step in steps {
                let (before, names, known) = ([0, 1, 2, 3].map(|who| world.ways(who)), world.names.clone(), world.signed_in);
                world.take(step);
                for (who, was) in before.into_iter().enumerate() {
                    let is = world.ways(who);
                    let kept = world.became[who].is_none() && is.phone;
                    prop_assert!(!was.phone || !known[who] || kept, "{:?} makes a customer with a number another, or takes it", step);
                    prop_assert!(was.guest() || world.became[who].is_some() || !is.guest(), "{:?} locks a customer out", step);
                }
                for (name, owner) in names.iter().filter(|(_, owner)| before[**owner].phone) {
                    let unbound = matches!(step, Step::Unbind { who } if who == *owner);
                    prop_assert!(unbound || world.names.get(name) == Some(owner), "{:?} takes a name", step);
                }
            }
        }

        #[test]
        fn v2_1_a_number_alone_takes_nobodys_name(phone: bool) {
            let (unasked, numbered) = (Ways { phone, wechat: true }, Ways { phone: true, wechat: phone });
            prop_assert!(!unasked.come_along(false) && !numbered.come_along(true));
        }
    }

    #[test]
    fn v2_1_what_binding_a_name_means_follows_from_whose_it_is_and_who_has_a_number() {
        let [guest, phone, wechat, both] =
            [(false, false), (true, false), (false, true), (true, true)].map(|(phone, wechat)| Ways { phone, wechat });
        let (who, other) = (id(1), id(2));
        for ways in [phone, wechat, both] {
            assert_eq!(binding(who, ways, None), Ok(Binding::New));
            assert_eq!(binding(who, ways, Some((who, ways))), Ok(Binding::Theirs));
            assert_eq!(binding(who, ways, Some((other, wechat))), Ok(Binding::With(other)));
            for theirs in [phone, both] {
                assert_eq!(binding(who, ways, Some((other, theirs))), Err(WhoseError::Taken));
            }
        }
        assert_eq!(binding(who, guest, None), Err(WhoseError::Guest));
        assert_eq!([guest, phone, wechat, both].map(unbinding), [Ok(false), Ok(false), Err(WhoseError::OnlyWay), Ok(true)]);
    }

    #[test]
    fn v2_1_who_has_signed_in_or_has_a_name_is_nobodys_to_take_over() {
        for (phone, wechat, signed_in, shell) in [
            (true, false, false, true),
            (true, false, true, false),
            (true, true, false, false),
            (true, true, true, false),
            (false, false, false, false),
            (false, true, true, false),
        ] {
            assert_eq!(is_shell(Ways { phone, wechat }, signed_in), shell, "{phone} {wechat} {signed_in}");
        }
    }

    #[test]
    fn v2_2_a_guest_comes_along_and_so_does_whom_wechat_knows_when_asked_to() {
        assert!(Ways { phone: false, wechat: false }.come_along(false));
        assert!(Ways { phone: false, wechat: true }.come_along(true));
    }
}
