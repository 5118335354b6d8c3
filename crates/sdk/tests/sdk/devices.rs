//! The device id that is kept in a file.

use std::fs;
use std::sync::Barrier;

use cuekey_sdk::{Device, Error, NoRandomness};
use tempfile::tempdir;

#[test]
fn k3_2a_a_persisted_id_stays_the_same() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("deep/inside/device-id");
    let first = Device::persisted(&path).unwrap();
    assert_eq!(first.id().len(), 32);
    assert_eq!(Device::persisted(&path).unwrap(), first);
    assert_ne!(Device::persisted(directory.path().join("other")).unwrap(), first);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
}

#[test]
fn k3_2a_programs_that_start_together_get_one_id() {
    let directory = tempdir().unwrap();
    let (path, together) = (directory.path().join("device-id"), Barrier::new(8));
    let start = || {
        together.wait();
        Device::persisted(&path).unwrap().id().to_owned()
    };
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn k3_2a_a_damaged_file_is_reported_and_kept() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("device-id");
    for damage in ["", "short", "zz000000000000000000000000000000", "\u{0}\u{0}"] {
        fs::write(&path, damage).unwrap();
        assert!(matches!(Device::persisted(&path), Err(Error::DeviceFileDamaged { .. })), "{damage:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damage);
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(Device::persisted(&path).unwrap_err().code(), "DEVICE_FILE_DAMAGED");
    assert_eq!(Device::persisted(directory.path()).unwrap_err().code(), "DEVICE_FILE");
}

#[test]
fn k3_2a_randomness_is_the_callers_if_it_likes() {
    let directory = tempdir().unwrap();
    let fill = |bytes: &mut [u8]| -> Result<(), NoRandomness> {
        bytes.fill(0xab);
        Ok(())
    };
    let device = Device::persisted_with(directory.path().join("a"), &fill).unwrap();
    assert_eq!(device.id(), "ab".repeat(16));
    let none = |_: &mut [u8]| Err(NoRandomness);
    assert_eq!(Device::persisted_with(directory.path().join("b"), &none).unwrap_err().code(), "RANDOMNESS");
}

#[test]
fn k3_2a_an_own_id_is_not_empty() {
    assert_eq!(Device::own("machine-7").unwrap().id(), "machine-7");
    for id in ["", "  ", "a\nb"] {
        assert_eq!(Device::own(id).unwrap_err().code(), "CONFIGURATION");
    }
}
