//! What becomes of a lamp that drops out, and of whoever comes to mend it.

use sandbox::Trouble;

use super::day::Today;
use super::device::ASKED_WITHIN;
use super::plan::{Drop, MENDED_AFTER};
use super::visit::{Stage, What};
use crate::trouble::Result;

/// A session ends so long after its light went, and somewhat later the bill is there.
const FAULT_SEEN_AFTER: i64 = 75;

impl Today {
    pub(super) async fn loses_power(&mut self, n: usize) -> Result<()> {
        // Whoever has left before has nothing to lose.
        if matches!(self.visits[n].drop, Some(Drop::InPlay(_))) {
            if self.going[n].stage != Stage::Playing {
                return Ok(());
            }
            let heard = if self.world.tables[self.going[n].table].device.tells() { 0 } else { ASKED_WITHIN };
            self.in_seconds(MENDED_AFTER, n, What::Mended);
            self.in_seconds(FAULT_SEEN_AFTER + heard, n, What::Ended);
        }
        self.world.breaks(self.broken(n), Trouble::Missed).await
    }

    /// Somebody has come, and tests the lamp as soon as it is there again.
    pub(super) async fn is_mended(&mut self, n: usize) -> Result<()> {
        if self.world.plug_in(self.broken(n)).await? {
            return self.is_tested(n).await;
        }
        self.in_seconds(ASKED_WITHIN, n, What::Tested);
        Ok(())
    }

    pub(super) async fn is_tested(&mut self, n: usize) -> Result<()> {
        self.world.mended(self.broken(n)).await
    }

    /// The table whose lamp drops out: where that is before anybody comes, whoever comes goes to another one.
    fn broken(&self, n: usize) -> usize {
        if self.visits[n].drop == Some(Drop::Before) { self.visits[n].table } else { self.going[n].table }
    }

    /// The lamp fails at the worst moment.
    pub(super) async fn fails_now(&mut self, n: usize) -> Result<()> {
        let Some(Drop::Opening(trouble)) = self.visits[n].drop else { return Ok(()) };
        self.in_seconds(MENDED_AFTER, n, What::Mended);
        self.world.breaks(self.going[n].table, trouble).await
    }
}
