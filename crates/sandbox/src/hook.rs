//! Somebody's server for callbacks: says 204 to everything, and remembers it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::{Task, anywhere};

/// No callback is as long.
const LONGEST: usize = 1 << 20;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Called {
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Called {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(this, _)| this == name).map(|(_, value)| value.as_str())
    }
}

pub struct Hook {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Called>>>,
    _task: Task,
}

impl Hook {
    /// # Errors
    /// When no port is free.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let address = listener.local_addr()?;
        let calls: Arc<Mutex<Vec<Called>>> = Arc::default();
        let book = Arc::clone(&calls);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let calls = Arc::clone(&book);
                tokio::spawn(async move {
                    let _ = converse(stream, &calls).await;
                });
            }
        });
        Ok(Self { address, calls, _task: Task(task) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How much has arrived.
    pub fn count(&self) -> usize {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Everything that has arrived, oldest first.
    pub fn calls(&self) -> Vec<Called> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn converse(stream: TcpStream, calls: &Mutex<Vec<Called>>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut call = Called::default();
        loop {
            line.clear();
            if read.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            call.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = call.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
        let mut body = vec![0; length.min(LONGEST)];
        read.read_exact(&mut body).await?;
        call.body = String::from_utf8_lossy(&body).into_owned();
        calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        write.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
    }
}
