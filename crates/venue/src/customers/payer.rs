//! Who has paid an order, and what for: payments know a wallet and a text, and whoever puts a refund right has to know whom they would pay, and where
//! that one has played.

use kernel::{Fault, Timestamp};
use platform::identity::Permission;
use platform::payments::{self, Order, OrderId, Purpose};
use platform::{Cx, Result};
use serde::Serialize;
use store::Sql;

use super::model::CustomerId;
use super::pay::Play;
use super::session::find;
use crate::halls::{TableId, VenueId, rows as halls};
use crate::play::{self, SessionId};

/// Whom an order's money came from, and goes back to.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OrderPayer {
    /// What a customer tells at the desk.
    pub number: String,
    /// With its middle hidden; absent: known by WeChat alone.
    pub phone: Option<String>,
    /// Absent: it was for the wallet.
    pub table: Option<PaidTable>,
}

/// The table that was paid for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PaidTable {
    pub venue_id: VenueId,
    pub venue_name: String,
    pub table_id: TableId,
    pub table_name: String,
    /// Absent: it was not opened.
    pub session: Option<PaidSession>,
}

/// What was played for it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PaidSession {
    pub id: SessionId,
    pub asked_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// Of any order.
pub async fn payer(cx: &Cx, id: OrderId) -> Result<OrderPayer> {
    cx.require(Permission::PaymentsManage)?;
    let mut sql = cx.db.read();
    let order = payments::find(&mut sql, id).await?;
    let customer = find(&mut sql, CustomerId::from_uuid(order.wallet.uuid())).await?.ok_or_else(Fault::not_found)?;
    let table = match order.purpose {
        Purpose::Recharge => None,
        Purpose::Play => Some(table(&mut sql, &order).await?),
        // It takes what another order has frozen, and is for what that is for.
        Purpose::Captured => {
            let frozen = payments::find(&mut sql, payments::frozen_by(&order)?).await?;
            Some(table(&mut sql, &frozen).await?)
        }
    };
    Ok(OrderPayer { number: customer.number, phone: customer.phone, table })
}

async fn table(sql: &mut impl Sql, order: &Order) -> Result<PaidTable> {
    let paid: Play = serde_json::from_str(&order.detail).map_err(Fault::internal)?;
    let table = halls::table(sql, paid.table).await?;
    let hall = halls::venue(sql, table.venue_id).await?;
    let session = match play::of_order(sql, order.id).await? {
        Some(id) => play::session(sql, id).await?,
        None => None,
    };
    Ok(PaidTable {
        venue_id: hall.id,
        venue_name: hall.name,
        table_id: table.id,
        table_name: table.name,
        session: session.map(|session| PaidSession { id: session.id, asked_at: session.asked_at, ended_at: session.ended_at }),
    })
}
