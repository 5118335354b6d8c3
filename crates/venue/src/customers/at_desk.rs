//! A customer as the pages tell it on which a hall's desk sees what it has opened.
//!
//! **Invariant**: to look somebody up is counted (`count_look_up`), and these pages are not. So they tell of nobody's wallet who was not looked up for
//! them: of a walk-in's alone, who is known nowhere else, and of who plays now, and may have more time.

use kernel::Fen;
use serde::Serialize;

use super::model::Customer;

/// For whom the desk has opened a table.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeskCustomer {
    /// What a customer tells at the desk.
    pub number: String,
    /// With its middle hidden.
    pub phone: Option<String>,
    /// Has neither a phone number nor a name at WeChat: a walk-in.
    pub guest: bool,
    /// In the wallet. Absent: it is not told here; whoever needs it looks the customer up.
    pub available_fen: Option<Fen>,
}

impl DeskCustomer {
    /// `plays`: it is about play that goes on, of which the desk adds time.
    pub(crate) fn of(customer: Customer, plays: bool) -> Self {
        let Customer { number, phone, guest, available_fen, .. } = customer;
        Self { number, phone, guest, available_fen: (guest || plays).then_some(available_fen) }
    }
}
