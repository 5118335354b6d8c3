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
    /// 启动演示 Serves a demo with its data in a folder, asking nothing
    Demo(Demo),
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
