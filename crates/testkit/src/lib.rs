//! A whole server for a test: real database, real routes, a clock that is stepped.
//!
//! ```ignore
//! on_server! {
//!     async fn k2_1_only_super_admins_create_projects(server) {
//!         let agent = server.user(Role::Agent, "alice").await;
//!         agent.post("/api/v1/projects", json!({…})).await.refused(403, "FORBIDDEN");
//!     }
//! }
//! ```

mod client;
mod coils;
mod documented;
mod guest;
mod hall;
mod look;
mod mosquitto;
mod networks;
mod plan;
mod program;
mod receiver;
mod rows;
mod server;
pub mod texts;
mod totp;
pub mod wechat;
mod wire;

pub use client::{Answer, Client, Live};
pub use coils::CoilTable;
pub use guest::Guest;
pub use hall::{Hall, PlayTable, floor_table};
pub use networks::{Networks, Notice};
pub use plan::unbounded;
pub use program::{Program, Signed, signed};
pub use receiver::{Received, Receiver};
pub use server::{START, TestServer};
pub use store::Engine;
pub use totp::totp;

/// Declares tests that run on both databases, each with a server of its own.
#[macro_export]
macro_rules! on_server {
    ($($(#[$meta:meta])* async fn $name:ident($server:ident) $body:block)+) => {$(
        mod $name {
            use super::*;
            $(#[$meta])*
            async fn body($server: &$crate::TestServer) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let server = $crate::TestServer::start($crate::Engine::Sqlite).await;
                body(&server).await;
                server.check().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let server = $crate::TestServer::start($crate::Engine::Postgres).await;
                body(&server).await;
                server.check().await;
            }
        }
    )+};
}

/// Declares tests of what speaks with devices. Each runs on both databases by the broker inside, and by a Mosquitto that has a password and rights
/// for each device.
#[macro_export]
macro_rules! on_brokers {
    ($($(#[$meta:meta])* async fn $name:ident($server:ident) $body:block)+) => {$(
        mod $name {
            use super::*;
            $(#[$meta])*
            async fn body($server: &$crate::TestServer) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let server = $crate::TestServer::start($crate::Engine::Sqlite).await;
                body(&server).await;
                server.check().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let server = $crate::TestServer::start($crate::Engine::Postgres).await;
                body(&server).await;
                server.check().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mosquitto() {
                let server = $crate::TestServer::start($crate::Engine::Sqlite).await;
                server.by_mosquitto().await;
                body(&server).await;
                server.check().await;
            }
        }
    )+};
}

/// Declares tests that run on both databases by Mosquitto alone.
#[macro_export]
macro_rules! on_mosquitto {
    ($($(#[$meta:meta])* async fn $name:ident($server:ident) $body:block)+) => {$(
        mod $name {
            use super::*;
            $(#[$meta])*
            async fn body($server: &$crate::TestServer) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let server = $crate::TestServer::start($crate::Engine::Sqlite).await;
                server.by_mosquitto().await;
                body(&server).await;
                server.check().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let server = $crate::TestServer::start($crate::Engine::Postgres).await;
                server.by_mosquitto().await;
                body(&server).await;
                server.check().await;
            }
        }
    )+};
}
