//! Topics and topic filters (MQTT 5.0, section 4.7; 3.1.1 says the same).

/// No real topic is as deep. `rmqtt` walks filters by recursion, and a filter of thousands of levels would end the process.
const DEEPEST: usize = 64;
/// MQTT's own bound, in bytes.
const LONGEST: usize = 65_535;

/// Whether messages can be published on it.
pub(crate) fn is_topic(text: &str) -> bool {
    fits(text) && !text.contains(['+', '#'])
}

/// Whether it can be subscribed to. A wildcard is a level of its own, and `#` the last.
pub(crate) fn is_filter(text: &str) -> bool {
    let mut levels = text.split('/').rev();
    let last = levels.next().unwrap_or_default();
    fits(text) && (last == "#" || is_level(last)) && levels.all(is_level)
}

fn is_level(level: &str) -> bool {
    level == "+" || !level.contains(['+', '#'])
}

fn fits(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && !text.contains('\0') && text.bytes().filter(|byte| *byte == b'/').count() < DEEPEST
}

/// Whether a message on `topic` is for those who subscribed to `filter`.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    // For a topic, which has no wildcards, to lie within is to match.
    covers(filter, topic)
}

/// Whether `own` matches everything that `asked` matches. It may be "no" where only a close look would find that it does: `+/#` is not seen
/// to cover `#`.
pub(crate) fn covers(own: &str, asked: &str) -> bool {
    // Topics such as `$SYS/…` are not meant by a filter that begins with a wildcard.
    if own.starts_with(['+', '#']) && asked.starts_with('$') {
        return false;
    }
    let mut asked = asked.split('/');
    for level in own.split('/') {
        match (level, asked.next()) {
            // It matches the level above as well, so it does not matter whether anything is left.
            ("#", _) => return true,
            ("+", Some(one)) if one != "#" => {}
            (name, Some(same)) if name == same => {}
            (_, Some(_) | None) => return false,
        }
    }
    asked.next().is_none()
}

/// What every topic that `filter` matches begins with.
pub(crate) fn beginning(filter: &str) -> &str {
    let literal = filter.find(['+', '#']).map_or(filter, |wildcard| &filter[..wildcard]);
    // `a/#` matches `a` as well.
    literal.strip_suffix('/').unwrap_or(literal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        for topic in ["sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"] {
            assert!(matches("sport/tennis/player1/#", topic), "{topic}");
        }
        assert!(matches("sport/#", "sport"));
        assert!(matches("sport/tennis/+", "sport/tennis/player2"));
        assert!(!matches("sport/tennis/+", "sport/tennis/player1/ranking"));
        assert!(!matches("sport/+", "sport"));
        assert!(matches("sport/+", "sport/"));
        assert!(matches("+/+", "/finance"));
        assert!(matches("/+", "/finance"));
        assert!(!matches("+", "/finance"));
        assert!(!matches("#", "$SYS/monitor/Clients"));
        assert!(!matches("+/monitor/Clients", "$SYS/monitor/Clients"));
        assert!(matches("$SYS/#", "$SYS/monitor/Clients"));
        assert!(!matches("ACCOUNTS", "Accounts"));
    }

    #[test]
    fn filters_and_topics_are_told_from_others() {
        for filter in ["#", "+", "a/#", "+/a/+", "/", "a//b", "$share/g/a"] {
            assert!(is_filter(filter), "{filter}");
        }
        for none in ["", "a#", "a/#/b", "#/", "a+/b", "++", "a\0"] {
            assert!(!is_filter(none), "{none:?}");
        }
        assert!(is_topic("a/b") && is_topic("/"));
        for none in ["", "+", "a/#", "a\0"] {
            assert!(!is_topic(none), "{none:?}");
        }
        assert!(is_filter(&"a/".repeat(DEEPEST - 1)) && !is_filter(&"a/".repeat(DEEPEST)));
    }

    #[test]
    fn a_device_gets_no_wildcard_beyond_its_own() {
        for within in ["cmnd/lamp7", "cmnd/lamp7/POWER", "cmnd/lamp7/+", "cmnd/lamp7/+/x/#", "cmnd/lamp7/#"] {
            assert!(covers("cmnd/lamp7/#", within), "{within}");
        }
        for beyond in
            ["#", "+", "+/#", "cmnd/#", "cmnd/+", "cmnd/+/POWER", "+/lamp7/#", "cmnd/lamp70", "cmnd/lamp70/#", "$share/g/cmnd/lamp7/#"]
        {
            assert!(!covers("cmnd/lamp7/#", beyond), "{beyond}");
        }
        assert!(!covers("+", "#") && !covers("a/+", "a/#") && covers("a/+", "a/+"));
        assert!(!covers("#", "$SYS/#") && !covers("+/x", "$share/x") && covers("#", "+"));
    }

    /// Few names, so that they meet, and the empty one.
    const NAME: &str = "a|b||\\$s";

    fn topic() -> impl Strategy<Value = String> {
        prop::collection::vec(NAME, 1..5).prop_map(|levels| levels.join("/")).prop_filter("a topic is not empty", |topic| is_topic(topic))
    }

    fn filter() -> impl Strategy<Value = String> {
        let level = prop_oneof![3 => NAME, 2 => Just("+".to_owned())];
        (prop::collection::vec(level, 0..4), any::<bool>())
            .prop_map(|(mut levels, all): (Vec<String>, bool)| {
                if all {
                    levels.push("#".to_owned());
                }
                levels.join("/")
            })
            .prop_filter("a filter is not empty", |filter| is_filter(filter))
    }

    /// The same question by another way: what is left of both, level by level, with a copy for each turn.
    fn matches_by_the_book(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            (["#"], _) | ([], []) => true,
            ([first, filter @ ..], [level, topic @ ..]) => (*first == "+" || first == level) && matches_by_the_book(filter, topic),
            ([], _) | (_, []) => false,
        }
    }

    proptest! {
        #[test]
        fn a_topic_is_matched_as_the_standard_says(filter in filter(), topic in topic()) {
            let hidden = topic.starts_with('$') && filter.starts_with(['+', '#']);
            let (filter_levels, topic_levels): (Vec<_>, Vec<_>) = (filter.split('/').collect(), topic.split('/').collect());
            prop_assert_eq!(matches(&filter, &topic), !hidden && matches_by_the_book(&filter_levels, &topic_levels));
        }

        #[test]
        fn within_a_filter_that_is_covered_there_is_nothing_beyond(own in filter(), asked in filter(), topic in topic()) {
            if covers(&own, &asked) && matches(&asked, &topic) {
                prop_assert!(matches(&own, &topic), "{} {} {}", own, asked, topic);
            }
        }

        #[test]
        fn each_covers_itself_and_what_is_covered_by_what_it_covers(a in filter(), b in filter(), c in filter()) {
            prop_assert!(covers(&a, &a));
            if covers(&a, &b) && covers(&b, &c) {
                prop_assert!(covers(&a, &c));
            }
        }

        #[test]
        fn a_topic_begins_as_its_filter_does(filter in filter(), topic in topic()) {
            if matches(&filter, &topic) {
                prop_assert!(topic.starts_with(beginning(&filter)));
            }
        }

        #[test]
        fn any_text_is_looked_at(text in "\\PC{0,20}", other in "[ab+#/$]{0,8}") {
            let _ = (covers(&text, &other), covers(&other, &text), is_filter(&text), beginning(&text));
            prop_assert!(!is_topic(&other) || is_filter(&other));
        }
    }
}
