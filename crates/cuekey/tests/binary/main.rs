//! The real binary, started in a folder of its own, asked over HTTP, and stopped by signals.

mod certificates;
mod chief;
mod commands;
mod demo;
mod doctor;
mod killed;
mod listener;
mod process;
mod rekey;
mod serving;
mod simulate;
mod start;
