//! An installation whose super admin is signed in.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::process::{Server, answer, connect, cuekey, sign_in};

const PASSWORD: &str = "a horse in a battery";

/// A folder with a super admin in its database.
pub fn installed(configuration: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
    let create = ["create-super-admin", "--data", "data", "--name", "chief", "--email", "c@example.com", "--password-stdin"];
    let mut command = cuekey(folder.path(), &create);
    command.envs(configuration.iter().map(|(name, value)| (*name, value)));
    let made = command.stdin(std::fs::File::open(folder.path().join("password")).unwrap()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    folder
}

/// The program, and its super admin, who is signed in.
pub struct Chief {
    pub server: Server,
    address: SocketAddr,
    token: String,
}

impl Chief {
    pub fn start(folder: &Path, configuration: &[(&str, String)]) -> Self {
        let args = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--metrics-listen", "", "--log-format", "json"];
        let mut command = cuekey(folder, &args);
        command.env_remove("SSL_CERT_DIR").envs(configuration.iter().map(|(name, value)| (*name, value)));
        let mut server = Server::spawn(&mut command);
        let address = server.address();
        let token = sign_in(address, "chief", PASSWORD).1["token"].as_str().unwrap().to_owned();
        Self { server, address, token }
    }

    /// `line` is method and path. Answers what was answered, which must be good.
    #[track_caller]
    pub fn ask(&self, line: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let key = format!("{:016x}", kernel::Random::system().u64());
        let own = format!("Authorization: Bearer {}\r\nIdempotency-Key: {key}\r\nContent-Type: application/json", self.token);
        let mut stream = connect(self.address);
        write!(stream, "{line} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{own}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            .unwrap();
        let (status, _, text) = answer(stream);
        assert!((200..300).contains(&status), "{line}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}
