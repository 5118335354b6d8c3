//! A merchant whose parameters are forgotten: nobody can speak as it, and somebody has to see to what is left.

use async_trait::async_trait;

use crate::payments::channel::{
    BillLine, Channel, ChannelError, Handed, Header, NotBelieved, Place, Received, RefundAsk, RefundStanding, Standing,
};
use crate::payments::model::PayProblemCode;

pub(super) struct Gone;

const NOT_ASKED: ChannelError = ChannelError::NotAsked(PayProblemCode::MerchantGone);

#[async_trait]
impl Channel for Gone {
    async fn place(&self, _: &Place) -> Result<Handed, ChannelError> {
        Err(NOT_ASKED)
    }

    async fn query(&self, _: &str) -> Result<Standing, ChannelError> {
        Err(NOT_ASKED)
    }

    async fn close(&self, _: &str) -> Result<(), ChannelError> {
        Err(NOT_ASKED)
    }

    async fn refund(&self, _: &RefundAsk) -> Result<RefundStanding, ChannelError> {
        Err(NOT_ASKED)
    }

    async fn query_refund(&self, _: &str, _: &str) -> Result<RefundStanding, ChannelError> {
        Err(NOT_ASKED)
    }

    fn notice(&self, _: Header<'_>, _: &[u8]) -> Result<Received, NotBelieved> {
        Err(NotBelieved("the merchant is forgotten".into()))
    }

    async fn bill(&self, _: &str) -> Result<Vec<BillLine>, ChannelError> {
        Err(NOT_ASKED)
    }
}
