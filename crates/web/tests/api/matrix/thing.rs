//! What the rules are about, by name. How each is made: `things.rs`, and what customers have `theirs.rs`.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A user whom the chief created (alice's stand-in), or an agent admin without a superior (the chief's).
    User,
    /// The same, disabled by a super admin.
    DisabledUser,
    /// The owner itself, for what only looks.
    Person,
    /// Open for application, and granted to nobody.
    OpenProject,
    /// Granted to the owner, with prices.
    GrantedProject,
    /// With a callback set.
    CalledProject,
    Setting,
    DeadJob,
    Delivery,
    Grant,
    Application,
    Batch,
    /// Still being made.
    SlowBatch,
    Key,
    /// Disabled by its owner.
    DisabledKey,
    BoundKey,
    /// A verification of the owner's key.
    Call,
    /// A line of the owner's statement: what a super admin has put there.
    QuotaLine,
    Withdrawal,
    ApprovedWithdrawal,
    /// A line of the operation log that the owner caused.
    Operation,
    /// A line of the sign-in log: a try of the owner.
    SignIn,
    Notification,
    Session,
    /// A link to download an export of the owner's key.
    Ticket,
    Hall,
    /// Beside the hall's own; no table uses it.
    PriceList,
    /// With a light that has never been there.
    HallTable,
    /// Without one.
    DarkTable,
    HallCode,
    HallDevice,
    /// A call of some customer's about a light, and about no session.
    Complaint,
    /// A key of the owner's, as a program has it.
    KeyText,
    /// What customers have, pay for and play on.
    Theirs(Theirs),
}

impl Thing {
    pub const fn is_of_a_hall(self) -> bool {
        matches!(
            self,
            Self::Hall
                | Self::PriceList
                | Self::HallTable
                | Self::DarkTable
                | Self::HallCode
                | Self::HallDevice
                | Self::Complaint
                | Self::Theirs(_)
        )
    }

    /// What lists show.
    pub const EVERY: [Self; 14] = [
        Self::User,
        Self::OpenProject,
        Self::DeadJob,
        Self::Delivery,
        Self::Grant,
        Self::Application,
        Self::Batch,
        Self::DisabledKey,
        Self::Call,
        Self::Withdrawal,
        Self::Operation,
        Self::SignIn,
        Self::Notification,
        Self::Session,
    ];
}

/// What customers have: an owner's customer has it, in a hall where the manager, the maintainer and the cashier work if that is alice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theirs {
    /// With a light that answers; nobody plays there, and nobody holds it.
    FreeTable,
    /// Held by the customer.
    HeldTable,
    /// The customer plays there.
    PlayedTable,
    /// A session on such a table, for a walk-in: it was opened at the desk, and is played.
    DeskPlay,
    /// Such a table, taken out of service.
    TableOutOfService,
    /// The customer has played there, and it is being cleaned.
    CleanedTable,
    /// Played, for an hour that is paid.
    Session,
    /// Of a session that is played, by the customer who plays it; nobody has joined.
    Split,
    /// Of one that is over and has cost something; one friend has confirmed, and one place is free.
    EndedSplit,
    /// What is in the link of a friend's split.
    Link,
    /// A friend's split of which the customer has a share, and no other customer.
    Share,
    /// Money for the wallet that is not paid yet.
    Order,
    /// The network would not make it.
    StuckRefund,
    /// A line of a network's bill of which our books know nothing.
    Difference,
    /// A network's name.
    Channel,
    Message,
    WalletLine,
    /// Points for a bill.
    PointLine,
    /// To a hall, about no session.
    OwnComplaint,
    OwnAnswered,
    /// Somebody's, to the hall, answered there.
    Answered,
    /// Somebody's, about a session that has cost something.
    Billed,
}
