//! Who asks: somebody of each role, and those whom a role alone does not describe.

use std::sync::atomic::{AtomicU8, Ordering};

use platform::identity::Role;
use testkit::{Client, TestServer};

/// Somebody who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Visitor,
    /// Was disabled a moment ago and still has a token.
    Disabled,
    /// An agent who has not changed the first password yet.
    Novice,
    Root,
    /// An agent admin: alice's superior.
    Chief,
    Alice,
    /// Another agent of the same superior.
    Peer,
    /// An agent admin of another branch.
    OtherChief,
    /// An agent of that branch.
    Stranger,
    Venue,
    Maintainer,
    Cashier,
    /// Has a phone, and whatever customers have of alice's.
    Customer,
    /// Another one, who has what is the chief's.
    OtherCustomer,
    /// Has no phone, and nothing.
    Guest,
    /// The program of the project whose keys alice and the chief make: it signs what it asks.
    Program,
    /// Another project's, which signs as well.
    OtherProgram,
}

pub const EVERYBODY: &[Who] = &[
    Who::Visitor,
    Who::Disabled,
    Who::Novice,
    Who::Root,
    Who::Chief,
    Who::Alice,
    Who::Peer,
    Who::OtherChief,
    Who::Stranger,
    Who::Venue,
    Who::Maintainer,
    Who::Cashier,
    Who::Customer,
    Who::OtherCustomer,
    Who::Guest,
    Who::Program,
    Who::OtherProgram,
];

impl Who {
    /// What the rules look at; nobody who is not let in has a role.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Visitor | Self::Disabled => None,
            // Nobody of the console's.
            Self::Customer | Self::OtherCustomer | Self::Guest | Self::Program | Self::OtherProgram => None,
            Self::Root => Some(Role::SuperAdmin),
            Self::Chief | Self::OtherChief => Some(Role::AgentAdmin),
            Self::Novice | Self::Alice | Self::Peer | Self::Stranger => Some(Role::Agent),
            Self::Venue => Some(Role::VenueManager),
            Self::Maintainer => Some(Role::Maintainer),
            Self::Cashier => Some(Role::Cashier),
        }
    }

    pub const fn is_customer(self) -> bool {
        matches!(self, Self::Customer | Self::OtherCustomer | Self::Guest)
    }

    pub const fn is_program(self) -> bool {
        matches!(self, Self::Program | Self::OtherProgram)
    }
}

/// Whose a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Alice,
    /// Her superior's own: she is below it.
    Chief,
}

/// How somebody stands to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    Own,
    /// One's agent's.
    Team,
    /// A super admin's look at anybody's.
    Root,
    Foreign,
}

pub const fn tie(who: Who, owner: Owner) -> Tie {
    match (who, owner) {
        (Who::Alice, Owner::Alice) | (Who::Chief, Owner::Chief) => Tie::Own,
        (Who::Chief, Owner::Alice) => Tie::Team,
        (Who::Root, _) => Tie::Root,
        _ => Tie::Foreign,
    }
}

/// The manager, the maintainer and the cashier work in one hall, and not in the other.
pub const fn tie_to_hall(who: Who, owner: Owner) -> Tie {
    match (who, owner) {
        (Who::Venue | Who::Maintainer | Who::Cashier, Owner::Alice) => Tie::Own,
        (Who::Root, _) => Tie::Root,
        _ => Tie::Foreign,
    }
}

/// What alice's customer has is not the other's, and the other way round.
pub const fn tie_of_customer(who: Who, owner: Owner) -> Tie {
    match (who, owner) {
        (Who::Customer, Owner::Alice) | (Who::OtherCustomer, Owner::Chief) => Tie::Own,
        _ => Tie::Foreign,
    }
}

/// Of the keys of one project, whoever made them.
pub const fn tie_of_program(who: Who) -> Tie {
    if matches!(who, Who::Program) { Tie::Own } else { Tie::Foreign }
}

pub struct People {
    visitor: Client,
    disabled: Client,
    novice: Client,
    pub root: Client,
    pub chief: Client,
    pub alice: Client,
    peer: Client,
    other_chief: Client,
    stranger: Client,
    pub venue: Client,
    pub maintainer: Client,
    pub cashier: Client,
    spare: AtomicU8,
}

impl People {
    pub async fn new(server: &TestServer) -> Self {
        let root = server.user(Role::SuperAdmin, "root").await;
        let chief = server.user(Role::AgentAdmin, "chief").await;
        let other_chief = server.user(Role::AgentAdmin, "otherchief").await;
        let under = async |name: &str, superior: &Client| server.user_under(Role::Agent, name, Some(superior)).await;
        let people = Self {
            visitor: server.visitor(),
            disabled: under("disabled", &chief).await,
            novice: under("novice", &chief).await,
            alice: under("alice", &chief).await,
            peer: under("peer", &chief).await,
            stranger: under("stranger", &other_chief).await,
            venue: server.user(Role::VenueManager, "venue").await,
            maintainer: server.user(Role::Maintainer, "maintainer").await,
            cashier: server.user(Role::Cashier, "counter").await,
            root,
            chief,
            other_chief,
            spare: AtomicU8::new(0),
        };
        for who in [Who::Chief, Who::Alice, Who::Peer, Who::OtherChief, Who::Stranger] {
            server.issue(people.client(who), 1_000_000).await;
        }
        server.give_first_password(people.novice.id()).await;
        let disable = format!("/api/v1/users/{}/disable", people.disabled.id());
        people.chief.post(&disable, serde_json::json!({})).await.ok(200);
        people
    }

    pub const fn client(&self, who: Who) -> &Client {
        match who {
            Who::Visitor => &self.visitor,
            // The console does not know them: what they come with is put to it where they ask (`World::client`).
            Who::Customer | Who::OtherCustomer | Who::Guest | Who::Program | Who::OtherProgram => &self.visitor,
            Who::Disabled => &self.disabled,
            Who::Novice => &self.novice,
            Who::Root => &self.root,
            Who::Chief => &self.chief,
            Who::Alice => &self.alice,
            Who::Peer => &self.peer,
            Who::OtherChief => &self.other_chief,
            Who::Stranger => &self.stranger,
            Who::Venue => &self.venue,
            Who::Maintainer => &self.maintainer,
            Who::Cashier => &self.cashier,
        }
    }

    pub const fn owner(&self, owner: Owner) -> &Client {
        match owner {
            Owner::Alice => &self.alice,
            Owner::Chief => &self.chief,
        }
    }

    /// Somebody else of the same kind, for what changes or ends the asker itself; with the password's owner's name.
    pub async fn spare(&self, server: &TestServer, who: Who) -> (Client, String) {
        let name = format!("spare{}", self.spare.fetch_add(1, Ordering::Relaxed));
        let Some(role) = who.role() else { return (self.client(who).clone(), String::from("disabled")) };
        let superior = (role == Role::Agent).then_some(&self.chief);
        let spare = server.user_under(role, &name, superior).await;
        if who == Who::Novice {
            server.give_first_password(spare.id()).await;
        }
        (spare, name)
    }
}
