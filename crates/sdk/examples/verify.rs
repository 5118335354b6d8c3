//! Asks about one key: `cargo run -p cuekey-sdk --example verify -- KEY DEVICE_ID`.
//!
//! Reads CUEKEY_URL (several, separated by commas), CUEKEY_API_KEY, CUEKEY_SECRET and
//! CUEKEY_RESPONSE_PUBLIC_KEY. Exit code: 0 valid, 1 not valid, 2 no verdict.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use cuekey_sdk::{Client, Device, Verdict};

fn main() -> ExitCode {
    match ask() {
        Ok(verdict) => {
            println!("{:?}: {} (action: {:?})", verdict.code, verdict.message, verdict.action);
            if let Some(key) = &verdict.key {
                println!("{} is {}, seconds left: {:?}", key.id, key.state, key.remaining_seconds);
            }
            ExitCode::from(if verdict.is_valid() { 0 } else { 1 })
        }
        Err(error) => {
            eprintln!("{error}");
            let mut cause = error.source();
            while let Some(deeper) = cause {
                eprintln!("  because: {deeper}");
                cause = deeper.source();
            }
            ExitCode::from(2)
        }
    }
}

fn ask() -> Result<Verdict, Box<dyn Error>> {
    let [key, device] = env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: verify KEY DEVICE_ID")?;
    let hosts = setting("CUEKEY_URL")?;
    let client = Client::builder(
        hosts.split(',').map(str::trim),
        setting("CUEKEY_API_KEY")?,
        setting("CUEKEY_SECRET")?,
        setting("CUEKEY_RESPONSE_PUBLIC_KEY")?,
    )
    .build_blocking()?;
    Ok(client.verify(&key, &Device::own(device)?)?)
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
