//! libFuzzer around one target, which `CUEKEY_FUZZ` names. `cargo xtask fuzz` builds and runs it.

#![no_main]
#![expect(unsafe_code, reason = "libFuzzer calls an exported symbol")]

use std::sync::LazyLock;

static TARGET: LazyLock<&fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("CUEKEY_FUZZ").unwrap_or_default();
    fuzz::target(&name).unwrap_or_else(|| panic!("CUEKEY_FUZZ names no target: {name:?}"))
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| (TARGET.check)(input));
