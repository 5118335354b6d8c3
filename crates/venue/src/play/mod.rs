//! Play 打球: from the moment somebody asks for a table until the bill is paid.
//!
//! Opening (V3) is one transaction that holds the money, writes the session, and has the light told to come on; from there each step
//! follows from what the light says ([`light_is`]) or from the clock ([`clock`]). Whatever kills the program between two of them, the next
//! one is written down in a job: either the light is seen and play begins, or the deadline comes, and the money is the customer's again.
//!
//! **Invariant**: play begins, and is billed, from when the light was seen; never from a command that was sent.
//! **Invariant**: a bill takes at most what was held.

mod bill;
mod clean;
mod clock;
mod closing;
mod dark;
mod desk;
mod desk_list;
mod end;
mod error;
mod extend;
mod grace;
mod model;
mod open;
mod paid;
mod pause;
mod reports;
mod rows;
mod unlit;
mod view;
mod within;

pub(crate) use bill::bill_lines;
pub use bill::{BillLine, BillView};
pub use clean::cleaned;
pub(crate) use clean::{CLEANED_JOB, cleaned_job, free_at};
pub(crate) use clock::{
    CLOSING_JOB, FAULT_JOB, OFFLINE_JOB, OPENING_JOB, TIME_JOB, closing_job, fault_job, offline_job, opening_job, overdue, time_job,
};
pub(crate) use closing::{ends_in_time, last_opening, to_open};
pub use dark::SessionLight;
pub use desk::{DeskAsk, DeskOffer, DeskPlay, desk_extension, desk_offer, desk_play, extend_at_desk, open_at_desk};
pub use desk_list::{DeskPlayRow, desk_plays};
pub use end::{close, close_by_staff};
pub(crate) use error::PlayError;
pub use extend::{ExtendAsk, Extension, extend, extension};
pub(crate) use grace::{graced, too_often};
pub(crate) use model::Session;
pub use model::{EndReason, SessionEntity, SessionId, SessionState, Terms};
pub use open::{OpenAsk, PlayTime, open};
pub(crate) use open::{is_free, offer, quote};
pub(crate) use paid::{open_paid, quoted};
pub use pause::{PauseTerms, pause, resume};
pub(crate) use reports::{burns_for_nobody, device_is, is_dark_though_on, light_is};
pub(crate) use rows::{by_id as session, carry_over, live, of_order, plays};
pub(crate) use unlit::{ends_in_the_dark, ran_out};
pub use view::{PauseView, SessionView, current, get, list};
pub(crate) use view::{cost_so_far, of as view_of, of_venue};
