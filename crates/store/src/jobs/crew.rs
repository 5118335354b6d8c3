//! Who carries jobs out: crews of workers, none of which waits for another.

use kernel::{Timestamp, Word};
use uuid::Uuid;

use crate::{Db, Result, Sql, args};

kernel::words! {
    /// Which workers carry a job out.
    pub enum Crew {
        /// For what people stand and wait for. Its handlers call nothing slow: a lamp does not wait for somebody's mail server.
        Prompt = "prompt",
        /// Speaks to relay boards, which take their time, and more of it when they are silent. Neither keeps a hall with other lamps waiting, nor
        /// waits for mail. Works in one process at a time: many boards take one connection, and turns are kept in a process.
        Boards = "boards",
        /// Asks WeChat about payments, which may hang: nobody who has paid otherwise, or waits for money from elsewhere, waits for that.
        Wechat = "wechat",
        /// The same with Alipay.
        Alipay = "alipay",
        /// Sends texts to phones: somebody waits for a code, and it is good for minutes.
        Texts = "texts",
        /// Calls projects' owners, whose servers may hang, and of whom one may have thousands of calls coming: nobody's mail waits for that.
        Callbacks = "callbacks",
        /// Sends mail, by a server that may hang: no payment, batch or export waits for that.
        Mail = "mail",
        /// For all that may take its time.
        Rest = "rest",
    }
}

impl Crew {
    /// All of them, as a list in SQL: of an index that begins with the crew, each one's jobs are a stretch.
    pub(super) fn list() -> String {
        Self::ALL.iter().map(|crew| format!("'{}'", crew.as_str())).collect::<Vec<_>>().join(", ")
    }

    /// Whether it works in one process at a time.
    pub(crate) const fn is_alone(self) -> bool {
        match self {
            Self::Boards => true,
            Self::Prompt | Self::Wechat | Self::Alipay | Self::Texts | Self::Callbacks | Self::Mail | Self::Rest => false,
        }
    }

    /// Its place among all.
    pub(crate) const fn place(self) -> usize {
        match self {
            Self::Prompt => 0,
            Self::Boards => 1,
            Self::Wechat => 2,
            Self::Alipay => 3,
            Self::Texts => 4,
            Self::Callbacks => 5,
            Self::Mail => 6,
            Self::Rest => 7,
        }
    }
}

/// How many jobs of each crew are carried out at once.
#[derive(Debug, Clone, Copy)]
pub struct Workers {
    pub prompt: usize,
    pub boards: usize,
    pub wechat: usize,
    pub alipay: usize,
    pub texts: usize,
    pub callbacks: usize,
    pub mail: usize,
    pub rest: usize,
}

/// How long a process that falls silent keeps a crew from working elsewhere: as long as it keeps the jobs that it had begun.
const TERM: i64 = super::runner::LEASE;

/// That a crew works in this process and in no other.
///
/// **Invariant**: of two that ask, at most one holds it at a time, by the clocks of both. What was begun before it was lost may still go on.
pub struct Lead {
    crew: Crew,
    holder: Uuid,
    /// Until when it is held, as far as is known.
    until: Option<Timestamp>,
}

impl Lead {
    /// `holder` is nobody else's.
    pub fn new(crew: Crew, holder: Uuid) -> Self {
        Self { crew, holder, until: None }
    }

    /// Whether the crew may work here now; takes the lead where it is free.
    pub async fn holds(&mut self, db: &Db, now: Timestamp) -> Result<bool> {
        // One that ends later than it can was taken before the clock was set back: others may not believe it.
        if self.until.is_some_and(|until| now < until.plus_micros(-TERM / 2) && until <= now.plus_micros(TERM)) {
            return Ok(true);
        }
        // Until it is known otherwise.
        self.until = None;
        let (crew, until) = (self.crew.as_str(), now.plus_micros(TERM));
        // Looking costs no turn of the writer.
        let of_another = "SELECT 1 AS there FROM crews WHERE name = $1 AND holder <> $2 AND until_at > $3";
        if db.read().opt(of_another, args![crew, self.holder, now], |_| Ok(())).await?.is_some() {
            return Ok(false);
        }
        let mut tx = db.begin().await?;
        let sql = "INSERT INTO crews (name, holder, until_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at \
                   WHERE crews.holder = excluded.holder OR crews.until_at <= $4";
        let held = tx.exec(sql, args![crew, self.holder, until, now]).await? == 1;
        tx.commit().await?;
        self.until = held.then_some(until);
        Ok(held)
    }

    /// Lets others have it at once.
    pub async fn leave(self, db: &Db) -> Result<()> {
        let mut tx = db.begin().await?;
        tx.exec("DELETE FROM crews WHERE name = $1 AND holder = $2", args![self.crew.as_str(), self.holder]).await?;
        tx.commit().await
    }
}
