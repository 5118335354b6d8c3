//! The broker as Mosquitto's own clients find it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker::{Broker, Doorkeeper, Rights};
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

struct Door;

#[async_trait]
impl Doorkeeper for Door {
    async fn admit(&self, _: &str, user: Option<&str>, password: Option<&[u8]>) -> Option<Rights> {
        match (user?, password?) {
            ("ours", b"o") => Some(Rights::All),
            ("lamp7", b"l") => {
                Some(Rights::Topics { may_publish: vec!["tele/lamp7/#".into()], may_subscribe: vec!["cmnd/lamp7/#".into()] })
            }
            _ => None,
        }
    }
}

fn client(program: &str, broker: &Broker, who: (&str, &str), arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(["-h", "127.0.0.1", "-p", &broker.address().port().to_string(), "-u", who.0, "-P", who.1]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Whether it ended well.
async fn publish(broker: &Broker, who: (&str, &str), arguments: &[&str]) -> bool {
    let mut command = client("mosquitto_pub", broker, who, arguments);
    timeout(PATIENCE, command.output()).await.unwrap().expect("mosquitto-clients is installed").status.success()
}

/// What it prints until it ends by itself.
async fn hear(broker: &Broker, who: (&str, &str), arguments: &[&str]) -> Vec<String> {
    let mut command = client("mosquitto_sub", broker, who, arguments);
    let output = timeout(PATIENCE, command.output()).await.unwrap().expect("mosquitto-clients is installed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

const OURS: (&str, &str) = ("ours", "o");
const LAMP: (&str, &str) = ("lamp7", "l");

#[tokio::test]
async fn v5_1_mosquittos_clients_come_in_by_their_password_and_find_what_is_retained() {
    let broker = Broker::start(([127, 0, 0, 1], 0).into(), Arc::new(Door)).await.unwrap();
    assert!(!publish(&broker, ("lamp7", "wrong"), &["-t", "tele/lamp7/LWT", "-m", "Online"]).await);
    assert!(publish(&broker, LAMP, &["-t", "tele/lamp7/LWT", "-m", "Online", "-r", "-q", "1"]).await);
    for version in ["311", "5"] {
        assert_eq!(hear(&broker, OURS, &["-V", version, "-t", "tele/+/LWT", "-C", "1", "-W", "10"]).await, ["Online"]);
    }
    broker.stop().await;
}

#[tokio::test]
async fn v5_1_a_lamp_hears_its_own_commands_and_says_nothing_for_others() {
    let broker = Broker::start(([127, 0, 0, 1], 0).into(), Arc::new(Door)).await.unwrap();
    let mut lamp = client("mosquitto_sub", &broker, LAMP, &["-t", "cmnd/lamp7/#", "-v", "-q", "1", "-C", "1", "-W", "15"]);
    let mut hearing = tokio::spawn(lamp.output());
    // It says what it hears when it ends, and does not say when it begins to listen.
    let said = loop {
        assert!(publish(&broker, OURS, &["-t", "cmnd/lamp7/POWER1", "-m", "ON", "-q", "1"]).await);
        if let Ok(output) = timeout(Duration::from_millis(50), &mut hearing).await {
            break String::from_utf8(output.unwrap().expect("mosquitto-clients is installed").stdout).unwrap();
        }
    };
    assert_eq!(said, "cmnd/lamp7/POWER1 ON\n");
    // Another's topics: not to be heard, and not to be spoken on.
    publish(&broker, LAMP, &["-V", "5", "-t", "tele/lamp8/LWT", "-m", "Online", "-r", "-q", "1"]).await;
    assert_eq!(hear(&broker, OURS, &["-t", "tele/lamp8/LWT", "-C", "1", "-W", "1"]).await, [""; 0]);
    assert_eq!(hear(&broker, LAMP, &["-t", "cmnd/lamp8/#", "-C", "1", "-W", "1"]).await, [""; 0]);
    broker.stop().await;
}
