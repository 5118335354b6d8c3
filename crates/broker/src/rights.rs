//! Rights, in the form in which `rmqtt` keeps them with a session, and what follows from them.
//!
//! **Invariant**: whoever has no rights may nothing. `rmqtt`'s own evaluation of its rules is not used: by it, `+` covers `#`.

use rmqtt::acl::{Action, AuthInfo, Permission, Rule, Topic};

use crate::door::Rights;
use crate::topics;

pub(crate) fn written(rights: Rights) -> AuthInfo {
    match rights {
        Rights::All => AuthInfo { superuser: true, expire_at: None, rules: Vec::new() },
        Rights::Topics { may_publish, may_subscribe } => {
            let rules = rules(Action::Publish, may_publish).chain(rules(Action::Subscribe, may_subscribe)).collect();
            AuthInfo { superuser: false, expire_at: None, rules }
        }
    }
}

fn rules(action: Action, filters: Vec<String>) -> impl Iterator<Item = Rule> {
    filters.into_iter().filter(|filter| topics::is_filter(filter)).map(move |filter| Rule {
        permission: Permission::Allow,
        action,
        qos: None,
        retain: None,
        topic: Topic { eq_topic_filter: Some(filter), topic_filter: None },
    })
}

/// May publish on `topic`, or leave a will there.
pub(crate) fn may_publish(info: Option<&AuthInfo>, topic: &str) -> bool {
    topics::is_topic(topic) && any(info, |rule| matches!(rule.action, Action::Publish), |own| topics::matches(own, topic))
}

pub(crate) fn may_subscribe(info: Option<&AuthInfo>, filter: &str) -> bool {
    topics::is_filter(filter) && any(info, |rule| matches!(rule.action, Action::Subscribe), |own| topics::covers(own, filter))
}

/// May be sent a message on `topic`.
pub(crate) fn may_receive(info: Option<&AuthInfo>, topic: &str) -> bool {
    any(info, |rule| matches!(rule.action, Action::Subscribe), |own| topics::matches(own, topic))
}

/// May have the broker keep a message on `topic`. What a device hears is for now: whoever once had its password would else leave commands there
/// for whoever comes by the next.
pub(crate) fn may_leave(info: Option<&AuthInfo>, topic: &str) -> bool {
    info.is_some_and(|info| info.superuser) || !may_receive(info, topic)
}

fn any(info: Option<&AuthInfo>, concerned: impl Fn(&Rule) -> bool, fits: impl Fn(&str) -> bool) -> bool {
    info.is_some_and(|info| {
        info.superuser || info.rules.iter().any(|rule| concerned(rule) && rule.topic.eq_topic_filter.as_deref().is_some_and(&fits))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lamp() -> AuthInfo {
        let list = |filters: &[&str]| filters.iter().map(|&filter| filter.to_owned()).collect();
        written(Rights::Topics { may_publish: list(&["tele/lamp7/#", "stat/#/x"]), may_subscribe: list(&["cmnd/lamp7/#", "+"]) })
    }

    #[test]
    fn who_has_no_rights_may_nothing() {
        let nothing = written(Rights::Topics { may_publish: Vec::new(), may_subscribe: Vec::new() });
        for info in [None, Some(&nothing)] {
            assert!(!may_publish(info, "a"));
            assert!(!may_subscribe(info, "a"));
            assert!(!may_receive(info, "a"));
        }
    }

    #[test]
    fn a_device_publishes_and_subscribes_only_within_its_own() {
        let lamp = lamp();
        let lamp = Some(&lamp);
        assert!(may_publish(lamp, "tele/lamp7/LWT"));
        assert!(!may_publish(lamp, "cmnd/lamp7/POWER"), "what it may read it may not write");
        assert!(!may_publish(lamp, "tele/lamp7/+"), "a filter is no topic");
        assert!(!may_publish(lamp, "stat/y/x"), "a filter that is none permits nothing");
        assert!(may_subscribe(lamp, "cmnd/lamp7/+"));
        assert!(!may_subscribe(lamp, "tele/lamp7/LWT"));
        assert!(!may_subscribe(lamp, "#"), "`+` does not reach as far");
        assert!(may_receive(lamp, "cmnd/lamp7/POWER"));
        assert!(!may_receive(lamp, "cmnd/lamp8/POWER"));
    }

    #[test]
    fn a_device_leaves_nothing_where_it_is_given_commands() {
        let lamp = lamp();
        assert!(may_leave(Some(&lamp), "tele/lamp7/LWT"));
        assert!(!may_leave(Some(&lamp), "cmnd/lamp7/Backlog"));
        assert!(may_leave(Some(&written(Rights::All)), "cmnd/lamp7/Backlog"), "for its gateway it is to know better");
    }

    #[test]
    fn who_may_everything_still_keeps_to_the_protocol() {
        let gateway = written(Rights::All);
        assert!(may_publish(Some(&gateway), "cmnd/lamp7/POWER"));
        assert!(!may_publish(Some(&gateway), "cmnd/+/POWER"));
        assert!(may_subscribe(Some(&gateway), "#"));
        assert!(!may_subscribe(Some(&gateway), "#/x"));
    }
}
