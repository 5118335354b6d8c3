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
mod relay;
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
pub use plan::{chosen, unbounded};
pub use program::{Program, Signed, signed};
pub use receiver::{Received, Receiver};
pub use server::{START, TestServer};
pub use store::Engine;
pub use totp::totp;

/// Declares tests that run on both databases, each with a server of its own.
#[macro_export]
macro_rules! on_server {
    ($($tests:tt)+) => { $crate::tests_at! { { sqlite: Sqlite, postgres: Postgres } $($tests)+ } };
}

/// Declares tests of what speaks with devices. Each runs on both databases by the broker inside, and by a Mosquitto that has a password and rights
/// for each device.
#[macro_export]
macro_rules! on_brokers {
    ($($tests:tt)+) => { $crate::tests_at! { { sqlite: Sqlite, postgres: Postgres, mosquitto: Sqlite by_mosquitto } $($tests)+ } };
}

/// Declares tests that run on both databases by Mosquitto alone.
#[macro_export]
macro_rules! on_mosquitto {
    ($($tests:tt)+) => { $crate::tests_at! { { sqlite: Sqlite by_mosquitto, postgres: Postgres by_mosquitto } $($tests)+ } };
}

/// A module for each test, with a function for each place where it runs.
#[doc(hidden)]
#[macro_export]
macro_rules! tests_at {
    ($places:tt $($(#[$meta:meta])* async fn $name:ident($server:ident) $body:block)+) => {$(
        mod $name {
            use super::*;
            $(#[$meta])*
            async fn body($server: &$crate::TestServer) $body
            $crate::places! $places
        }
    )+};
}

#[doc(hidden)]
#[macro_export]
macro_rules! places {
    ($($place:ident: $engine:ident $($by:ident)?),+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $place() {
            let server = $crate::TestServer::start($crate::Engine::$engine).await;
            $(server.$by().await;)?
            body(&server).await;
            server.check().await;
        }
    )+};
}
