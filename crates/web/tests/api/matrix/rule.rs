//! What a rule says, and what follows from it for each who asks.

use platform::identity::Role;
use serde_json::Value;

use super::people::{Owner, Tie, Who, tie, tie_of_customer, tie_of_program, tie_to_hall};
use super::thing::Thing;

/// Who is let in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Anybody,
    /// Signed in, even if the first password has still to be changed.
    BeforeDuties,
    /// Signed in, whatever the role.
    SignedIn,
    Only(&'static [Role]),
    /// A program with an API key: a session is no use here.
    Program,
    /// A customer, who is nobody of the console's. A guest is one.
    Customer,
}

/// What somebody who was let in meets at a thing that is not its own to touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// As if it were not there.
    Hidden,
    /// Seen, but somebody else's to decide.
    Seen,
    /// Refused with this status for a reason of its own.
    Refused(u16),
    /// A list, or a bulk change, that leaves it out.
    LeftOut,
}

/// What comes of each tie to a thing: `None` where it is reached.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    pub own: Option<Shut>,
    pub team: Option<Shut>,
    pub root: Option<Shut>,
    pub foreign: Option<Shut>,
}

const HIDDEN: Option<Shut> = Some(Shut::Hidden);
const ALL: Reach = Reach { own: None, team: None, root: None, foreign: None };

impl Reach {
    /// Whoever passes the door reaches it: things of the installation.
    pub const EVERY: Self = ALL;
    /// The owner, its superior, super admins.
    pub const BRANCH: Self = Self { foreign: HIDDEN, ..ALL };
    pub const OWN: Self = Self { team: HIDDEN, root: HIDDEN, foreign: HIDDEN, ..ALL };
    /// The superior and super admins; the owner does not even see it there.
    pub const ABOVE: Self = Self { own: HIDDEN, foreign: HIDDEN, ..ALL };
    /// The superior and super admins; the owner sees it and may not.
    pub const DECIDED_ABOVE: Self = Self { own: Some(Shut::Seen), foreign: HIDDEN, ..ALL };
    /// The owner and super admins.
    pub const OWN_OR_ROOT: Self = Self { team: HIDDEN, foreign: HIDDEN, ..ALL };

    /// The same for lists: what is not reached is left out.
    pub const fn listed(self) -> Self {
        self.with(Shut::LeftOut)
    }

    pub const fn with(self, shut: Shut) -> Self {
        const fn swap(old: Option<Shut>, new: Shut) -> Option<Shut> {
            if old.is_some() { Some(new) } else { None }
        }
        Self { own: swap(self.own, shut), team: swap(self.team, shut), root: swap(self.root, shut), foreign: swap(self.foreign, shut) }
    }

    pub const fn of(self, tie: Tie) -> Option<Shut> {
        match tie {
            Tie::Own => self.own,
            Tie::Team => self.team,
            Tie::Root => self.root,
            Tie::Foreign => self.foreign,
        }
    }
}

/// What a body may be made of.
pub struct Case<'a> {
    /// The thing's id, or what stands for it.
    pub thing: &'a str,
    /// Its owner's id.
    pub owner: &'a str,
    /// A number that no other case has.
    pub n: u32,
    /// The asker's name, where a spare one asks.
    pub name: &'a str,
    pub captcha: Value,
}

#[derive(Clone, Copy)]
pub struct Rule {
    /// Method and path as OpenAPI has them; a query may follow, with `{thing}` and `{owner}` in it.
    pub call: &'static str,
    pub door: Door,
    pub thing: Option<Thing>,
    pub reach: Reach,
    /// What those get who may. Not always 2xx: some calls would need more than the right to make them, and then say so ([`Rule::because`]).
    pub good: u16,
    /// What guests get instead, who pass the door and may not for want of a phone.
    pub guest: Option<u16>,
    /// Why what is good is a refusal, and which test has the call succeed: `file.rs::test`, which is held to that by `TestServer::has_answered`.
    pub why: &'static str,
    /// Of a list without a thing: which test shows that nobody sees another's rows there, `file.rs::test`. Held to it as well.
    pub elsewhere: &'static str,
    /// Of a list whose rows are nobody's: what they are.
    pub nobodys: &'static str,
    pub body: Option<fn(&Case<'_>) -> Value>,
    /// It changes or ends the asker: somebody else of the kind asks.
    pub spare: bool,
    pub captcha: bool,
    /// A stream without end.
    pub stream: bool,
}

pub const fn rule(call: &'static str, door: Door, good: u16) -> Rule {
    Rule {
        call,
        door,
        thing: None,
        reach: Reach::EVERY,
        good,
        guest: None,
        why: "",
        elsewhere: "",
        nobodys: "",
        body: None,
        spare: false,
        captcha: false,
        stream: false,
    }
}

impl Rule {
    pub const fn on(self, thing: Thing, reach: Reach) -> Self {
        Self { thing: Some(thing), reach, ..self }
    }
    pub const fn body(self, body: fn(&Case<'_>) -> Value) -> Self {
        Self { body: Some(body), ..self }
    }
    pub const fn guest(self, status: u16) -> Self {
        Self { guest: Some(status), ..self }
    }
    pub const fn because(self, why: &'static str) -> Self {
        Self { why, ..self }
    }
    pub const fn elsewhere(self, test: &'static str) -> Self {
        Self { elsewhere: test, ..self }
    }
    pub const fn nobodys(self, what: &'static str) -> Self {
        Self { nobodys: what, ..self }
    }
    pub const fn spare(self) -> Self {
        Self { spare: true, ..self }
    }
    pub const fn captcha(self) -> Self {
        Self { captcha: true, ..self }
    }
    pub const fn stream(self) -> Self {
        Self { stream: true, ..self }
    }

    pub fn method(&self) -> &'static str {
        self.call.split(' ').next().unwrap()
    }
    pub fn target(&self) -> &'static str {
        self.call.split(' ').nth(1).unwrap()
    }
    /// As OpenAPI calls it.
    pub fn operation(&self) -> &'static str {
        self.call.split('?').next().unwrap()
    }
}

/// What must come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Good,
    /// 200, and the thing is not in it, or not changed.
    LeftOut,
    Refused(u16, &'static str),
    /// This status, whatever the code.
    Status(u16),
}

pub fn expected(rule: &Rule, who: Who, owner: Owner) -> Expected {
    let refused = |status, code| Expected::Refused(status, code);
    match (rule.door, who) {
        (Door::Anybody, _) => return Expected::Good,
        (Door::Program, who) if !who.is_program() => return refused(401, "API_KEY_UNKNOWN"),
        (Door::Program, _) => {}
        // What a program signs opens no other door.
        (_, Who::Visitor | Who::Program | Who::OtherProgram) => return refused(401, "SIGN_IN_REQUIRED"),
        (Door::Customer, who) if who.is_customer() => {}
        // The console's tokens are none of customers', and the other way round.
        (Door::Customer, _) | (_, Who::Customer | Who::OtherCustomer | Who::Guest) => return refused(401, "SESSION_INVALID"),
        (_, Who::Disabled) => return refused(401, "SESSION_INVALID"),
        (Door::BeforeDuties, Who::Novice) => {}
        (_, Who::Novice) => return refused(403, "PASSWORD_CHANGE_REQUIRED"),
        (Door::Only(roles), _) if who.role().is_none_or(|role| !roles.contains(&role)) => return refused(403, "FORBIDDEN"),
        _ => {}
    }
    if let (Who::Guest, Some(status)) = (who, rule.guest) {
        return Expected::Status(status);
    }
    let Some(thing) = rule.thing else { return Expected::Good };
    let tie = if who.is_program() {
        tie_of_program(who)
    } else if who.is_customer() {
        tie_of_customer(who, owner)
    } else if thing.is_of_a_hall() {
        tie_to_hall(who, owner)
    } else {
        tie(who, owner)
    };
    match rule.reach.of(tie) {
        None => Expected::Good,
        Some(Shut::Hidden) if thing == Thing::Ticket => refused(404, "EXPORT_LINK_EXPIRED"),
        Some(Shut::Hidden) => refused(404, "NOT_FOUND"),
        Some(Shut::Seen) => refused(403, "FORBIDDEN"),
        Some(Shut::Refused(status)) => Expected::Status(status),
        Some(Shut::LeftOut) => Expected::LeftOut,
    }
}
