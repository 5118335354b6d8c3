//! Putting the sources together, and saying which of them is wrong and where.

use std::path::{Path, PathBuf};

use clap::Args;
use figment::Figment;
use figment::error::{Error, Kind};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};

use super::Config;
use super::environment::Environment;
use crate::trouble::{Result, Trouble};

const FILE: &str = "cuekey.toml";

/// What a command line may say about the configuration.
#[derive(Debug, Default, Args)]
pub struct Flags {
    /// 配置文件 Configuration file [default: ./cuekey.toml if it is there]
    #[arg(long, env = "CUEKEY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// 数据目录 Data folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// 数据库 Database: postgres://… or sqlite://… [default: SQLite in the data folder]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// 监听地址 Where it listens
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// 控制台网址 Where people reach the console
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// 指标监听地址 Where /metrics listens; empty: off
    #[arg(long, value_name = "ADDR")]
    pub metrics_listen: Option<String>,
    /// 日志格式 Log format: text or json
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

impl Flags {
    fn settings(&self) -> [(&'static str, &'static str, &'static str, Option<String>); 6] {
        [
            ("--data", "data", "folder", self.data.as_ref().map(|path| path.to_string_lossy().into_owned())),
            ("--database", "database", "url", self.database.clone()),
            ("--listen", "server", "listen", self.listen.clone()),
            ("--public-url", "server", "public_url", self.public_url.clone()),
            ("--metrics-listen", "server", "metrics_listen", self.metrics_listen.clone()),
            ("--log-format", "log", "format", self.log_format.clone()),
        ]
    }
}

/// The configuration of this start: file, then environment, then flags.
pub fn load(flags: &Flags) -> Result<Config> {
    let file = match &flags.config {
        Some(path) => Some(path.clone()),
        None => Some(PathBuf::from(FILE)).filter(|path| path.exists()),
    };
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    read(file.as_deref(), Environment::read(variables)?, flags)
}

pub(super) fn read(file: Option<&Path>, environment: Environment, flags: &Flags) -> Result<Config> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let path = path.display();
            Trouble::setup(format!("无法读取配置文件 {path}：{error}"), format!("cannot read the configuration file {path}: {error}"))
        })?;
        figment = figment.merge(File { text, path });
    }
    figment = figment.merge(environment);
    for (name, section, key, value) in flags.settings() {
        if let Some(value) = value {
            figment = figment.merge(Flag { name, section, key, value });
        }
    }
    let config: Config = figment.extract().map_err(|error| explain(&error))?;
    config.check()?;
    Ok(config)
}

struct File<'a> {
    text: String,
    path: &'a Path,
}

impl figment::Provider for File<'_> {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named(self.path.display().to_string()).interpolater(|_: &figment::Profile, path: &[&str]| path.join("."))
    }

    fn data(&self) -> std::result::Result<figment::value::Map<figment::Profile, Dict>, Error> {
        figment::Provider::data(&Toml::string(&self.text))
    }
}

struct Flag {
    name: &'static str,
    section: &'static str,
    key: &'static str,
    value: String,
}

impl figment::Provider for Flag {
    fn metadata(&self) -> figment::Metadata {
        let name = self.name;
        figment::Metadata::named("flag").interpolater(move |_: &figment::Profile, _: &[&str]| name.to_owned())
    }

    fn data(&self) -> std::result::Result<figment::value::Map<figment::Profile, Dict>, Error> {
        let keys = Dict::from([(self.key.to_owned(), Value::from(self.value.clone()))]);
        let section = Value::from(keys);
        Ok(figment::Profile::Default.collect(Dict::from([(self.section.to_owned(), section)])))
    }
}

/// Which source, which key, what is wrong with it.
fn explain(error: &Error) -> Trouble {
    let mut path: Vec<&str> = error.path.iter().map(String::as_str).collect();
    let profile = error.profile.clone().unwrap_or_default();
    let source = error.metadata.as_ref();
    let from = source.map_or_else(String::new, |source| source.name.to_string());
    if let Kind::UnknownField(name, _) = &error.kind {
        if path.last() != Some(&name.as_str()) {
            path.push(name);
        }
        let key = path.join(".");
        return Trouble::setup(
            format!("{from}：没有配置项 {key}；运行 cuekey config 查看全部"),
            format!("{from}: there is no key {key}; `cuekey config` shows all"),
        );
    }
    let key = source.map_or_else(|| path.join("."), |source| source.interpolate(&profile, &path));
    let why = &error.kind;
    let place = if key.is_empty() || from == "flag" || from == "environment" { key } else { format!("{from}: {key}") };
    let place = if place.is_empty() { from } else { place };
    Trouble::setup(format!("配置有误：{place}：{why}"), format!("configuration: {place}: {why}"))
}
