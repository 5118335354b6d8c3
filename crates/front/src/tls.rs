//! TLS of the listener: a certificate and its key from two files, which are read again when they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kernel::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::validity;

pub(crate) const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Said to whoever speaks plain HTTP here.
pub const NOT_TLS: &[u8] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
    此端口使用 https，请以 https:// 访问。 This port speaks https: begin the address with https://\n"
    .as_bytes();

/// Where the certificate (with its chain) and its key are, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why the two files are of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsError {
    Unreadable {
        file: PathBuf,
        why: String,
    },
    NoCertificate(PathBuf),
    NoKey(PathBuf),
    /// Both can be read, and do not belong together.
    Mismatch,
    /// A kind of key or certificate that is not supported.
    Unsupported(String),
}

impl std::fmt::Display for TlsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable { file, why } => write!(f, "{} cannot be read: {why}", file.display()),
            Self::NoCertificate(file) => write!(f, "{} holds no PEM certificate", file.display()),
            Self::NoKey(file) => write!(f, "{} holds no PEM private key", file.display()),
            Self::Mismatch => f.write_str("the certificate and the key do not belong together"),
            Self::Unsupported(why) => write!(f, "the certificate or key cannot be used: {why}"),
        }
    }
}

impl std::error::Error for TlsError {}

/// A certificate with its key, and until when it is good.
#[derive(Debug)]
pub struct Pair {
    key: Arc<CertifiedKey>,
    /// `None` where the certificate does not say so in a way that is understood.
    pub not_after: Option<Timestamp>,
}

/// No `Debug`: one of them is a private key.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    /// # Errors
    /// What is wrong with which file.
    pub fn read(&self) -> Result<Pair, TlsError> {
        self.pair(&self.contents()?)
    }

    fn contents(&self) -> Result<Contents, TlsError> {
        let read =
            |file: &Path| std::fs::read(file).map_err(|error| TlsError::Unreadable { file: file.to_owned(), why: error.to_string() });
        Ok(Contents { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }

    fn pair(&self, contents: &Contents) -> Result<Pair, TlsError> {
        let none = || TlsError::NoCertificate(self.certificate.clone());
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&contents.certificate).collect::<Result<_, _>>().map_err(|_| none())?;
        let not_after = validity::not_after(chain.first().ok_or_else(none)?);
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| TlsError::NoKey(self.key.clone()))?;
        let key = CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch,
            other => TlsError::Unsupported(other.to_string()),
        })?;
        Ok(Pair { key: Arc::new(key), not_after })
    }
}

/// What each connection is offered now.
#[derive(Debug)]
struct Offered(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Offered {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

pub struct Tls {
    files: Files,
    offered: Arc<Offered>,
    config: Arc<ServerConfig>,
    /// What the files held when they were last looked at, as a whole or as an error.
    seen: Mutex<Result<Contents, TlsError>>,
}

impl Tls {
    /// # Errors
    /// What is wrong with which file.
    pub fn open(files: Files) -> Result<Self, TlsError> {
        let contents = files.contents()?;
        let pair = files.pair(&contents)?;
        note(pair.not_after);
        let offered = Arc::new(Offered(RwLock::new(pair.key)));
        let unsupported = |error: rustls::Error| TlsError::Unsupported(error.to_string());
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unsupported)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&offered) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        // Who comes back is spared the asymmetric part. No early data: it could be repeated by others.
        config.ticketer = Ticketer::new().map_err(unsupported)?;
        Ok(Self { files, offered, config: Arc::new(config), seen: Mutex::new(Ok(contents)) })
    }

    /// Reads the files again if they have changed, and offers what they hold from the next handshake on. Answers whether it did.
    ///
    /// # Errors
    /// What is wrong with them; the old pair stays. The same trouble is told once.
    pub fn look(&self) -> Result<bool, TlsError> {
        let now = self.files.contents();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        seen.clone_from(&now);
        drop(seen);
        let pair = self.files.pair(&now?)?;
        note(pair.not_after);
        *self.offered.0.write().unwrap_or_else(PoisonError::into_inner) = pair.key;
        Ok(true)
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

fn note(not_after: Option<Timestamp>) {
    if let Some(at) = not_after {
        let seconds = i32::try_from(at.unix() / 60).map_or(f64::INFINITY, |minutes| f64::from(minutes) * 60.0);
        metrics::gauge!("cuekey_tls_certificate_expires_unix").set(seconds);
    }
}

/// Whether the first byte is a TLS handshake's. Waits for it; a closed connection is left to the handshake.
pub(crate) async fn is_handshake(stream: &TcpStream) -> bool {
    const HANDSHAKE: u8 = 0x16;
    let mut first = [0; 1];
    match stream.peek(&mut first).await {
        Ok(1) => first[0] == HANDSHAKE,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn files(&self) -> Files {
            Files { certificate: self.0.path().join("cert.pem"), key: self.0.path().join("key.pem") }
        }

        fn put(&self, pair: &rcgen::CertifiedKey<rcgen::KeyPair>) {
            std::fs::write(self.files().certificate, pair.cert.pem()).expect("written");
            std::fs::write(self.files().key, pair.signing_key.serialize_pem()).expect("written");
        }
    }

    fn pair() -> rcgen::CertifiedKey<rcgen::KeyPair> {
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate")
    }

    #[test]
    fn what_is_wrong_with_the_files_is_named() {
        let folder = Folder::new();
        let files = folder.files();
        assert!(matches!(files.read().unwrap_err(), TlsError::Unreadable { file, .. } if file == files.certificate));
        folder.put(&pair());
        assert!(files.read().is_ok());
        std::fs::write(&files.key, pair().signing_key.serialize_pem()).unwrap();
        assert_eq!(files.read().unwrap_err(), TlsError::Mismatch);
        std::fs::write(&files.key, "no key").unwrap();
        assert_eq!(files.read().unwrap_err(), TlsError::NoKey(files.key.clone()));
        std::fs::write(&files.certificate, "").unwrap();
        assert_eq!(files.read().unwrap_err(), TlsError::NoCertificate(files.certificate.clone()));
    }

    #[test]
    fn a_new_pair_is_taken_over_and_half_of_one_is_not() {
        let folder = Folder::new();
        let (old, new) = (pair(), pair());
        folder.put(&old);
        let tls = Tls::open(folder.files()).unwrap();
        let offered = || tls.offered.0.read().unwrap().end_entity_cert().unwrap().to_vec();
        assert_eq!(tls.look(), Ok(false));
        std::fs::write(folder.files().certificate, new.cert.pem()).unwrap();
        assert_eq!(tls.look(), Err(TlsError::Mismatch), "certbot writes one after the other");
        assert_eq!(tls.look(), Ok(false), "the same trouble is told once");
        assert_eq!(offered(), old.cert.der().to_vec());
        folder.put(&new);
        assert_eq!(tls.look(), Ok(true));
        assert_eq!(offered(), new.cert.der().to_vec());
        std::fs::remove_file(folder.files().key).unwrap();
        assert!(matches!(tls.look(), Err(TlsError::Unreadable { .. })));
        folder.put(&new);
        assert!(tls.look().is_ok());
    }
}
