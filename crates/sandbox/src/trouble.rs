//! What payment networks do wrong, for trying what becomes of the program then.

/// With requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asked {
    #[default]
    Well,
    /// 503, and nothing is done.
    Down,
    /// Says that it is asked too often, or cannot serve now, and does nothing: signed.
    Busy,
    /// Does it, and answers 504.
    DoneAndSilent,
    /// Does it, and says that it had a trouble of its own: signed.
    DoneAndTroubled,
    /// Answers as somebody else would who has not its key.
    Forged,
    /// Takes no new order, as from a merchant whose key was revoked, and says so: signed. All else is well.
    PlacesRefused,
    /// Signs nothing that is no success.
    RefusesUnsigned,
    /// Signs nothing at all.
    Unsigned,
    /// Whoever closes a freezing is not answered, nor is it done, until this is over. All else is well.
    CancelsWait,
    /// What is taken of frozen money is under way there, and is not closed meanwhile: signed. All else is well.
    CapturesWait,
    /// Nobody signs Alipay's bills: whoever stands between puts refunds in them that were not made. All else is well.
    BillsForged,
    /// Says that it is another's, an amount that is another, or the like: signed.
    Altered,
}

/// With what it tells by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Told {
    #[default]
    Once,
    /// Never arrives.
    Lost,
    /// So many seconds later, by its own clock.
    Late(u32),
    /// Only when somebody lets it go, in whichever order: `owed` and `release`.
    Kept,
    /// Each second one before the first, which waits for it: two payments', or a refund's before its payment's.
    Swapped,
    /// Twice, at the same moment.
    Twice,
    /// Signed by somebody else.
    Forged,
    /// One fen less, signed.
    OtherAmount,
}

/// With refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Returned {
    #[default]
    AtOnce,
    /// Until [`Troubles::refunds`] says otherwise.
    Pending,
    /// The network will not.
    Refused,
    /// The merchant has too little there for those that were not made yet. What is only frozen is let go all the same.
    Short,
}

/// All of it, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Troubles {
    pub asked: Asked,
    pub told: Told,
    pub refunds: Returned,
    /// What is taken of frozen money ends closed, and unpaid.
    pub captures_close: bool,
    /// Has no bill yet, of any day.
    pub bills_late: bool,
    /// How many seconds its clock is before ours.
    pub skew: i64,
    /// While WeChat Pay changes its key: of a hundred answers, and of a hundred notices, so many are signed by the next one.
    pub next_key: u8,
    /// No trouble: Alipay says its payers' names in this app alone, and no user ids, as it does to newer apps.
    pub open_ids: bool,
}

impl Troubles {
    /// All is well.
    pub const NONE: Self = Self {
        asked: Asked::Well,
        told: Told::Once,
        refunds: Returned::AtOnce,
        captures_close: false,
        bills_late: false,
        skew: 0,
        next_key: 0,
        open_ids: false,
    };
}

impl Default for Troubles {
    fn default() -> Self {
        Self::NONE
    }
}
