//! Payment networks: a channel for each, of its parameters.

use std::sync::Arc;

use kernel::{Clock, Random};
use platform::payments::{BadParameter, Channel, Channels, Parameters};

use crate::{Alipay, AlipayFreeze, WechatPay};

/// Where the networks are.
#[derive(Debug, Clone)]
pub struct Networks {
    /// Without a slash at the end.
    pub wechat: String,
    /// The gateway's address, whole.
    pub alipay: String,
    pub clock: Clock,
    pub random: Random,
}

impl Channels for Networks {
    fn open(&self, parameters: &Parameters, notify_url: &str) -> Result<Arc<dyn Channel>, BadParameter> {
        Ok(match parameters {
            Parameters::Wechat(own) => Arc::new(WechatPay::new(own, &self.wechat, notify_url, self.clock.clone(), self.random.clone())?),
            Parameters::Alipay(own) => Arc::new(Alipay::new(own, &self.alipay, notify_url, self.clock.clone())?),
            Parameters::AlipayFreeze(own) => Arc::new(AlipayFreeze::new(own, &self.alipay, notify_url, self.clock.clone())?),
        })
    }
}
