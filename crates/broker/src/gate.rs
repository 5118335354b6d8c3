//! Where the broker asks what somebody may, and what else is ours to do: `rmqtt`'s hooks.
//!
//! **Invariant**: the hooks stand before the listener accepts anybody. `rmqtt` lets pass what no hook has refused.
//!
//! **Invariant**: a message of a device is a topic and bytes, and when it expires. What else version 5 lets it attach is not passed on: to our
//! gateway's client some of it is no packet at all, and ends the connection by which all devices are heard.
//!
//! **Invariant**: a connection that is not in its client's place any more is of no effect. It was sent away, or its client has come anew, and it
//! may go on for a while where it does not read what it is sent.
//!
//! What clients say is logged as a string, which the log quotes and escapes: whoever has not been admitted may call itself anything.

use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::acl::AuthInfo;
use rmqtt::codec::v5::{PublishProperties, SubscribeAckReason};
use rmqtt::context::ServerContext;
use rmqtt::hook::{Handler, HookResult, Parameter, ReturnType, Type};
use rmqtt::session::Session;
use rmqtt::types::{
    AuthResult, ClientId, ConnectInfo, From, FromType, LastWill, Publish, PublishAclResult, Subscribe, SubscribeAclResult, TopicName,
};
use tokio::runtime::Handle;

use crate::door::{Doorkeeper, Rights};
use crate::expel::{self, WhyGone};
use crate::expelled::Expelled;
use crate::flow::Flow;
use crate::retained::{self, Retained};
use crate::rights;
use crate::seats::Seats;
use crate::sessions::{self, Ours};
use crate::turns::Turns;

const HOOKS: [Type; 8] = [
    Type::ClientAuthenticate,
    Type::ClientConnected,
    Type::MessagePublish,
    Type::MessagePublishCheckAcl,
    Type::ClientSubscribeCheckAcl,
    Type::SessionSubscribed,
    Type::MessageExpiryCheck,
    Type::MessageDelivered,
];

#[derive(Clone)]
pub(crate) struct Gate {
    door: Arc<dyn Doorkeeper>,
    home: Handle,
    retained: Retained,
    expelled: Expelled,
    ours: Ours,
    seats: Seats,
    turns: Arc<Turns>,
    flow: Arc<Flow>,
}

impl Gate {
    pub fn new(door: Arc<dyn Doorkeeper>, home: Handle, retained: Retained, expelled: Expelled, ours: Ours) -> Self {
        Self { door, home, retained, expelled, ours, seats: Seats::default(), turns: Arc::default(), flow: Arc::default() }
    }

    /// From now on it is asked.
    pub async fn stand(self, context: &ServerContext) {
        let hooks = context.extends.hook_mgr().register();
        for hook in HOOKS {
            hooks.add(hook, Box::new(self.clone())).await;
        }
        hooks.start().await;
    }

    async fn admit(&self, who: &ConnectInfo) -> AuthResult {
        let Some(rights) = self.ask(who).await else {
            tracing::info!(id = who.id().to_string(), "an MQTT client was refused");
            return AuthResult::BadUsernameOrPassword;
        };
        let everything = rights == Rights::All;
        let info = rights::written(rights);
        if who.last_will().is_some_and(|will| !rights::may_publish(Some(&info), topic_of(&will))) {
            tracing::info!(id = who.id().to_string(), "an MQTT client was refused: its will is not within its rights");
            return AuthResult::NotAuthorized;
        }
        if everything {
            self.ours.note(who.id());
        }
        // Not as a superuser: that would pass by the hooks.
        AuthResult::Allow(false, Some(info))
    }

    /// What a doorkeeper opens (a connection to a database) belongs to the runtime it was opened on, and must outlive the broker.
    async fn ask(&self, who: &ConnectInfo) -> Option<Rights> {
        // Its sessions are kept by its name.
        let user = who.username()?.to_string();
        let door = Arc::clone(&self.door);
        let (id, password) = (who.client_id().clone(), who.password().cloned());
        let address = who.id().remote_addr.map(|address| address.ip());
        let asking = async { self.home.spawn(async move { door.admit(&id, Some(user.as_str()), password.as_deref()).await }).await };
        let Some(answer) = self.turns.wait(address, asking).await else {
            tracing::debug!(id = who.id().to_string(), "too many come from there at once");
            return None;
        };
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "the doorkeeper did not answer");
            None
        })
    }

    /// It is in, and others may have to go for that; or has to go itself, since what it was admitted by was changed while it was being let in.
    async fn has_come(&self, session: &Session) {
        let mut going = Vec::new();
        if self.expelled.is(&session.id) {
            going.push((session.id.clone(), WhyGone::Password));
        }
        if !is_ours(session) {
            let sessions = session.scx.extends.shared().await;
            let too_many = self.seats.take(&session.id, |other| sessions.entry(other.clone()).id_same() == Some(true));
            going.extend(too_many.into_iter().map(|other| (other, WhyGone::TooMany)));
        }
        for (who, why) in going {
            expel::end(&session.scx, &who, why).await;
        }
    }

    /// What is passed on of a message; `None` where that is all of it.
    async fn passed_on(&self, session: &Session, from: &From, publish: &Publish) -> Option<Publish> {
        let is_said = is_ours(session) || self.flow.wait(session.id.username_ref()).await;
        if !is_said || (is_will(from) && is_back(session).await) {
            return Some(to_nobody(publish));
        }
        (!is_ours(session)).then(|| {
            let mut said = plain(publish);
            said.retain = publish.retain && rights::may_leave(rights_of(session), &publish.topic);
            said
        })
    }
}

#[async_trait]
impl Handler for Gate {
    async fn hook(&self, asked: &Parameter, so_far: Option<HookResult>) -> ReturnType {
        let answer = match asked {
            Parameter::ClientAuthenticate(who) => HookResult::AuthResult(self.admit(who).await),
            Parameter::ClientConnected(session) => {
                self.has_come(session).await;
                return (true, so_far);
            }
            Parameter::MessagePublishCheckAcl(session, publish) => HookResult::PublishAclResult(publishing(session, publish).await),
            Parameter::ClientSubscribeCheckAcl(session, subscribe) => {
                retained::before(session, subscribe).await;
                HookResult::SubscribeAclResult(subscribing(session, subscribe).await)
            }
            // A message to somebody who may not have it counts as one that has expired: it is dropped when its turn comes.
            Parameter::MessageExpiryCheck(session, _, publish) if !rights::may_receive(rights_of(session), &publish.topic) => {
                HookResult::MessageExpiry
            }
            Parameter::MessagePublish(Some(session), from, publish) => match self.passed_on(session, from, publish).await {
                Some(publish) => HookResult::Publish(publish),
                None => return (true, so_far),
            },
            Parameter::SessionSubscribed(session, subscribe) => {
                self.retained.tell(session, subscribe).await;
                return (true, so_far);
            }
            Parameter::MessageDelivered(session, from, publish) => {
                sessions::note(session, from, publish).await;
                return (true, so_far);
            }
            _ => return (true, so_far),
        };
        (false, Some(answer))
    }
}

fn rights_of(session: &Session) -> Option<&AuthInfo> {
    session.auth_info.as_ref()
}

fn is_ours(session: &Session) -> bool {
    rights_of(session).is_some_and(|info| info.superuser)
}

async fn is_in_place(session: &Session) -> bool {
    session.scx.extends.shared().await.entry(session.id.clone()).id_same() == Some(true)
}

/// To a client of version 5 "not authorized" is said; one of 3.1.1 cannot be told, and its message is dropped.
async fn publishing(session: &Session, publish: &Publish) -> PublishAclResult {
    if !is_in_place(session).await {
        // That ends its connection.
        return PublishAclResult::rejected(true, None);
    }
    if rights::may_publish(rights_of(session), &publish.topic) {
        return PublishAclResult::allow();
    }
    tracing::debug!(id = session.id.to_string(), topic = &*publish.topic, "a message was refused");
    PublishAclResult::rejected(false, None)
}

async fn subscribing(session: &Session, subscribe: &Subscribe) -> SubscribeAclResult {
    let is_in_place = is_in_place(session).await;
    let refused = if subscribe.topic_filter.starts_with("$share/") {
        // `rmqtt` would take it for a filter like any other, by which nothing ever comes.
        SubscribeAckReason::SharedSubscriptionNotSupported
    } else if is_in_place && rights::may_subscribe(rights_of(session), &subscribe.topic_filter) {
        return SubscribeAclResult::new_success(subscribe.opts.qos(), None);
    } else {
        SubscribeAckReason::NotAuthorized
    };
    tracing::debug!(id = session.id.to_string(), filter = &*subscribe.topic_filter, "a subscription was refused");
    SubscribeAclResult::new_failure(refused)
}

fn topic_of<'a>(will: &LastWill<'a>) -> &'a TopicName {
    match will {
        LastWill::V3(will) => &will.topic,
        LastWill::V5(will) => &will.topic,
    }
}

fn is_will(from: &From) -> bool {
    matches!(from.typ(), FromType::LastWill)
}

/// The client has connected anew already, and the will of its old connection comes late: "offline", after the lamp has said that it is on.
/// The standard would have such a will published, and before the new connection is answered; `rmqtt` does not wait for it.
async fn is_back(session: &Session) -> bool {
    let there = session.scx.extends.shared().await.entry(session.id.clone()).session();
    there.is_some_and(|other| other.id != session.id)
}

/// A hook cannot drop a message. No client has an empty id.
fn to_nobody(publish: &Publish) -> Publish {
    let mut publish = publish.clone().target_clientid(ClientId::default());
    publish.retain = false;
    publish
}

/// Without what is attached to it.
fn plain(publish: &Publish) -> Publish {
    let mut publish = publish.clone();
    publish.properties = publish
        .properties
        .take()
        .map(|attached| PublishProperties { message_expiry_interval: attached.message_expiry_interval, ..PublishProperties::default() });
    publish
}
