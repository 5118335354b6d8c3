//! The client against servers on loopback: honest ones, lying ones and broken ones. Nothing here sleeps.

mod answers;
mod blocking;
mod devices;
mod forged;
mod hosts;
mod skew;
mod support;
mod vectors;
