//! A customer who pays, and the super admin who sees all of it.

use platform::identity::Role;
use sandbox::{Told, Troubles};
use serde_json::{Value, json};
use testkit::{Answer, Client, Networks, TestServer};

pub struct Till<'a> {
    pub server: &'a TestServer,
    pub networks: Networks<'a>,
    pub root: Client,
}

impl<'a> Till<'a> {
    pub async fn open(server: &'a TestServer) -> Self {
        let root = server.user(Role::SuperAdmin, "cashier").await;
        // Days may pass.
        server.keep_signed_in(&root).await;
        Self { server, networks: Networks::open(server).await, root }
    }

    /// Somebody with a phone and no money.
    pub async fn customer(&self, phone: &str) -> Client {
        let visitor = self.server.visitor();
        let welcome = self.server.sign_in_by_phone(&visitor, phone).await;
        visitor.with_token(welcome["token"].as_str().unwrap())
    }

    /// An order for money into the wallet, which waits to be paid.
    pub async fn recharge(&self, customer: &Client, key: &str, method: &str, fen: i64) -> Value {
        let order = recharge(customer, key, method, fen).await.ok(201);
        self.networks.visit(&order).await;
        order
    }

    /// One that is paid.
    pub async fn recharged(&self, customer: &Client, key: &str, method: &str, fen: i64) -> Value {
        let order = self.recharge(customer, key, method, fen).await;
        self.networks.paid(&self.number(&order).await).await;
        order
    }

    /// One that is paid, of which WeChat's notice says another amount.
    pub async fn recharged_otherwise(&self, customer: &Client, key: &str, fen: i64) -> Value {
        let order = self.recharge(customer, key, "h5", fen).await;
        let number = self.number(&order).await;
        self.networks.pay(&number).await;
        self.networks.wechat.set(Troubles { told: Told::OtherAmount, ..Troubles::default() });
        assert!(self.networks.deliver(&self.networks.notice(&number)).await.status.is_success());
        order
    }

    pub async fn detail(&self, order: &Value) -> Value {
        self.root.get(&format!("/api/v1/payments/orders/{}", id(order))).await.ok(200)
    }

    /// What the network knows the latest attempt by.
    pub async fn number(&self, order: &Value) -> String {
        let detail = self.detail(order).await;
        detail["attempts"].as_array().unwrap().last().unwrap()["number"].as_str().unwrap().to_owned()
    }

    /// What became of each attempt, oldest first.
    pub async fn attempts(&self, order: &Value) -> Vec<String> {
        words(&self.detail(order).await["attempts"], "state")
    }

    /// The refunds of an order: amount, why and how they stand.
    pub async fn refunds(&self, order: &Value) -> Vec<(i64, String, String)> {
        let detail = self.detail(order).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let one = |refund: &Value| (refund["amount_fen"].as_i64().unwrap(), text(&refund["reason"]), text(&refund["state"]));
        detail["refunds"].as_array().unwrap().iter().map(one).collect()
    }

    pub async fn waiting(&self) -> Value {
        self.root.get("/api/v1/payments/waiting").await.ok(200)
    }
}

pub async fn recharge(customer: &Client, key: &str, method: &str, fen: i64) -> Answer {
    customer.post_once(key, "/customer/v1/orders", json!({"method": method, "recharge": {"amount_fen": fen}})).await
}

pub async fn order(customer: &Client, of: &Value) -> Value {
    customer.get(&format!("/customer/v1/orders/{}", id(of))).await.ok(200)
}

/// Money in the wallet, and how much of it is held.
pub async fn wallet(customer: &Client) -> (i64, i64) {
    let me = customer.get("/customer/v1/me").await.ok(200);
    (me["balance_fen"].as_i64().unwrap(), me["held_fen"].as_i64().unwrap())
}

/// Newest first.
pub async fn told(customer: &Client) -> Vec<String> {
    words(&customer.get("/customer/v1/messages").await.ok(200)["items"], "kind")
}

pub fn words(all: &Value, name: &str) -> Vec<String> {
    all.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

pub fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}
