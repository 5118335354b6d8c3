//! Complaints 投诉 and calls for help 求助 (V9.5): a customer says what is wrong; those of the hall's staff whose work it is are told at once, look
//! at the session, its bill and its light beside each other, and answer. What is wrong with a bill is put right by giving it back, in part or whole.
//!
//! Begin with [`model`]: the states, who answers, and what may be given back. [`ask`] is what customers do, [`desk`] what the staff does.
//!
//! **Invariant**: whoever is told of one may answer it.
//! **Invariant**: of one session's bill is given back once, and no more than the customer's wallet has paid for it.

mod ask;
mod desk;
mod error;
mod figures;
mod model;
mod reach;
mod remedy;
mod rows;
mod view;

pub use ask::{NewComplaint, ask, reopen, settle};
pub use desk::{ComplaintFilter, DeskComplaint, DeskRow, answer, close, detail, list};
pub use figures::{HallFigures, figures};
pub use model::{ComplaintEntity, ComplaintId, ComplaintKind, ComplaintState, Matter};
pub use reach::{ShownPhone, show_phone};
pub(crate) use remedy::is_given;
pub use remedy::{GiveBack, give_back};
pub(crate) use rows::carry_over;
pub use view::{ComplaintRow, ComplaintView, Said, get, mine};
