//! soon
use crate::config::Config;
use crate::trouble::Result;
use std::process::ExitCode;
pub async fn doctor(_config: &Config) -> Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
