//! Mosquitto, set up as the broker inside is: each device by its name, on its own topics. Its queue is longer, and neither is full here (`brokers.rs`).

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock::{Stopwatch, pause};
use crate::site::{free_address, fresh_folder};

pub struct Mosquitto {
    child: Child,
    pub address: SocketAddr,
}

impl Mosquitto {
    pub async fn start(program: &Path, folder: &Path, allowed: &str) -> Result<Self> {
        fresh_folder(folder)?;
        let address = free_address()?;
        let (rights, settings) = (folder.join("rights"), folder.join("mosquitto.conf"));
        std::fs::write(&rights, allowed)?;
        let text = format!(
            "listener {} {}\nallow_anonymous true\nacl_file {}\npersistence false\nmax_queued_messages 100000\nmax_inflight_messages 200\nset_tcp_nodelay true\nuser root\n",
            address.port(),
            address.ip(),
            rights.display()
        );
        std::fs::write(&settings, text)?;
        let log = std::fs::File::create(folder.join("mosquitto.log"))?;
        let mut command = Command::new(program);
        command.arg("-c").arg(&settings).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
        let broker = Self { child, address };
        let watch = Stopwatch::start();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            if watch.seconds() > 10.0 {
                bail!("Mosquitto does not listen; see {}", folder.display());
            }
            pause(Duration::from_millis(5)).await;
        }
        Ok(broker)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
