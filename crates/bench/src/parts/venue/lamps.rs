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

/// Which of them there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Each has a name on the broker, and nothing else is asked of it.
    Tasmota,
    /// Of fifty tables 34 have a Tasmota and eight a Shelly; eight are the coils of one board.
    All,
}

/// Of so many tables one has a Shelly, and one a coil.
const EVERY: usize = 6;

impl Mix {
    /// Over the `n`th table of a hall.
    pub const fn over(self, n: usize) -> Kind {
        match (self, n % EVERY) {
            (Self::All, 2) => Kind::Shelly,
            (Self::All, 5) => Kind::Board,
            (Self::All | Self::Tasmota, _) => Kind::Tasmota,
        }
    }
}

impl Kind {
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
        let count = |kind: Kind| (0..50).filter(|n| Mix::All.over(*n) == kind).count();
        assert_eq!([Kind::Tasmota, Kind::Shelly, Kind::Board].map(count), [34, 8, 8]);
        let coils: Vec<usize> = (0..50).filter(|n| Mix::All.over(*n) == Kind::Board).map(|n| n / EVERY).collect();
        assert_eq!(coils, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!((0..50).all(|n| Mix::Tasmota.over(n) == Kind::Tasmota));
    }
}
