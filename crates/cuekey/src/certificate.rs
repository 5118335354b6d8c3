//! TLS of the listener: opening it, following its files, and what is said when they are of no use.

use std::sync::Arc;
use std::time::Duration;

use front::tls::{Tls, TlsError};
use kernel::Clock;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::trouble::{Result, Trouble};

/// How often the files are looked at: certbot writes new ones weeks before the old ones end.
const LOOK: Duration = Duration::from_secs(10);

pub fn open(config: &Config) -> Result<Option<Arc<Tls>>> {
    let Some(files) = config.tls.files() else { return Ok(None) };
    Tls::open(files).map(|tls| Some(Arc::new(tls))).map_err(|error| trouble(&error))
}

/// What an operator is told.
pub fn trouble(error: &TlsError) -> Trouble {
    match error {
        TlsError::Unreadable { file, why } => {
            let file = file.display();
            Trouble::setup(
                format!("无法读取 {file}：{why}。请检查 tls.certificate、tls.key 和文件权限"),
                format!("{file} cannot be read: {why}; check tls.certificate, tls.key and the file's permissions"),
            )
        }
        TlsError::NoCertificate(file) => {
            let file = file.display();
            Trouble::setup(
                format!("{file} 中没有 PEM 证书（tls.certificate）"),
                format!("{file} holds no PEM certificate (tls.certificate)"),
            )
        }
        TlsError::NoKey(file) => {
            let file = file.display();
            Trouble::setup(format!("{file} 中没有 PEM 私钥（tls.key）"), format!("{file} holds no PEM private key (tls.key)"))
        }
        TlsError::Mismatch => Trouble::setup("tls.certificate 与 tls.key 不是一对", "tls.certificate and tls.key do not belong together"),
        TlsError::Unsupported(why) => Trouble::setup(
            format!("tls.certificate 或 tls.key 无法使用：{why}"),
            format!("tls.certificate or tls.key cannot be used: {why}"),
        ),
    }
}

/// Takes over new files: within seconds, on SIGHUP at once. Never returns.
pub async fn follow(tls: Arc<Tls>, clock: Clock) {
    let mut hang_up = signal(SignalKind::hangup()).inspect_err(|error| tracing::warn!(%error, "SIGHUP cannot be caught")).ok();
    loop {
        let asked = async {
            match &mut hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = asked => tracing::info!("SIGHUP: looking at the certificate"),
            () = clock.sleep(LOOK) => {}
        }
        match tls.look() {
            Ok(true) => tracing::info!("a new certificate is in use 已启用新证书"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the new certificate is not used; the old one stays 新证书无法使用，继续使用旧证书"),
        }
    }
}
