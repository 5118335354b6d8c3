//! Whoever comes to the broker by Mosquitto's own clients: as a device, as the server, or as nobody.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::TestServer;
use crate::wire::OURSELVES;

const PATIENCE: Duration = Duration::from_secs(30);
const INSTALLED: &str = "mosquitto-clients is installed: `cargo xtask services` looks for it";

/// Each of its connections has a client id of its own.
pub struct Guest {
    broker: SocketAddr,
    credentials: Option<(String, String)>,
}

impl TestServer {
    /// Somebody with this user and password.
    pub async fn guest(&self, user: &str, password: &str) -> Guest {
        Guest { broker: self.broker().await.address(), credentials: Some((user.to_owned(), password.to_owned())) }
    }

    /// Somebody who says neither.
    pub async fn stranger(&self) -> Guest {
        Guest { broker: self.broker().await.address(), credentials: None }
    }

    /// Somebody with the server's own.
    pub async fn impostor(&self) -> Guest {
        self.guest(OURSELVES.0, OURSELVES.1).await
    }
}

impl Guest {
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", &self.broker.ip().to_string(), "-p", &self.broker.port().to_string(), "-q", "1"]);
        if let Some((user, password)) = &self.credentials {
            command.args(["-u", user, "-P", password]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Whether it is let in, by this version of the protocol: `311` or `5`. It says something in its own name that means nothing.
    ///
    /// # Panics
    /// When the broker does not answer it.
    pub async fn is_let_in(&self, version: &str) -> bool {
        let mut command = self.client("mosquitto_pub");
        let name = self.credentials.as_ref().map_or("nobody", |(user, _)| user.as_str());
        command.args(["-V", version, "-t", &format!("stat/{name}/STATUS5"), "-m", "x"]);
        timeout(PATIENCE, command.output()).await.expect("the broker answers").expect(INSTALLED).status.success()
    }

    /// Publishes something. The broker has it when this returns; whether anybody may hear it, who speaks 3.1.1 is not told.
    ///
    /// # Panics
    /// When it is not let in.
    pub async fn says(&self, topic: &str, text: &str) {
        self.publish(topic, text, &[]).await;
    }

    /// The same, and the broker is to keep it.
    ///
    /// # Panics
    /// When it is not let in.
    pub async fn leaves(&self, topic: &str, text: &str) {
        self.publish(topic, text, &["-r"]).await;
    }

    async fn publish(&self, topic: &str, text: &str, options: &[&str]) {
        let mut command = self.client("mosquitto_pub");
        command.args(["-t", topic, "-m", text]).args(options);
        let output = timeout(PATIENCE, command.output()).await.expect("the broker answers").expect(INSTALLED);
        assert!(output.status.success(), "{topic}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Subscribes to these at once, and answers the first messages that come, each as topic and text, while `meanwhile` is done again and again:
    /// when a subscription begins to hold cannot be seen from outside. What the broker has kept of before is left out. Fewer come where it hears
    /// too little for too long.
    ///
    /// # Panics
    /// Without Mosquitto's clients.
    pub async fn hears(&self, filters: &[&str], count: usize, meanwhile: impl AsyncFn()) -> Vec<String> {
        let mut command = self.client("mosquitto_sub");
        command.args(["-v", "-R", "-C", &count.to_string(), "-W", &PATIENCE.as_secs().to_string()]);
        for filter in filters {
            command.args(["-t", filter]);
        }
        let hearing = tokio::spawn(async move { command.output().await });
        while !hearing.is_finished() {
            meanwhile().await;
        }
        let output = hearing.await.expect("it is run").expect(INSTALLED);
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// Comes with a will, topic and text, and goes without a word as soon as it has heard something on `own`, on which `meanwhile` says something
    /// again and again. Whom the broker refuses for its will has gone as well.
    ///
    /// # Panics
    /// When neither happens for half a minute.
    pub async fn dies(&self, will: (&str, &str), own: &str, meanwhile: impl AsyncFn()) {
        let mut command = self.client("mosquitto_sub");
        command.args(["-v", "-R", "-t", own, "--will-topic", will.0, "--will-payload", will.1, "--will-retain"]);
        let mut child = command.spawn().expect(INSTALLED);
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // A line, or the end of what it has to say.
        let heard = tokio::spawn(async move {
            let line = lines.next_line().await;
            (line, lines)
        });
        let waited = async {
            while !heard.is_finished() {
                meanwhile().await;
            }
        };
        timeout(PATIENCE, waited).await.expect("it hears something, or is refused");
        // Its pipe stays open until it is gone: whoever cannot say what it hears takes its leave, and then its will is not published.
        let (_line, _pipe) = heard.await.expect("it is read");
        // Nothing is left to kill of who was refused.
        let _ = child.start_kill();
        child.wait().await.expect("it is gone");
    }
}
