//! Tables of a hall whose lights are coils of a relay board.

use sandbox::Coils;
use serde_json::{Value, json};

use crate::{Answer, Hall, floor_table};

fn coil_address(board: &Coils, framing: &str, (unit, coil): (u8, u16)) -> Value {
    let (host, port) = (board.address().ip().to_string(), board.address().port());
    json!({"host": host, "port": port, "unit": unit, "coil": coil, "framing": framing})
}

/// A table with the coil over it.
pub struct CoilTable {
    pub id: String,
    pub device: String,
}

impl Hall<'_> {
    /// A new table without a light. Answers its id.
    pub async fn dark_table(&self, name: &str) -> String {
        let path = format!("/api/v1/venues/{}/tables", self.id);
        let [a, b, c, d] = self.server.platform.random.bytes();
        let table = self.manager.post_once(&format!("dark-{a}-{b}-{c}-{d}"), &path, json!({"name": name})).await.ok(201);
        table["id"].as_str().expect("an id").to_owned()
    }

    /// Asks for a light that is this coil.
    pub async fn wire(&self, table: &str, board: &Coils, framing: &str, coil: u16) -> Answer {
        self.wire_unit(table, board, framing, (1, coil)).await
    }

    async fn wire_unit(&self, table: &str, board: &Coils, framing: &str, (unit, coil): (u8, u16)) -> Answer {
        self.wire_at(table, coil_address(board, framing, (unit, coil))).await
    }

    async fn wire_at(&self, table: &str, address: Value) -> Answer {
        self.manager.post("/api/v1/devices", json!({"table_id": table, "driver": "modbus", "name": "灯", "address": address})).await
    }

    /// A table in service, whose light is a coil of this board.
    pub fn coil_table(&self, board: &Coils, framing: &str, coil: u16) -> impl Future<Output = CoilTable> {
        self.unit_table(board, framing, 1, coil)
    }

    /// The same, of this unit.
    pub async fn unit_table(&self, board: &Coils, framing: &str, unit: u8, coil: u16) -> CoilTable {
        self.table_at(coil_address(board, framing, (unit, coil))).await
    }

    /// The same, of a board that turns its coils off by itself.
    pub async fn timed_table(&self, board: &Coils, framing: &str, coil: u16) -> CoilTable {
        let mut address = coil_address(board, framing, (1, coil));
        address["timer"] = json!("flash");
        self.table_at(address).await
    }

    async fn table_at(&self, address: Value) -> CoilTable {
        let id = self.dark_table(&format!("线圈 {}/{}", address["unit"], address["coil"])).await;
        let made = self.wire_at(&id, address).await.ok(201);
        assert_eq!((made["user"].clone(), made["password"].clone()), (Value::Null, Value::Null), "nothing is entered into a board");
        self.until(|floor| floor_table(floor, &id)["device"]["reported"] == json!(false)).await;
        self.manager.post(&format!("/api/v1/tables/{id}/in-service"), json!({"note": ""})).await.ok(200);
        CoilTable { id, device: made["device"]["id"].as_str().expect("an id").to_owned() }
    }
}
