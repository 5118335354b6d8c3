//! Payment networks: a channel for each, of its parameters.

use std::sync::Arc;

use platform::payments::{BadParameter, Channel, Channels, Parameters};

/// Where the networks are.
pub struct Networks;

impl Channels for Networks {
    fn open(&self, parameters: &Parameters, _notify_url: &str) -> Result<Arc<dyn Channel>, BadParameter> {
        let _ = parameters;
        Err(BadParameter { field: "channel", zh: "暂不支持", en: "not there yet" })
    }
}
