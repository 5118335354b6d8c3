//! The API, through its routes, on both databases: one program, since each would link the whole server again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod account_captcha;
mod account_me;
mod account_reset;
mod account_second_factor;
mod account_sign_in;
mod account_sign_up;
mod altered_requests;
mod applications;
mod audit_chain;
mod bad_input;
mod batch_price;
mod browser;
mod callbacks;
mod grants;
mod home;
mod jobs;
mod keys;
mod logs;
mod made_once;
mod matrix;
mod notifications;
mod openapi;
mod payments;
mod payments_back;
mod payments_freeze;
mod payments_table;
mod plans;
mod projects;
mod quota;
mod quota_races;
mod replay;
mod settings;
mod support;
mod users;
mod users_manage;
mod venue_doors;
mod venue_light;
mod venue_modbus;
mod venue_mosquitto;
mod venue_play;
mod venue_sign_in;
mod verify;
mod wechat_sign_in;
mod withdrawals;
