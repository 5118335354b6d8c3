//! Words that every part of Cuekey uses: ids, time, randomness, amounts, paging, refusals.
//!
//! Nothing here does I/O or knows a database. Time and randomness are values ([`Clock`], [`Random`]) that
//! are handed in, so that a test can live through a day at once and repeat it from a seed.
//!
//! Begin with [`Fault`] (how anything is refused), then [`Id`] and [`Timestamp`].

mod amount;
mod fault;
mod id;
mod lang;
mod page;
mod random;
pub mod text;
mod time;
mod words;

pub use amount::{Amount, AmountError, Fen, Quota};
pub use fault::{Fault, FieldError, Fields, Kind};
pub use id::{Entity, Id, IdError, type_id};
pub use lang::Lang;
pub use page::{Cursor, Page, PageAsk};
pub use random::Random;
pub use time::{APART, Clock, DAY, HOUR, MINUTE, SECOND, Stopwatch, Timestamp};
pub use words::Word;
