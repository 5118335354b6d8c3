//! A lane: takes in what some devices say, message by message.
//!
//! Who has too much news is put off, and of what it says meanwhile the newest is kept: how it stands in the end is heard, and how often it
//! wavered is not. Nobody else in the lane waits for it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Clock, Kind};
use tokio::sync::mpsc;
use venue::devices::{self, About, Heard};

use super::{Ear, PAUSE, device_of};

/// Messages of one device that wait to be taken in: a device has little to say.
const DEVICE_HOLDS: usize = 50;
/// How often a message is tried: after that somebody else has to find out how the device stands.
const TRIES: usize = 30;

/// Bytes of a message. No lamp says as much; the broker inside takes no more either.
const LONGEST: usize = 16 * 1024;
/// Devices whose first such message is logged.
const NAMED: usize = 100;

/// Devices that have said more at once than any lamp does.
#[derive(Default)]
pub(super) struct Loud(HashSet<String>);

impl Loud {
    /// Whether a message of so many bytes is to be left out. Of each device the first is logged.
    pub fn is(&mut self, topic: &str, bytes: usize) -> bool {
        let loud = bytes > LONGEST;
        if loud && self.0.len() < NAMED && self.0.insert(device_of(topic).to_owned()) {
            tracing::warn!(topic, bytes, "a device says more at once than any lamp does: it is not heard");
        }
        loud
    }
}

pub(super) struct Message {
    topic: String,
    payload: Vec<u8>,
    /// By the broker: it is of before.
    kept: bool,
    _place: Place,
}

impl Message {
    /// None when its device has too many that wait.
    pub fn new(topic: String, payload: Vec<u8>, kept: bool, waiting: &Waiting) -> Option<Self> {
        let Some(place) = Place::of(&topic, waiting) else {
            tracing::debug!(topic, "a device says more than is taken in");
            return None;
        };
        Some(Self { topic, payload, kept, _place: place })
    }

    fn about(&self) -> Option<About> {
        devices::about(&self.topic, &self.payload)
    }
}

/// How many messages of each device wait.
pub(super) type Waiting = Arc<Mutex<HashMap<String, usize>>>;

/// A message's place among those of its device, until it is taken in.
struct Place {
    device: String,
    waiting: Waiting,
}

impl Place {
    /// None when the device has too many of them.
    fn of(topic: &str, waiting: &Waiting) -> Option<Self> {
        let device = device_of(topic).to_owned();
        let mut counts = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(device.clone()).or_default();
        if *count >= DEVICE_HOLDS {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Self { device, waiting: Arc::clone(waiting) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.device) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.device);
            }
        }
    }
}

/// Takes in what comes, until nothing can come any more.
pub(super) async fn take_in(ear: Arc<impl Ear>, clock: Clock, mut messages: mpsc::Receiver<Message>) {
    let mut held = Held::default();
    // One pause after the other, whatever comes in between: who floods its lane does not put off what is held of others.
    let mut pause = Box::pin(clock.sleep(PAUSE));
    loop {
        tokio::select! {
            message = messages.recv() => {
                let Some(message) = message else { return };
                let Some(message) = held.join(message) else { continue };
                if let Some(message) = hear(&*ear, &clock, message).await {
                    tracing::warn!(topic = message.topic, "a device has more news than is taken in: it is heard from time to time");
                    held.begin(message);
                }
            }
            () = &mut pause, if !held.is_empty() => {
                held.retry(&*ear, &clock).await;
                pause = Box::pin(clock.sleep(PAUSE));
            }
        }
    }
}

/// Has it heard. Answers it where its device has said too much for now.
async fn hear(ear: &impl Ear, clock: &Clock, message: Message) -> Option<Message> {
    for attempt in 1..=TRIES {
        match ear.heard(&message.topic, &message.payload, message.kept).await {
            Ok(Heard::Taken) => return None,
            Ok(Heard::Later) => return Some(message),
            Err(fault) if fault.kind == Kind::Unavailable && attempt < TRIES => clock.sleep(PAUSE).await,
            Err(fault) => {
                tracing::warn!(%fault, topic = message.topic, "what a device said could not be taken in");
                return None;
            }
        }
    }
    None
}

/// What devices have said that had said too much, in the order in which it came: the newest about each matter.
#[derive(Default)]
struct Held(HashMap<String, VecDeque<(About, Message)>>);

impl Held {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts it behind what is held of its device, and forgets what was said about the same before. Answers it where nothing is held of that
    /// device, or where it says nothing of it.
    fn join(&mut self, mut message: Message) -> Option<Message> {
        let Some(held) = self.0.get_mut(device_of(&message.topic)) else { return Some(message) };
        let Some(about) = message.about() else { return Some(message) };
        // That it has come anew stays to be heard, where the broker says once more that it is there.
        message.kept &= held.iter().all(|(other, before)| !about.covers(*other) || before.kept);
        held.retain(|(other, _)| !about.covers(*other));
        held.push_back((about, message));
        None
    }

    /// The first of its device.
    fn begin(&mut self, message: Message) {
        if let Some(about) = message.about() {
            self.0.insert(device_of(&message.topic).to_owned(), VecDeque::from([(about, message)]));
        }
    }

    /// Has heard what can be by now.
    async fn retry(&mut self, ear: &impl Ear, clock: &Clock) {
        for (device, mut messages) in std::mem::take(&mut self.0) {
            while let Some((about, message)) = messages.pop_front() {
                if let Some(message) = hear(ear, clock, message).await {
                    messages.push_front((about, message));
                    self.0.insert(device, messages);
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(waiting: &Waiting, topic: &str, payload: &str) -> Message {
        Message::new(topic.to_owned(), payload.as_bytes().to_vec(), false, waiting).expect("there is a place")
    }

    #[test]
    fn v5_2_of_who_says_too_much_the_newest_about_each_matter_is_held_in_order() {
        let (waiting, mut held) = (Waiting::default(), Held::default());
        let on = message(&waiting, "stat/lamp7/POWER", "ON");
        let on = held.join(on).expect("nothing is held of it");
        held.begin(on);
        for said in ["OFF", "ON", "OFF"] {
            assert!(held.join(message(&waiting, "stat/lamp7/POWER", said)).is_none());
            assert!(held.join(message(&waiting, "tele/lamp7/LWT", "Offline")).is_none());
        }
        assert!(held.join(message(&waiting, "tele/lamp7/SENSOR", r#"{"ENERGY":{"Power":45}}"#)).is_none());
        assert!(held.join(message(&waiting, "stat/lamp7/RESULT", r#"{"POWER":"ON"}"#)).is_none(), "in whatever words");
        assert!(held.join(message(&waiting, "stat/lamp7/RESULT", r#"{"Mem1":"x"}"#)).is_some(), "it says nothing of the lamp");
        assert!(held.join(message(&waiting, "stat/lamp8/POWER", "ON")).is_some(), "another's");
        let shown: Vec<_> = held.0["lamp7"].iter().map(|(about, message)| (*about, message.payload.clone())).collect();
        let said = [
            ("tele/lamp7/LWT", "Offline"),
            ("tele/lamp7/SENSOR", r#"{"ENERGY":{"Power":45}}"#),
            ("stat/lamp7/RESULT", r#"{"POWER":"ON"}"#),
        ];
        let expected =
            said.map(|(topic, text)| (devices::about(topic, text.as_bytes()).expect("it says something"), text.as_bytes().to_vec()));
        assert_eq!(shown, expected);
        assert_eq!(
            waiting.lock().unwrap_or_else(PoisonError::into_inner).values().sum::<usize>(),
            3,
            "and what is forgotten takes no place"
        );
    }

    #[test]
    fn v5_2_of_a_relay_with_several_channels_the_newest_about_each_is_held() {
        let (waiting, mut held) = (Waiting::default(), Held::default());
        held.begin(message(&waiting, "stat/lamp7/RESULT", r#"{"POWER1":"ON"}"#));
        for said in [r#"{"POWER2":"ON"}"#, r#"{"POWER1":"OFF"}"#, r#"{"POWER3":"ON"}"#] {
            assert!(held.join(message(&waiting, "stat/lamp7/RESULT", said)).is_none());
        }
        let shown = |held: &Held| held.0["lamp7"].iter().map(|(_, message)| message.payload.clone()).collect::<Vec<_>>();
        assert_eq!(shown(&held), [r#"{"POWER2":"ON"}"#, r#"{"POWER1":"OFF"}"#, r#"{"POWER3":"ON"}"#].map(|text| text.as_bytes().to_vec()));
        let all = r#"{"POWER1":"OFF","POWER2":"OFF","POWER3":"ON"}"#;
        assert!(held.join(message(&waiting, "tele/lamp7/STATE", all)).is_none());
        assert_eq!(shown(&held), [all.as_bytes().to_vec()], "a report of all of them says it all");
    }

    #[test]
    fn v5_1_that_a_lamp_has_come_anew_is_not_forgotten_for_what_the_broker_kept() {
        let (waiting, mut held) = (Waiting::default(), Held::default());
        let kept = || Message::new("lamp7/online".into(), b"true".to_vec(), true, &waiting).expect("there is a place");
        held.begin(message(&waiting, "lamp7/online", "true"));
        assert!(held.join(kept()).is_none());
        let of = |held: &Held| held.0["lamp7"].iter().map(|(_, message)| message.kept).collect::<Vec<_>>();
        assert_eq!(of(&held), [false]);
        let mut held = Held::default();
        held.begin(kept());
        assert!(held.join(kept()).is_none());
        assert_eq!(of(&held), [true]);
    }
}
