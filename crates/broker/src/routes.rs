//! Who has subscribed to what, by the names that [`spaces`](crate::spaces) gives.

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::router::Router;
use rmqtt::types::{
    AllRelationsMap, HashMap, Id, NodeId, Route, SubRelationsMap, SubsSearchParams, SubsSearchResult, SubscriptionOptions, TopicName,
};
use rmqtt::utils::Counter;

use crate::spaces::{name, of_its_user};

pub(crate) struct Routes(Box<dyn Router>);

impl Routes {
    pub fn new(library: Box<dyn Router>) -> Self {
        Self(library)
    }

    /// As whom this very connection has subscribed, if it has.
    fn subscribed(&self, filter: &str, who: &Id) -> Option<Id> {
        let relations = self.0.relations().get(filter)?;
        let (subscribed, _) = relations.get(&name(who))?;
        let own = of_its_user(who);
        (subscribed.username == own.username && subscribed.remote_addr == own.remote_addr).then(|| subscribed.clone())
    }
}

#[async_trait]
impl Router for Routes {
    async fn add(&self, topic_filter: &str, id: Id, opts: SubscriptionOptions) -> Result<()> {
        self.0.add(topic_filter, of_its_user(&id), opts).await
    }

    async fn remove(&self, topic_filter: &str, id: Id) -> Result<bool> {
        match self.subscribed(topic_filter, &id) {
            Some(subscribed) => self.0.remove(topic_filter, subscribed).await,
            None => Ok(false),
        }
    }

    async fn matches(&self, id: Id, topic: &TopicName) -> Result<SubRelationsMap> {
        let mut found = self.0.matches(id.clone(), topic).await?;
        // Who asked for nothing of its own is not known to the library by the name that it says it by.
        if found.values().flatten().any(|(_, _, options, _, _)| options.no_local() == Some(true)) {
            let own = name(&id);
            for relations in found.values_mut() {
                relations.retain(|(_, client, options, _, _)| options.no_local() != Some(true) || *client != own);
            }
        }
        Ok(found)
    }

    async fn is_online(&self, node_id: NodeId, client_id: &str) -> bool {
        self.0.is_online(node_id, client_id).await
    }

    async fn gets(&self, limit: usize) -> Vec<Route> {
        self.0.gets(limit).await
    }

    async fn get(&self, topic: &str) -> Result<Vec<Route>> {
        self.0.get(topic).await
    }

    async fn query_subscriptions(&self, q: &SubsSearchParams) -> Vec<SubsSearchResult> {
        self.0.query_subscriptions(q).await
    }

    async fn topics_tree(&self) -> usize {
        self.0.topics_tree().await
    }

    fn topics(&self) -> Counter {
        self.0.topics()
    }

    fn routes(&self) -> Counter {
        self.0.routes()
    }

    fn merge_topics(&self, topics_map: &HashMap<NodeId, Counter>) -> Counter {
        self.0.merge_topics(topics_map)
    }

    fn merge_routes(&self, routes_map: &HashMap<NodeId, Counter>) -> Counter {
        self.0.merge_routes(routes_map)
    }

    async fn list_topics(&self, top: usize) -> Vec<String> {
        self.0.list_topics(top).await
    }

    async fn list_relations(&self, top: usize) -> Vec<serde_json::Value> {
        self.0.list_relations(top).await
    }

    fn relations(&self) -> &AllRelationsMap {
        self.0.relations()
    }
}
