//! A client id is its user's: whoever uses a lamp's id under another name has a session of its own, and keeps nobody out.
//!
//! `rmqtt` knows a session by the client's id alone, so that an id was whoever's came first with it. What it keeps them in is put behind this
//! register, which knows each by its user's name and its id ([`of_its_user`]). [`routes`](crate::routes) does the same for subscriptions, which
//! must be kept by the same names: what is found there is looked for here.
//!
//! **Invariant**: a client's place is one connection's. Another of its connections that is still open, since it does not read what it is sent,
//! subscribes to nothing and gives up nothing.
//!
//! **Invariant**: who takes up its session again has its subscriptions as soon as it has its place, and one that never gets it has none. `rmqtt`
//! would give them back later, or not at all if the client is gone by then, and what it sends such a client would go nowhere for good.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::session::Session;
use rmqtt::shared::{Entry, RetainLoadCallback, Shared};
use rmqtt::types::{
    ClientId, ForwardedCount, ForwardedRecipients, From, Id, IsAdmin, MsgID, NodeId, OfflineSession, Publish, Reason, SessionStatus,
    SubRelations, SubRelationsMap, SubsSearchParams, SubsSearchResult, Subscribe, SubscribeReturn, Subscriptions, To, TopicFilter, Tx,
    Unsubscribe,
};

use crate::expel;

/// The same connection, by a client id that nobody else can have: the length says where the name ends. Whoever has no name is not let in.
///
/// When a connection began tells it from others of its client, and a new [`Id`] begins now: so that stands where the name was.
pub(crate) fn of_its_user(who: &Id) -> Id {
    Id::new(who.node_id, who.lid, who.local_addr, who.remote_addr, name(who), Some(who.create_time.to_string().into()))
}

/// Its client id.
pub(crate) fn name(who: &Id) -> ClientId {
    let user = who.username_ref();
    format!("{}/{user}/{}", user.len(), who.client_id).into()
}

/// All sessions.
pub(crate) struct Spaces(Box<dyn Shared>);

impl Spaces {
    pub fn new(library: Box<dyn Shared>) -> Self {
        Self(library)
    }
}

#[async_trait]
impl Shared for Spaces {
    fn entry(&self, id: Id) -> Box<dyn Entry> {
        Box::new(Place { entry: self.0.entry(of_its_user(&id)), who: id, kept: Subscriptions::new() })
    }

    fn exist(&self, client_id: &str) -> bool {
        self.0.exist(client_id)
    }

    async fn forwards(
        &self,
        msg_id: Option<MsgID>,
        from: From,
        publish: Publish,
    ) -> std::result::Result<ForwardedCount, (ForwardedCount, Vec<(To, From, Publish, Reason)>)> {
        self.0.forwards(msg_id, from, publish).await
    }

    async fn forwards_and_get_shareds(
        &self,
        from: From,
        publish: Publish,
    ) -> std::result::Result<(SubRelationsMap, ForwardedRecipients), (ForwardedRecipients, Vec<(To, From, Publish, Reason)>)> {
        self.0.forwards_and_get_shareds(from, publish).await
    }

    async fn forwards_to(
        &self,
        from: From,
        publish: &Publish,
        relations: SubRelations,
        msg_id: Option<MsgID>,
    ) -> std::result::Result<ForwardedRecipients, (ForwardedRecipients, Vec<(To, From, Publish, Reason)>)> {
        self.0.forwards_to(from, publish, relations, msg_id).await
    }

    fn iter(&self) -> Box<dyn Iterator<Item = Box<dyn Entry>> + Sync + Send + '_> {
        Box::new(self.0.iter().map(|entry| self.entry(entry.id())))
    }

    fn random_session(&self) -> Option<Session> {
        self.0.random_session()
    }

    async fn session_status(&self, client_id: &str) -> Option<SessionStatus> {
        self.0.session_status(client_id).await
    }

    async fn client_states_count(&self) -> usize {
        self.0.client_states_count().await
    }

    fn sessions_count(&self) -> usize {
        self.0.sessions_count()
    }

    async fn query_subscriptions(&self, q: &SubsSearchParams) -> Vec<SubsSearchResult> {
        self.0.query_subscriptions(q).await
    }

    async fn subscriptions_count(&self) -> usize {
        self.0.subscriptions_count().await
    }

    async fn retain_load_with(&self, topic_filter: &TopicFilter, cb: Arc<dyn RetainLoadCallback>) -> Result<Vec<(NodeId, MsgID)>> {
        self.0.retain_load_with(topic_filter, cb).await
    }
}

/// How often a session is asked once more to end that was just ending for somebody else. It loses whoever asks then: once while it still listens,
/// and once as it stops. Who has come in its place would be turned away for that.
const ENDING: usize = 2;

/// Where a client's session is, or would be.
struct Place {
    entry: Box<dyn Entry>,
    /// As whom its client came.
    who: Id,
    /// What the session that was here had subscribed to, for the next.
    kept: Subscriptions,
}

impl Place {
    fn present(&self) -> Result<Session> {
        let session = self.session().filter(|session| session.id == self.who);
        session.ok_or_else(|| io::Error::other("the session has ended").into())
    }
}

#[async_trait]
impl Entry for Place {
    async fn try_lock(&self) -> Result<Box<dyn Entry>> {
        Ok(Box::new(Self { entry: self.entry.try_lock().await?, who: self.who.clone(), kept: Subscriptions::new() }))
    }

    fn id(&self) -> Id {
        self.who.clone()
    }

    fn id_same(&self) -> Option<bool> {
        self.session().map(|session| session.id == self.who)
    }

    async fn set(&mut self, session: Session, tx: Tx) -> Result<()> {
        let kept = std::mem::take(&mut self.kept);
        for (filter, options) in &kept {
            session.scx.extends.router().await.add(filter, self.who.clone(), options.clone()).await?;
        }
        // Before it has its place: who takes that away takes these as well.
        session.subscriptions_extend(kept).await?;
        self.entry.set(session, tx).await
    }

    async fn remove(&mut self) -> Result<Option<(Session, Tx)>> {
        self.entry.remove().await
    }

    async fn remove_with(&mut self, id: &Id) -> Result<Option<(Session, Tx)>> {
        self.entry.remove_with(id).await
    }

    async fn kick(&mut self, clean_start: bool, clear_subscriptions: bool, is_admin: IsAdmin) -> Result<OfflineSession> {
        let (former, connection) = (self.session(), self.tx());
        let mut answer = self.entry.kick(clean_start, clear_subscriptions, is_admin).await;
        for _ in 0..ENDING {
            if answer.is_ok() {
                break;
            }
            answer = self.entry.kick(clean_start, clear_subscriptions, is_admin).await;
        }
        // The library waits a few seconds for a connection that does not listen, and leaves it alone then.
        if let Some(connection) = connection.filter(|_| answer.is_ok()) {
            expel::dismiss(&connection, self.who.clone(), clean_start, is_admin);
        }
        if let Some(former) = former
            && let Ok(OfflineSession::Exist(Some(left))) = &mut answer
        {
            self.kept = std::mem::take(&mut left.subscriptions);
            for (filter, _) in &self.kept {
                former.scx.extends.router().await.remove(filter, left.id.clone()).await?;
            }
        }
        answer
    }

    async fn online(&self) -> bool {
        self.entry.online().await
    }

    async fn is_connected(&self) -> bool {
        self.entry.is_connected().await
    }

    fn session(&self) -> Option<Session> {
        self.entry.session()
    }

    fn exist(&self) -> bool {
        self.entry.exist()
    }

    fn tx(&self) -> Option<Tx> {
        self.entry.tx()
    }

    /// Not by the library's entry: it would say that it is its own client id that subscribes.
    async fn subscribe(&self, subscribe: &Subscribe) -> Result<SubscribeReturn> {
        let session = self.present()?;
        session.scx.extends.router().await.add(&subscribe.topic_filter, self.who.clone(), subscribe.opts.clone()).await?;
        let before = session.subscriptions_add(subscribe.topic_filter.clone(), subscribe.opts.clone()).await?;
        Ok(SubscribeReturn::new_success(subscribe.opts.qos(), before))
    }

    async fn unsubscribe(&self, unsubscribe: &Unsubscribe) -> Result<bool> {
        let session = self.present()?;
        session.scx.extends.router().await.remove(&unsubscribe.topic_filter, self.who.clone()).await?;
        Ok(session.subscriptions_remove(&unsubscribe.topic_filter).await?.is_some())
    }

    async fn publish(&self, from: From, publish: Publish) -> std::result::Result<(), (From, Publish, Reason)> {
        self.entry.publish(from, publish).await
    }

    async fn subscriptions(&self) -> Option<Vec<SubsSearchResult>> {
        self.entry.subscriptions().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_one_user_is_none_of_another() {
        let of = |user: &str, client: &str| name(&Id::new(1, 1, None, None, client.into(), Some(user.into())));
        assert_eq!(of("lamp7", "DVES_1"), of("lamp7", "DVES_1"));
        let ids = [of("lamp7", "DVES_1"), of("lamp8", "DVES_1"), of("lamp7/DVES", "_1"), of("lamp7", "/DVES_1"), of("lamp7/", "DVES_1")];
        for (n, id) in ids.iter().enumerate() {
            assert!(!ids[n + 1..].contains(id), "{id}");
        }
    }
}
