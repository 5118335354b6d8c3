//! Rows as other parts of the program write them, for tests of the parts that read them.

use licensing::projects::ProjectId;
use store::args;

use crate::{Client, TestServer};

impl TestServer {
    /// A line of the sign-in log.
    pub async fn sign_in_row(&self, name: &str, user: Option<&Client>, result: &str) {
        let now = self.clock.now();
        let id = self.platform.random.uuid_v7(now);
        let sql = "INSERT INTO sign_ins (id, at, name, user_id, result, address, agent) VALUES ($1, $2, $3, $4, $5, '192.0.2.1', 'test')";
        let mut tx = self.platform.db.begin().await.expect("begin");
        tx.exec(sql, args![id, now, name, user.map(Client::id), result]).await.expect("insert");
        tx.commit().await.expect("commit");
    }

    /// An active project without prices, grants or keys.
    pub async fn project_row(&self, name: &str, owner: &Client) -> ProjectId {
        let now = self.clock.now();
        let id: ProjectId = self.cx().id();
        let sql = "INSERT INTO projects (id, name, name_key, description, version, parameters, state, api_key, secret, response_seed, response_public, \
                   devices_per_key, rate_per_minute, open_for_application, callback_events, owner_id, ban_level, created_at) \
                   VALUES ($1, $2, $2, '', '', '{}', 'active', $3, $4, $4, $4, 1, 600, FALSE, '[]', $5, 0, $6)";
        let mut tx = self.platform.db.begin().await.expect("begin");
        tx.exec(sql, args![id, name, id.to_string(), vec![0_u8], owner.id(), now]).await.expect("insert");
        tx.commit().await.expect("commit");
        id
    }
}
