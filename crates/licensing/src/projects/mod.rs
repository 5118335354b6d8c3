//! Projects 项目 (K2.1): what keys are made for. Made by super admins; agents see those they hold a grant for.
//!
//! Begin with [`Project`] and [`NewProject`] (the form and its rules), then the use cases ([`create`], [`change`], [`switch`],
//! [`lift_ban`], [`rotate_secret`]). [`price_of`], [`state_of`] and [`held`] are for those who make keys.
//!
//! **Invariant**: a secret leaves this module once, when it is made; at rest it is sealed, and it is in no log.
//! **Invariant**: every change bumps [`TOPIC`] in its own transaction, so that each process that remembers projects notices.

mod counts;
mod error;
mod form;
mod keys;
mod model;
mod service;
mod store;

pub use counts::{KeyCounts, counts_of_agents, counts_of_all};
pub use error::ProjectError;
pub use form::{MOST_OVERLAP_HOURS, NewProject, ProjectPatch};
pub use model::{
    Callback, CallbackEvent, Price, Project, ProjectBrief, ProjectCreated, ProjectEntity, ProjectId, ProjectRef, ProjectState,
    RESPONSE_SEED, SECRET, SecretRotated, TOPIC, ValidityUnit,
};
pub use service::{ProjectFilter, change, create, get, lift_ban, list, rotate_secret, switch};
pub use store::{held, price_of, state_of};

pub(crate) use service::{ANSWER, choices};
