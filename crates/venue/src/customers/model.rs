//! A customer as it is shown.

use kernel::Fen;
use serde::Serialize;

kernel::id!(
    /// 顾客
    CustomerId, CustomerEntity, "cus"
);

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Customer {
    pub id: CustomerId,
    /// What a customer tells at the desk.
    pub number: String,
    /// Has neither a phone number nor a name at WeChat.
    pub guest: bool,
    /// Nobody has shown to be this customer, by a phone or at WeChat: a guest, or whose phone was only said at a desk. Not told.
    #[serde(skip)]
    pub(crate) unproven: bool,
    /// With its middle hidden.
    pub phone: Option<String>,
    /// A name at WeChat is theirs, and signs them in.
    pub wechat: bool,
    pub balance_fen: Fen,
    /// Frozen 冻结: of the balance, not available.
    pub held_fen: Fen,
    pub available_fen: Fen,
}
