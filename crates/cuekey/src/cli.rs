//! What one types.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Flags;

#[derive(Debug, Parser)]
#[command(
    name = "cuekey",
    version,
    about = "Cuekey：卡密与自助台球 · card keys and self-service billiards",
    max_term_width = 110,
    args_override_self = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// 启动服务 Serves the console and the API
    Serve(Flags),
    /// 升级数据库 Brings the database up to date
    Migrate(Flags),
    /// 检查安装 Checks the installation, and adds the ledger up again
    Doctor(Flags),
    /// 创建超级管理员 Makes a super admin
    CreateSuperAdmin(SuperAdmin),
    /// 更换主密钥 Changes the master key, with the servers stopped: all that is under it comes under a new one
    Rekey(Flags),
    /// 启动演示 Serves a demo with its data in a folder, asking nothing
    Demo(Demo),
    /// 模拟营业 Plays a day of customers against a server of its own, by a clock that it steps
    Simulate(Simulate),
    /// 输出 OpenAPI 文档 Prints the OpenAPI document
    Openapi,
    /// 输出默认配置 Prints the commented default configuration
    Config,
}

#[derive(Debug, Args)]
pub struct SuperAdmin {
    /// 用户名 Name to sign in with
    #[arg(long)]
    pub name: String,
    /// 邮箱 E-mail address
    #[arg(long)]
    pub email: String,
    /// 从标准输入读取密码 Reads the password from standard input [default: makes one, and shows it once]
    #[arg(long)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub flags: Flags,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// 演示数据目录 Where the demo keeps its data
    #[arg(long, value_name = "DIR", default_value = "./data/demo")]
    pub data: PathBuf,
    /// 监听地址 Where it listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7300")]
    pub listen: SocketAddr,
    /// 空的 PostgreSQL 数据库，代替目录中的 SQLite An empty PostgreSQL database, in place of SQLite in the folder
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub database: String,
}

#[derive(Debug, Args)]
pub struct Simulate {
    /// 球台数 Tables, each with a lamp of its own
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub tables: u32,
    /// 营业小时数 Hours in which customers come
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=168))]
    pub hours: u32,
    /// 随机种子 The same seed plans the same day
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// 掉线设备的百分比 Percent of visits in which the lamp drops out
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub dropping: f64,
    /// 支付超时的百分比 Percent of payments whose answer or notice is lost
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, value_parser = percent)]
    pub timeouts: f64,
    /// 重复通知的百分比，另有同样多的乱序 Percent of payments whose notice comes doubled, and again when all is over; and of those whose notice comes after a later one's
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, value_parser = percent)]
    pub doubled: f64,
    /// 整店断网的次数，每次 2 至 15 分钟 How often a whole hall's network is away, for 2 to 15 minutes
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub outages: u32,
    /// 空目录，数据留在其中 An empty folder, in which the data stays [default: one that is removed at the end]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// 空的 PostgreSQL 数据库，代替 SQLite An empty PostgreSQL database, in place of SQLite
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub database: String,
    /// 结果写入 JSON 文件 Writes the figures into this file too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// 日志级别 What is logged: the faults that are made on purpose are warnings
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub log: String,
}

fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (0.0..=100.0).contains(&value) { Ok(value) } else { Err("0 to 100".into()) }
}
