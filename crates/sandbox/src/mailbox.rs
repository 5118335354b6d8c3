//! A mail server that takes everything, in clear text, and remembers it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::{Task, anywhere};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    pub to: Vec<String>,
    /// As it arrived: headers, an empty line, the body.
    pub text: String,
}

impl Letter {
    /// The header of this name, as it stands on its first line.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\n\n").next()?;
        head.lines().find_map(|line| {
            let (this, value) = line.split_once(':')?;
            this.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as it was sent: nothing is decoded.
    pub fn body(&self) -> &str {
        self.text.split_once("\n\n").map_or("", |(_, body)| body)
    }
}

pub struct Mailbox {
    address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
    _task: Task,
}

impl Mailbox {
    /// # Errors
    /// When no port is free.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let address = listener.local_addr()?;
        let letters: Arc<Mutex<Vec<Letter>>> = Arc::default();
        let box_ = Arc::clone(&letters);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let letters = Arc::clone(&box_);
                tokio::spawn(async move {
                    let _ = converse(stream, &letters).await;
                });
            }
        });
        Ok(Self { address, letters, _task: Task(task) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How much has arrived.
    pub fn count(&self) -> usize {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Everything that has arrived, oldest first.
    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn converse(stream: TcpStream, letters: &Mutex<Vec<Letter>>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sandbox\r\n").await?;
    let mut letter = Letter::default();
    while let Some(line) = lines.next_line().await? {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" | "HELO" => "250 sandbox\r\n",
            "MAIL" => {
                letter = Letter::default();
                "250 ok\r\n"
            }
            "RCPT" => {
                letter.to.extend(line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(to, _)| to.to_owned()));
                "250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    letter.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    letter.text.push('\n');
                }
                // Remembered before it is acknowledged: a sender that hears nothing sends again, and then it is there twice.
                letters.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut letter));
                "250 taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                break;
            }
            "RSET" | "NOOP" => "250 ok\r\n",
            _ => "502 not here\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
