//! Whoever has taken its leave is listened to no more.
//!
//! `rmqtt` goes on reading after a DISCONNECT, and notes each that comes: one after the other, they fill the memory. Of how a session ends it asks the
//! session itself, which says here that it has ended.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::context::ServerContext;
use rmqtt::session::{DefaultSessionManager, SessionLike, SessionManager};
use rmqtt::types::{
    ConnectInfo, ConnectInfoType, Disconnect, DisconnectInfo, FitterType, Id, IsPing, ListenerConfig, MessageQueueType, OutInflightType,
    Password, Reason, SessionSubs, SubscriptionOptions, Subscriptions, TimestampMillis, TopicFilter, UserName,
};

pub(crate) struct Leaves;

#[async_trait]
impl SessionManager for Leaves {
    async fn create(
        &self,
        id: Id,
        scx: ServerContext,
        listen_cfg: ListenerConfig,
        fitter: FitterType,
        subscriptions: SessionSubs,
        deliver_queue: MessageQueueType,
        outinflight: OutInflightType,
        conn_info: ConnectInfoType,
        created_at: TimestampMillis,
        connected_at: TimestampMillis,
        session_present: bool,
        superuser: bool,
        connected: bool,
        disconnect_info: Option<DisconnectInfo>,
        last_id: Option<Id>,
    ) -> Result<Arc<dyn SessionLike>> {
        let library = DefaultSessionManager
            .create(
                id,
                scx,
                listen_cfg,
                fitter,
                subscriptions,
                deliver_queue,
                outinflight,
                conn_info,
                created_at,
                connected_at,
                session_present,
                superuser,
                connected,
                disconnect_info,
                last_id,
            )
            .await?;
        Ok(Arc::new(Leaving(library)))
    }
}

struct Leaving(Arc<dyn SessionLike>);

#[async_trait]
impl SessionLike for Leaving {
    /// An error ends the connection. It is noted all the same that the client has gone by itself, so that its will is not published.
    async fn disconnected_set(&self, disconnect: Option<Disconnect>, reason: Option<Reason>) -> Result<()> {
        let is_leave = disconnect.is_some();
        self.0.disconnected_set(disconnect, reason).await?;
        if is_leave { Err(io::Error::other("the client has taken its leave").into()) } else { Ok(()) }
    }

    fn id(&self) -> &Id {
        self.0.id()
    }

    fn context(&self) -> &ServerContext {
        self.0.context()
    }

    fn listen_cfg(&self) -> &ListenerConfig {
        self.0.listen_cfg()
    }

    fn deliver_queue(&self) -> &MessageQueueType {
        self.0.deliver_queue()
    }

    fn out_inflight(&self) -> &OutInflightType {
        self.0.out_inflight()
    }

    async fn subscriptions(&self) -> Result<SessionSubs> {
        self.0.subscriptions().await
    }

    async fn subscriptions_add(&self, filter: TopicFilter, options: SubscriptionOptions) -> Result<Option<SubscriptionOptions>> {
        self.0.subscriptions_add(filter, options).await
    }

    async fn subscriptions_remove(&self, filter: &str) -> Result<Option<(TopicFilter, SubscriptionOptions)>> {
        self.0.subscriptions_remove(filter).await
    }

    async fn subscriptions_drain(&self) -> Result<Subscriptions> {
        self.0.subscriptions_drain().await
    }

    async fn subscriptions_extend(&self, other: Subscriptions) -> Result<()> {
        self.0.subscriptions_extend(other).await
    }

    async fn created_at(&self) -> Result<TimestampMillis> {
        self.0.created_at().await
    }

    async fn session_present(&self) -> Result<bool> {
        self.0.session_present().await
    }

    async fn connect_info(&self) -> Result<Arc<ConnectInfo>> {
        self.0.connect_info().await
    }

    fn username(&self) -> Option<&UserName> {
        self.0.username()
    }

    fn password(&self) -> Option<&Password> {
        self.0.password()
    }

    async fn protocol(&self) -> Result<u8> {
        self.0.protocol().await
    }

    async fn superuser(&self) -> Result<bool> {
        self.0.superuser().await
    }

    async fn connected(&self) -> Result<bool> {
        self.0.connected().await
    }

    async fn connected_at(&self) -> Result<TimestampMillis> {
        self.0.connected_at().await
    }

    async fn disconnected_at(&self) -> Result<TimestampMillis> {
        self.0.disconnected_at().await
    }

    async fn disconnected_reasons(&self) -> Result<Vec<Reason>> {
        self.0.disconnected_reasons().await
    }

    async fn disconnected_reason(&self) -> Result<Reason> {
        self.0.disconnected_reason().await
    }

    async fn disconnected_reason_has(&self) -> bool {
        self.0.disconnected_reason_has().await
    }

    async fn disconnected_reason_add(&self, reason: Reason) -> Result<()> {
        self.0.disconnected_reason_add(reason).await
    }

    async fn disconnected_reason_take(&self) -> Result<Reason> {
        self.0.disconnected_reason_take().await
    }

    async fn disconnect(&self) -> Result<Option<Disconnect>> {
        self.0.disconnect().await
    }

    async fn on_drop(&self) -> Result<()> {
        self.0.on_drop().await
    }

    async fn keepalive(&self, ping: IsPing) {
        self.0.keepalive(ping).await;
    }
}
