//! The folder, the addresses, and the mail server.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::report::{Report, same};
use crate::config::{Config, MailTls, is_private};

const PATIENCE: Duration = Duration::from_secs(5);

pub fn folder(config: &Config, report: &mut Report) {
    let subject = ("数据目录", "data folder");
    let folder = &config.data.folder;
    let shown = folder.display();
    let metadata = match folder.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return report.notice(
                subject,
                (format!("{shown} 尚不存在"), format!("{shown} is not there yet")),
                ("首次启动时创建；若应已存在，请检查 --data", "the first start makes it; if it should be there, check --data"),
            );
        }
        Err(error) => {
            return report.wrong(subject, same(format!("{shown}: {error}")), ("检查路径和权限", "check its path and permissions"));
        }
        Ok(metadata) => metadata,
    };
    let mode = metadata.mode() & 0o777;
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    let writable = std::fs::File::create(&probe).and_then(|_| std::fs::remove_file(&probe));
    if !metadata.is_dir() {
        report.wrong(subject, (format!("{shown} 不是目录"), format!("{shown} is not a folder")), ("检查 --data", "check --data"));
    } else if let Err(error) = writable {
        report.wrong(
            subject,
            (format!("{shown} 无法写入：{error}"), format!("{shown} cannot be written to: {error}")),
            ("检查所有者和权限", "check its owner and permissions"),
        );
    } else if mode & 0o077 != 0 {
        let found = (format!("{shown} 他人可以进入（权限 {mode:03o}）"), format!("{shown} is open to others (mode {mode:03o})"));
        let advice = same(format!("chmod 700 {shown}"));
        if mode & 0o022 != 0 { report.wrong(subject, found, advice) } else { report.notice(subject, found, advice) }
    } else {
        report.good(subject, same(shown));
    }
}

pub async fn addresses(config: &Config, report: &mut Report) {
    let server = &config.server;
    listening(("监听地址", "listen address"), server.listen, "/healthz", "server.listen", report).await;
    if let Some(address) = server.metrics_listen {
        listening(("指标地址", "metrics address"), address, "/metrics", "server.metrics_listen", report).await;
        if !address.ip().is_loopback() {
            report.notice(
                ("指标地址", "metrics address"),
                (format!("{address} 不限于本机"), format!("{address} is not this machine alone")),
                ("请确认防火墙只允许监控系统访问", "make sure that only your monitoring can reach it"),
            );
        }
    }
    let subject = ("访问网址", "public address");
    let url = config.public_url(server.listen);
    if server.public_url.is_empty() && !server.listen.ip().is_loopback() {
        report.wrong(
            subject,
            (
                "未设置 server.public_url，而监听地址不限于本机",
                "server.public_url is not set, and the server listens to others than this machine",
            ),
            ("设置用户实际访问的网址，邮件中的链接以它开头", "set what people type into their browser; links in e-mails begin with it"),
        );
    } else if !is_private(&url) {
        report.wrong(
            subject,
            (format!("{url} 未使用 https，密码会以明文传输"), format!("{url} is not https: passwords travel in clear text")),
            (
                "设置 tls.certificate 和 tls.key，或在前面放一个提供 https 的反向代理，并设置 server.public_url",
                "set tls.certificate and tls.key, or put a reverse proxy with https in front, and set server.public_url",
            ),
        );
    } else {
        report.good(subject, same(&url));
    }
    if url.starts_with("https:") && server.trusted_proxies.is_empty() && config.tls.files().is_none() {
        report.notice(
            ("反向代理", "reverse proxy"),
            (
                "使用 https 但未设置 server.trusted_proxies，日志和限流看到的都是代理的地址",
                "https without server.trusted_proxies: logs and limits see the proxy's address for everybody",
            ),
            ("填写反向代理的地址", "name the proxy's addresses"),
        );
    }
}

/// Free, or held by a running Cuekey, which answers `path`. It is asked before the address is tried: who may not take a port below 1024 would hear
/// nothing but that, and a server that is just starting would find its own address taken.
async fn listening(subject: (&str, &str), address: SocketAddr, path: &str, key: &str, report: &mut Report) {
    let free = match is_cuekey(address, path).await {
        Some(true) => return report.good(subject, (format!("{address}（Cuekey 正在运行）"), format!("{address} (Cuekey is running)"))),
        Some(false) => Err(ErrorKind::AddrInUse.into()),
        None => TcpListener::bind(address).await.map(drop),
    };
    match free {
        Ok(()) => report.good(subject, (format!("{address}（空闲）"), format!("{address} (free)"))),
        Err(error) if error.kind() == ErrorKind::AddrInUse => report.wrong(
            subject,
            (format!("{address} 被其他程序占用"), format!("{address} is taken by another program")),
            (format!("停止该程序，或修改 {key}"), format!("stop that program, or change {key}")),
        ),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => report.wrong(
            subject,
            (
                format!("{address} 无应答，且当前用户无权监听该端口"),
                format!("{address}: nobody answers, and who runs this may not take the port"),
            ),
            (
                format!("服务和 doctor 都需要 AmbientCapabilities=CAP_NET_BIND_SERVICE；或将 {key} 改为 1024 以上的端口"),
                format!(
                    "the service needs AmbientCapabilities=CAP_NET_BIND_SERVICE, and so does doctor; or change {key} to a port above 1024"
                ),
            ),
        ),
        Err(error) => report.wrong(subject, same(format!("{address}: {error}")), (format!("检查 {key}"), format!("check {key}"))),
    }
}

/// Whether who answers there is a Cuekey; nothing where nobody does.
async fn is_cuekey(address: SocketAddr, path: &str) -> Option<bool> {
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await.ok()?.ok()?;
    Some(matches!(timeout(PATIENCE, ask(stream, address, path)).await, Ok(Ok(true))))
}

async fn ask(mut stream: TcpStream, address: SocketAddr, path: &str) -> std::io::Result<bool> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(1 << 20).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    // With TLS a Cuekey says how it wants to be asked.
    let encrypted = answer.as_bytes() == front::tls::NOT_TLS;
    Ok(encrypted || answer.starts_with("HTTP/1.1 200") && (answer.ends_with("ok") || answer.contains("cuekey_")))
}

pub async fn mail(config: &Config, report: &mut Report) {
    let subject = ("邮件", "mail");
    let mail = &config.mail;
    if mail.host.is_empty() {
        return report.notice(
            subject,
            (
                "未配置 SMTP，不会发送邮件（注册验证、重置密码、新账号的密码）",
                "no SMTP server: sign-up, password resets and new accounts cannot be mailed",
            ),
            ("设置 mail.host 和 mail.from", "set mail.host and mail.from"),
        );
    }
    let place = format!("{}:{}", mail.host, mail.port);
    let greeting = timeout(PATIENCE, greeting(&place, mail.tls == MailTls::Tls)).await;
    match greeting {
        Ok(Ok(text)) if text.is_empty() || text.starts_with("220") => report.good(subject, same(format!("{place} {text}"))),
        Ok(Ok(text)) => report.wrong(
            subject,
            (format!("{place} 的应答不是 SMTP：{text}"), format!("{place} does not speak SMTP: {text}")),
            ("检查 mail.port 和 mail.tls（587 用 starttls，465 用 tls）", "check mail.port and mail.tls (587 is starttls, 465 is tls)"),
        ),
        Ok(Err(error)) => {
            report.wrong(subject, same(format!("{place}: {error}")), ("检查 mail.host 和 mail.port", "check mail.host and mail.port"))
        }
        Err(_) => report.wrong(
            subject,
            (format!("{place} 没有应答"), format!("{place} does not answer")),
            ("检查 mail.host、mail.port 和防火墙；465 端口用 tls", "check mail.host, mail.port and the firewall; port 465 needs tls"),
        ),
    }
}

/// The first line; with TLS from the first byte on, only whether it accepts.
async fn greeting(place: &str, tls: bool) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(place).await?;
    if tls {
        return Ok(String::new());
    }
    let mut line = [0; 200];
    let length = stream.read(&mut line).await?;
    let text = String::from_utf8_lossy(&line[..length]).into_owned();
    stream.write_all(b"QUIT\r\n").await?;
    Ok(text.lines().next().unwrap_or("?").chars().filter(|c| !c.is_control()).take(80).collect())
}
