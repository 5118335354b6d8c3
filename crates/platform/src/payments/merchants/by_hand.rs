//! What a person does about a merchant that we were, without our becoming it again: it has other keys now, or none of them is to be kept any longer.

use kernel::Fault;
use serde_json::json;
use store::{Sql as _, Tx, args};

use super::{Merchant, evict, kept, merchant, try_out};
use crate::identity::Permission;
use crate::payments::channel::ChannelKind;
use crate::payments::error::PayError;
use crate::payments::model::MerchantId;
use crate::payments::parameters::Form;
use crate::{Cx, Result, audit};

/// Replaces what makes us known as the merchant that the form names, or forgets it at once; secrets that are left out stay as they were of it. It is
/// not forgotten while something may be paid to it: whatever it has taken goes back by a person's hands then.
pub async fn set_earlier(cx: &Cx, kind: ChannelKind, form: Form, forget: bool) -> Result<Merchant> {
    cx.require(Permission::PaymentsManage)?;
    let mut tx = cx.db.begin().await?;
    let named = kept::named(&mut tx, kind, form.who(kind)).await?;
    let Some(earlier) = named.filter(|named| named.replaced_at.is_some()) else { return Err(Fault::not_found()) };
    let Some(known) = earlier.open(cx)? else { return Err(Fault::not_found()) };
    let (action, shown) = if forget {
        if is_needed(&mut tx, earlier.id).await? {
            return Err(PayError::MerchantNeeded.into());
        }
        kept::forget(&mut tx, earlier.id).await?;
        (&audit::EARLIER_MERCHANT_FORGOTTEN, known.shown())
    } else {
        let parameters = form.complete(kind, Some(known))?;
        try_out(cx, &parameters)?;
        kept::renew(&mut tx, cx, earlier.id, &parameters).await?;
        (&audit::EARLIER_MERCHANT_SET, parameters.shown())
    };
    audit::record(&mut tx, cx, action, None, &json!({"channel": kind, "parameters": shown})).await?;
    tx.commit().await?;
    evict(cx).await?;
    merchant(cx, kind).await
}

/// Whether something may still be paid to it, or it has frozen what is neither taken nor let go.
async fn is_needed(tx: &mut Tx, id: MerchantId) -> Result<bool> {
    let query = "SELECT 1 AS one FROM pay_attempts a JOIN pay_orders o ON o.id = a.order_id WHERE a.merchant_id = $1 AND (a.state IN ('asked', 'waiting') \
                 OR (a.method = 'freeze' AND a.state = 'taken' AND o.refunded + o.captured < o.amount)) LIMIT 1";
    Ok(tx.opt(query, args![id], |_| Ok(())).await?.is_some())
}
