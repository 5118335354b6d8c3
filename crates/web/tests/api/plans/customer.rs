//! A customer whose lists are not empty.

use serde_json::json;
use testkit::Client;

use crate::matrix::{Owner, Thing, World};

/// Has a phone, money in the wallet, and a complaint that was answered. Only play is missing, for which lights would have to burn meanwhile.
pub async fn customer(world: &World<'_>) -> Client {
    let (visitor, root) = (world.server.visitor(), &world.people.root);
    let welcome = world.server.sign_in_by_phone(&visitor, "13712345678").await;
    let customer = visitor.with_token(welcome["token"].as_str().unwrap());
    let hall = world.make(Thing::Hall, Owner::Alice).await;
    let cash = json!({"venue_id": hall, "number": welcome["customer"]["number"], "amount_fen": 500});
    root.post_once(&world.once(), "/api/v1/customers/recharge", cash).await.ok(200);
    let form = json!({"matter": "complaint", "kind": "other", "text": "x", "venue_id": hall});
    let complaint = customer.post_once(&world.once(), "/customer/v1/complaints", form).await.ok(201);
    let answer = format!("/api/v1/complaints/{}/answer", complaint["id"].as_str().unwrap());
    root.post(&answer, json!({"text": "x"})).await.ok(200);
    for list in ["complaints", "wallet"] {
        let page = customer.get(&format!("/customer/v1/{list}")).await.ok(200);
        assert!(page["items"].as_array().is_some_and(|items| !items.is_empty()), "{list}: {page}");
    }
    customer
}
