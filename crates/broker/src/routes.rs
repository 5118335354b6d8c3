//! Who has subscribed to what, by the names that [`spaces`](crate::spaces) gives.
//!
//! **Invariant**: one subscription comes or goes at a time. `rmqtt` removes a filter when the last who had subscribed to it goes, in steps, between
//! which another may come: it would be subscribed, and hear nothing.

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::router::Router;
use rmqtt::types::{
    AllRelationsMap, HashMap, Id, NodeId, Route, SubRelationsMap, SubsSearchParams, SubsSearchResult, SubscriptionOptions, TopicName,
};
use rmqtt::utils::Counter;
use tokio::sync::Mutex;

use crate::spaces::{name, of_its_user};

pub(crate) struct Routes {
    library: Box<dyn Router>,
    changing: Mutex<()>,
}

impl Routes {
    pub fn new(library: Box<dyn Router>) -> Self {
        Self { library, changing: Mutex::default() }
    }

    /// As whom this very connection has subscribed, if it has.
    fn subscribed(&self, filter: &str, who: &Id) -> Option<Id> {
        let relations = self.library.relations().get(filter)?;
        let (subscribed, _) = relations.get(&name(who))?;
        let own = of_its_user(who);
        (subscribed.username == own.username && subscribed.remote_addr == own.remote_addr).then(|| subscribed.clone())
    }
}

#[async_trait]
impl Router for Routes {
    async fn add(&self, topic_filter: &str, id: Id, opts: SubscriptionOptions) -> Result<()> {
        let _alone = self.changing.lock().await;
        self.library.add(topic_filter, of_its_user(&id), opts).await
    }

    async fn remove(&self, topic_filter: &str, id: Id) -> Result<bool> {
        let _alone = self.changing.lock().await;
        match self.subscribed(topic_filter, &id) {
            Some(subscribed) => self.library.remove(topic_filter, subscribed).await,
            None => Ok(false),
        }
    }

    async fn matches(&self, id: Id, topic: &TopicName) -> Result<SubRelationsMap> {
        let mut found = self.library.matches(id.clone(), topic).await?;
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
        self.library.is_online(node_id, client_id).await
    }

    async fn gets(&self, limit: usize) -> Vec<Route> {
        self.library.gets(limit).await
    }

    async fn get(&self, topic: &str) -> Result<Vec<Route>> {
        self.library.get(topic).await
    }

    async fn query_subscriptions(&self, q: &SubsSearchParams) -> Vec<SubsSearchResult> {
        self.library.query_subscriptions(q).await
    }

    async fn topics_tree(&self) -> usize {
        self.library.topics_tree().await
    }

    fn topics(&self) -> Counter {
        self.library.topics()
    }

    fn routes(&self) -> Counter {
        self.library.routes()
    }

    fn merge_topics(&self, topics_map: &HashMap<NodeId, Counter>) -> Counter {
        self.library.merge_topics(topics_map)
    }

    fn merge_routes(&self, routes_map: &HashMap<NodeId, Counter>) -> Counter {
        self.library.merge_routes(routes_map)
    }

    async fn list_topics(&self, top: usize) -> Vec<String> {
        self.library.list_topics(top).await
    }

    async fn list_relations(&self, top: usize) -> Vec<serde_json::Value> {
        self.library.list_relations(top).await
    }

    fn relations(&self) -> &AllRelationsMap {
        self.library.relations()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rmqtt::router::DefaultRouter;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_comes_as_the_last_other_goes_is_heard_of() {
        let routes = Arc::new(Routes::new(Box::new(DefaultRouter::new(None))));
        let who = |user: &str| Id::new(1, 1, None, None, "id".into(), Some(user.into()));
        let (goes, comes) = (who("lamp7"), who("lamp8"));
        for turn in 0..2_000 {
            routes.add("tele/#", goes.clone(), SubscriptionOptions::default()).await.unwrap();
            let (others, other) = (Arc::clone(&routes), goes.clone());
            let going = tokio::spawn(async move { others.remove("tele/#", other).await });
            routes.add("tele/#", comes.clone(), SubscriptionOptions::default()).await.unwrap();
            assert!(going.await.unwrap().unwrap());
            let found = routes.matches(goes.clone(), &TopicName::from("tele/x")).await.unwrap();
            assert_eq!(found.values().map(Vec::len).sum::<usize>(), 1, "{turn}");
            assert!(routes.remove("tele/#", comes.clone()).await.unwrap());
        }
    }
}
