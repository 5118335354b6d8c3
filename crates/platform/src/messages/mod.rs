//! What people are told (K7.2): in the console's notification centre, and by e-mail.
//!
//! [`tell`] writes a notification, and where its template says so a mail job, into the caller's transaction. Texts are
//! templates with both languages ([`templates`]); what is stored is the template's name and its parameters, so that a
//! reader sees them in the language of the day. Of an action that takes several transactions, a [`Tally`] tells each once.

mod hub;
mod mail;
mod notification;
mod outage;
mod sms;
mod tally;
pub mod templates;

pub use hub::Hub;
pub(crate) use mail::UNDER_KEY;
pub use mail::{DatabaseMailbox, MAIL_JOB, Mail, MailError, MailboxEntry, Mailer, mail, mailbox, send_job};
pub use notification::{
    NEWER_AT_ONCE, Notification, NotificationEntity, NotificationId, Telling, Told, list, mark_all_read, mark_read, newer, tell, tell_all,
    tell_each, tell_keeper, tell_super_admins, unread,
};
pub use sms::{Delivery, SentSms, Sms, SmsError, SmsKind, SmsReason, Texter};
pub use tally::Tally;
pub(crate) use tally::{TALLY_JOB, tally_job};
