//! Mail, by a real SMTP server: xtask/smtp_sink.py, which `cargo xtask test` starts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::PathBuf;
use std::time::Duration;

use gateway::{SmtpConfig, SmtpError, SmtpMailer, SmtpSecurity};
use platform::messages::{Mail, MailError, Mailer};

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set. CUEKEY_TEST_SMTP (host:port) and CUEKEY_TEST_SMTP_DIR name a mail server for tests; `cargo xtask test` starts one, `cargo xtask services` keeps one running")
    })
}

fn config() -> SmtpConfig {
    let address = env("CUEKEY_TEST_SMTP");
    let (host, port) = address.rsplit_once(':').expect("CUEKEY_TEST_SMTP is host:port");
    SmtpConfig {
        host: host.to_owned(),
        port: port.parse().expect("CUEKEY_TEST_SMTP is host:port"),
        security: SmtpSecurity::Plain,
        user: None,
        password: None,
        from: "keys@cuekey.example".into(),
        timeout: Duration::from_secs(5),
        extra_roots: None,
    }
}

/// A mail that no other test sends, nor this one when it is run again.
fn mail(name: &str) -> Mail {
    let name = format!("{name}.{:x}", kernel::Random::system().u64());
    Mail {
        message_id: format!("job_{name}"),
        to: format!("{name}@example.com"),
        from_name: "卡密 Cuekey".into(),
        subject: format!("您的账号已创建 · {name}"),
        text: "您好，\n\n初始密码：a=b.c\n.\n好".into(),
    }
}

/// What the server stored for this recipient.
fn stored(to: &str) -> Vec<String> {
    let folder = PathBuf::from(env("CUEKEY_TEST_SMTP_DIR"));
    let files = std::fs::read_dir(&folder).expect("CUEKEY_TEST_SMTP_DIR is a folder");
    let messages = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    messages.filter(|message| message.contains(&format!("X-RcptTo: {to}\r\n"))).collect()
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no header {name} in:\n{message}"))
}

/// A subject or name in RFC 2047's base64 words, over folded lines.
fn decoded_words(message: &str, name: &str) -> String {
    let start = message.find(&format!("\r\n{name}: ")).expect("the header") + name.len() + 4;
    let mut text = String::new();
    for (n, line) in message[start..].split("\r\n").enumerate() {
        if n > 0 && !line.starts_with(' ') {
            break;
        }
        for word in line.split_whitespace() {
            match word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?=")) {
                Some(word) => text.push_str(std::str::from_utf8(&base64(word)).expect("UTF-8")),
                None => text.push_str(word),
            }
        }
    }
    text
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<usize> = text.bytes().filter_map(|byte| ALPHABET.iter().position(|known| *known == byte)).collect();
    let mut bytes = Vec::new();
    for four in bits.chunks(4) {
        let number = four.iter().enumerate().fold(0, |sum, (n, six)| sum | six << (18 - 6 * n));
        bytes.extend([number >> 16, number >> 8, number].iter().take(four.len() - 1).map(|byte| u8::try_from(byte & 0xff).unwrap()));
    }
    bytes
}

#[tokio::test]
async fn k1_1c_mail_arrives_as_it_was_written() {
    let mailer = SmtpMailer::new(&config()).unwrap();
    let mail = mail("whole");
    mailer.send(&mail).await.unwrap();
    let all = stored(&mail.to);
    assert_eq!(all.len(), 1);
    let message = &all[0];
    assert_eq!(header(message, "X-MailFrom"), "keys@cuekey.example");
    assert_eq!(header(message, "Message-ID"), format!("<{}@cuekey.example>", mail.message_id));
    assert_eq!(header(message, "To"), mail.to);
    assert_eq!(header(message, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(message, "Content-Type"), "text/plain; charset=utf-8");
    assert!(!message.contains("X-User"), "nobody signed in");
    assert!(!header(message, "Date").is_empty());
    assert_eq!(decoded_words(message, "Subject").replace(' ', ""), mail.subject.replace(' ', ""));
    assert!(decoded_words(message, "From").contains("卡密"));
    assert!(decoded_words(message, "From").ends_with("<keys@cuekey.example>"));
    assert_eq!(header(message, "Content-Transfer-Encoding"), "base64");
    let (_, body) = message.split_once("\r\n\r\n").unwrap();
    assert_eq!(String::from_utf8(base64(body)).unwrap().replace("\r\n", "\n"), mail.text);
}

#[tokio::test]
async fn k1_1c_the_server_says_later_or_never() {
    let mailer = SmtpMailer::new(&config()).unwrap();
    let to = |address: &str| Mail { to: address.into(), ..mail("answers") };
    let error = mailer.send(&to("refuse@example.com")).await.unwrap_err();
    assert!(matches!(&error, MailError::Never(why) if why.contains("no such user here")), "{error:?}");
    let error = mailer.send(&to("later@example.com")).await.unwrap_err();
    assert!(matches!(&error, MailError::Later(why) if why.contains("try again later")), "{error:?}");
    // And takes the next.
    let next = mail("afterwards");
    mailer.send(&next).await.unwrap();
    assert_eq!(stored(&next.to).len(), 1);
}

#[tokio::test]
async fn k1_1c_a_server_that_is_away_or_lacks_tls_gets_nothing() {
    let away = SmtpMailer::new(&SmtpConfig { port: 1, ..config() }).unwrap();
    assert!(matches!(away.send(&mail("away")).await, Err(MailError::Later(_))));
    // The stand-in has no TLS: what asks for it must not go on without.
    let clear = mail("clear");
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        let mailer = SmtpMailer::new(&SmtpConfig { security, timeout: Duration::from_secs(2), ..config() }).unwrap();
        let error = mailer.send(&clear).await.unwrap_err();
        assert!(matches!(error, MailError::Later(_)), "{security:?}: {error:?}");
    }
    assert!(stored(&clear.to).is_empty());
}

#[tokio::test]
async fn k1_1c_signing_in_to_the_mail_server() {
    let with = |password: &str| SmtpConfig { user: Some("cuekey".into()), password: Some(password.into()), ..config() };
    let right = mail("signed_in");
    SmtpMailer::new(&with("right")).unwrap().send(&right).await.unwrap();
    assert_eq!(header(&stored(&right.to)[0], "X-User"), "cuekey");
    // Ours to mend, and then the mail goes.
    let wrong = mail("stranger");
    let error = SmtpMailer::new(&with("wrong")).unwrap().send(&wrong).await.unwrap_err();
    assert!(matches!(error, MailError::Later(_)), "{error:?}");
    assert!(stored(&wrong.to).is_empty());
}

#[tokio::test]
async fn k1_1c_a_value_cannot_smuggle_in_a_header() {
    let mailer = SmtpMailer::new(&config()).unwrap();
    let good = mail("smuggled");
    for bad in [
        Mail { to: format!("{}\r\nBcc: all@example.com", good.to), ..good.clone() },
        Mail { to: format!("{}, all@example.com", good.to), ..good.clone() },
        Mail { to: "smuggled".into(), ..good.clone() },
        Mail { subject: "hello\r\nBcc: all@example.com".into(), ..good.clone() },
        Mail { subject: "hello\nX-Other: 1".into(), ..good.clone() },
        Mail { from_name: "Cuekey\r\nReply-To: thief@example.com".into(), ..good.clone() },
        Mail { message_id: "a>\r\nX-Other: 1".into(), ..good.clone() },
    ] {
        let error = mailer.send(&bad).await.unwrap_err();
        assert!(matches!(error, MailError::Never(_)), "{bad:?}: {error:?}");
    }
    assert!(stored(&good.to).is_empty());
    // A name with a comma and quotes is still one name.
    mailer.send(&Mail { from_name: "Keys, \"Inc\" <x@y.z>".into(), ..good.clone() }).await.unwrap();
    let message = stored(&good.to).remove(0);
    assert!(decoded_words(&message, "From").ends_with("<keys@cuekey.example>"), "{message}");
    assert_eq!(header(&message, "X-MailFrom"), "keys@cuekey.example");
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_once() {
    let base = SmtpConfig {
        host: "mail.example".into(),
        port: 587,
        security: SmtpSecurity::StartTls,
        user: None,
        password: None,
        from: "keys@cuekey.example".into(),
        timeout: Duration::from_secs(5),
        extra_roots: None,
    };
    assert!(SmtpMailer::new(&base).unwrap().describe().contains("mail.example:587"));
    assert!(matches!(SmtpMailer::new(&SmtpConfig { from: "keys".into(), ..base.clone() }), Err(SmtpError::From(_))));
    assert!(matches!(SmtpMailer::new(&SmtpConfig { user: Some("u".into()), ..base.clone() }), Err(SmtpError::HalfCredentials)));
    assert!(matches!(
        SmtpMailer::new(&SmtpConfig { extra_roots: Some(b"no certificate".to_vec()), ..base }),
        Err(SmtpError::NoCertificate)
    ));
}
