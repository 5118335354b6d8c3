//! What is told of the parts that hold passwords: a configuration ends in logs sooner or later.

use std::fmt;

use super::{Database, Mail, Mqtt, Sms, Wechat};

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("connections", &self.connections).finish_non_exhaustive()
    }
}
impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("provider", &self.provider).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
impl fmt::Debug for Wechat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wechat").field("web_app_id", &self.web_app_id).field("mini_app_id", &self.mini_app_id).finish_non_exhaustive()
    }
}
impl fmt::Debug for Mqtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mqtt").field("listen", &self.listen).field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("host", &self.host).field("port", &self.port).field("from", &self.from).finish_non_exhaustive()
    }
}
