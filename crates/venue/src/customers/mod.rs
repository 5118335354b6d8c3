//! Customers 顾客: who plays, known by a token, and the wallet that pays.
//!
//! A guest is a customer with neither a phone number nor a name at WeChat. The wallet is an account of the ledger whose id is the customer's.

mod at_desk;
mod bind;
mod change;
mod code;
mod desk;
mod join;
mod leftover;
mod model;
mod networks;
mod pay;
mod payer;
mod phone;
mod session;
mod shell;
mod sign_in;
mod signed_out;
mod walk_in;
mod wallet;
mod wechat;
mod whose;

pub use at_desk::DeskCustomer;
pub use bind::{bind_wechat, unbind_wechat};
pub(crate) use change::known_by;
pub use change::{NewPhone, Proof, change_phone, take_phone_off};
pub use code::{CodeSent, send_code};
pub(crate) use code::{FORGET, NUMBER as PHONE, UNUSED, number, phone_hash};
pub use desk::{AtDesk, DeskCash, look_up, pay_out_at_desk, recharge_at_desk};
pub(crate) use desk::{check_cash, count_look_up, take_cash};
pub(crate) use join::stays;
pub use model::{Customer, CustomerEntity, CustomerId};
pub use pay::{PayBy, PayFor, cancel_order, means, order, pay, pay_otherwise, refund, refundable};
pub(crate) use pay::{available, language, paid_job, refunded_job};
pub use payer::{OrderPayer, PaidSession, PaidTable, payer as payer_of};
pub(crate) use phone::hint;
pub(crate) use session::{COLUMNS, OVER, by_phone_or_number, find as by_id, players_of_venue, read, unproven};
pub use session::{Welcome, authenticate, guest, payer, sign_out, sign_out_everywhere};
pub use sign_in::{SignIn, sign_in};
pub use signed_out::{SignedOut, sign_out_at_desk};
pub(crate) use walk_in::{at_desk, known_at_desk};
pub(crate) use wallet::account;
pub use wallet::{Wallet, WalletLine, wallet};
pub use wechat::{NoWechat, Person, Wechat, WechatApp, WechatError, WechatWays, sign_in_by_wechat, sign_in_by_wechat_phone, wechat_ways};
