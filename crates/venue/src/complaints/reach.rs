//! By what number a customer is reached who has asked for help or complained: shown to whoever is to answer, once they ask for it, and each time in
//! the operation log.

use platform::allowance::Allowance;
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;

use super::desk;
use super::error::ComplaintError;
use super::model::{ComplaintId, Step, next};
use super::rows;
use crate::customers;

/// To one of the staff. More than a hall has calls for help in an hour; and who means harm does not copy many before others have read the log.
const SHOWN: Allowance = Allowance { name: "numbers shown", window_seconds: 3_600, most: 30 };

/// How to reach a customer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ShownPhone {
    /// All of it.
    pub phone: String,
}

/// The number of whose complaint or call it is, until that is closed. Refused to those whose work answering it is not.
pub async fn show_phone(cx: &Cx, id: ComplaintId) -> Result<ShownPhone> {
    let user = cx.require(Permission::VenuesView)?;
    let mut tx = cx.db.begin().await?;
    let complaint = rows::lock(&mut tx, id, desk::of_staff(user)).await?;
    desk::is_to_answer(user, &complaint)?;
    if next(complaint.state, complaint.reopened, Step::Answer).is_none() {
        return Err(ComplaintError::NotNow(Step::Answer).into());
    }
    SHOWN.take_in(&mut tx, cx, &user.id.to_string()).await?;
    let phone = customers::known_by(&mut tx, cx, complaint.customer).await?.ok_or(ComplaintError::NoPhone)?;
    let number = customers::by_id(&mut tx, complaint.customer).await?.map(|customer| customer.number);
    audit::record(&mut tx, cx, &audit::PHONE_SHOWN, Some(id.into()), &json!({"customer": number})).await?;
    tx.commit().await?;
    Ok(ShownPhone { phone })
}
