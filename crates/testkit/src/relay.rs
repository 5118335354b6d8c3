//! Tables of a hall whose lights are the channels of one relay.

use std::sync::Arc;

use sandbox::{Firmware, Lamp};
use serde_json::{Value, json};

use crate::{Answer, Hall, PlayTable, floor_table};

/// As its staff calls it.
pub(crate) const fn driver(firmware: Firmware) -> &'static str {
    match firmware {
        Firmware::Tasmota => "tasmota",
        Firmware::Shelly => "shelly",
    }
}

impl Hall<'_> {
    /// Another relay on the hall's broker, with so many channels.
    pub async fn plug_in_relay(&self, firmware: Firmware, user: &str, password: &str, channels: usize) -> Arc<Lamp> {
        let broker = self.server.broker().await;
        broker.knows(user, password).await;
        let clock = self.server.clock.clone();
        let lamp = Arc::new(Lamp::with_channels(broker.address(), firmware, user, password, clock, channels));
        self.server.lamps.lock().await.push(Arc::downgrade(&lamp));
        lamp
    }

    /// Asks for a light on this channel: of a device of its own, or of that of another light.
    pub async fn light_on(&self, table: &str, firmware: Firmware, channel: usize, beside: Option<&str>) -> Answer {
        let ask = json!({"table_id": table, "driver": driver(firmware), "name": "灯", "channel": channel, "beside": beside});
        self.manager.post("/api/v1/devices", ask).await
    }

    /// Tables in service, whose lights are the channels of one relay.
    pub async fn add_relay(&mut self, firmware: Firmware, channels: usize) -> Arc<Lamp> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let mut made = Vec::new();
        let mut credentials = None;
        for channel in 1..=channels {
            let id = self.dark_table(&format!("第 {channel} 路")).await;
            let first = made.first().map(|(_, device): &(String, String)| device.as_str());
            let answer = self.light_on(&id, firmware, channel, first).await.ok(201);
            // It comes to the broker as one, and what is entered into it is told once.
            assert_eq!(answer["password"].is_string(), channel == 1, "{answer}");
            credentials = credentials.or_else(|| Some((text(&answer["user"]), text(&answer["password"]))));
            made.push((id, text(&answer["device"]["id"])));
        }
        let (user, password) = credentials.expect("a channel");
        let lamp = self.plug_in_relay(firmware, &user, &password, channels).await;
        let off = |floor: &Value| made.iter().all(|(id, _)| floor_table(floor, id)["device"]["reported"] == json!(false));
        let floor = self.until(off).await;
        for (id, device) in made {
            self.manager.post(&format!("/api/v1/tables/{id}/in-service"), json!({"note": ""})).await.ok(200);
            let code = text(&floor_table(&floor, &id)["code"]);
            let (lamp, user, password) = (Arc::clone(&lamp), user.clone(), password.clone());
            self.tables.push(PlayTable { id, code, lamp, device, user, password });
        }
        self.server.settles().await;
        lamp
    }
}
