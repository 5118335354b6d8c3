//! What hangs over tables: relays that come to the broker, in the words of one firmware or another, and boards whose eight coils have one connection.

use sandbox::{Coils, Firmware};
use serde_json::{Value, json};

/// What switches a light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Tasmota,
    Shelly,
    Board,
}

/// Of so many tables one has a Shelly, and one a coil: of fifty 34 have a Tasmota and eight a Shelly, and eight are the coils of one board.
const EVERY: usize = 6;

impl Kind {
    /// Over the `n`th table of a hall.
    pub const fn over(n: usize) -> Self {
        match n % EVERY {
            2 => Self::Shelly,
            5 => Self::Board,
            _ => Self::Tasmota,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Tasmota => "Tasmota",
            Self::Shelly => "Shelly Gen2",
            Self::Board => "relay boards",
        }
    }

    const fn driver(self) -> &'static str {
        match self {
            Self::Tasmota => "tasmota",
            Self::Shelly => "shelly",
            Self::Board => "modbus",
        }
    }

    /// None of what is asked, and never comes by itself.
    pub const fn firmware(self) -> Option<Firmware> {
        match self {
            Self::Tasmota => Some(Firmware::Tasmota),
            Self::Shelly => Some(Firmware::Shelly),
            Self::Board => None,
        }
    }

    /// As the staff enters it, over the `n`th table of the hall that has this board.
    pub fn form(self, table: &str, n: usize, board: &Coils) -> Value {
        let mut form = json!({"table_id": table, "driver": self.driver(), "name": "lamp"});
        if self == Self::Board {
            let (host, port) = (board.address().ip().to_string(), board.address().port());
            form["address"] = json!({"host": host, "port": port, "unit": 1, "coil": n / EVERY, "framing": "tcp"});
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_fifty_tables_eight_are_the_coils_of_one_board() {
        let count = |kind: Kind| (0..50).filter(|n| Kind::over(*n) == kind).count();
        assert_eq!([Kind::Tasmota, Kind::Shelly, Kind::Board].map(count), [34, 8, 8]);
        let coils: Vec<usize> = (0..50).filter(|n| Kind::over(*n) == Kind::Board).map(|n| n / EVERY).collect();
        assert_eq!(coils, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
