//! Whether a light may leave where it is, its channel or its coil, for another place or for none.
//!
//! A device of its own is sent away with it, and goes dark by its own timer. A relay that has other lights stays, and so does a board: nobody turns off there
//! what is nobody's any more. So such a light leaves once it is known to be off, by its own word; or, of one that nobody hears, by the last one before that;
//! or since its timer has ended.

use kernel::{DAY, Fault, HOUR, Kind, MINUTE, SECOND, Timestamp};
use platform::Result;
use store::Tx;

use super::device::{Device, Driver};
use super::relay;

/// A coil without a timer burns until somebody tells it. Whoever works there has seen by then whether it does.
const SEEN: i64 = DAY / SECOND;

/// How long yet a light may burn of which nobody has heard since then but that it was on, in microseconds. None: it is off by itself.
fn may_burn(since: Timestamp, timer: Option<i64>, now: Timestamp) -> Option<i64> {
    let left = since.plus_seconds(timer.unwrap_or(SEEN)).micros() - now.micros();
    (left > 0).then_some(left)
}

/// Whether nobody would turn a light off any more that leaves, or late: most coils have no timer of their own. `moves`: to another channel of its device.
pub(super) async fn stays_lit(tx: &mut Tx, light: &Device, moves: bool) -> Result<bool> {
    Ok(light.driver == Driver::Modbus || moves || relay::is_shared(tx, light).await?)
}

/// Refuses it of one that may burn on there, and of which nobody knows. What is heard to be on is refused elsewhere.
pub(crate) async fn may_leave(tx: &mut Tx, light: &Device, moves: bool, now: Timestamp) -> Result<()> {
    // On a channel that is not there nothing burns.
    if light.reported.is_some() || !light.was_on_last() || light.lacks_channel || !stays_lit(tx, light, moves).await? {
        return Ok(());
    }
    // It was told nothing since it is away.
    match may_burn(light.online_since, light.timer(), now) {
        Some(left) => Err(may_burn_on(light.driver, left)),
        None => Ok(()),
    }
}

fn may_burn_on(driver: Driver, left: i64) -> Fault {
    let (zh, en) = match driver {
        Driver::Tasmota | Driver::Shelly => (
            "设备坏了的，可更换密码，连同原来的主题填入新设备",
            "if its device is broken, renew its password and enter that, with the topic as it is, into a new one",
        ),
        Driver::Modbus => ("板坏了的，请把新板设为同一地址", "if its board is broken, give a new one the same address"),
    };
    let (long_zh, long_en) = if left > 2 * HOUR {
        let hours = left.div_euclid(HOUR) + 1;
        (format!("{hours} 小时"), format!("{hours} hours"))
    } else {
        let minutes = left.div_euclid(MINUTE) + 1;
        (format!("{minutes} 分钟"), format!("{minutes} min"))
    };
    let zh = format!("灯失去联系前是亮的，可能还亮着：请等它恢复在线并熄灭；{zh}；或在 {long_zh}后再试");
    let en = format!("It was on when it was last heard, and may burn on: wait until it is back and off; {en}; or try again in {long_en}");
    Fault::new(Kind::Conflict, "LIGHT_MAY_BURN", zh, en)
}

#[cfg(test)]
mod tests {
    use super::super::light::LONGEST;
    use super::*;
    use proptest::prelude::*;

    const SINCE: Timestamp = Timestamp::from_unix(1_795_248_000);

    proptest! {
        #[test]
        fn v5_2_whom_nobody_hears_may_burn_until_its_own_timer_has_ended_and_without_one_for_a_day(
            timer in prop::option::of(prop_oneof![Just(3_276_i64), Just(LONGEST)]), now in 0..2 * DAY,
        ) {
            let ends = timer.map_or(DAY, |seconds| seconds * SECOND);
            let left = may_burn(SINCE, timer, SINCE.plus_micros(now));
            prop_assert_eq!(left, (now < ends).then_some(ends - now));
        }
    }
}
