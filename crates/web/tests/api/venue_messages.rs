//! What a customer was told, and has read.

use serde_json::{Value, json};
use testkit::{Client, Hall, on_server};

const MESSAGES: &str = "/customer/v1/messages";

async fn unread(customer: &Client) -> Value {
    customer.get("/customer/v1/session").await.ok(200)["unread_messages"].clone()
}

/// Whether each was read, newest first.
async fn read(customer: &Client) -> Vec<bool> {
    let page = customer.get(MESSAGES).await.ok(200);
    page["items"].as_array().unwrap().iter().map(|message| message["read"].as_bool().unwrap()).collect()
}

async fn newest(customer: &Client) -> Value {
    json!({"newest": customer.get(MESSAGES).await.ok(200)["items"][0]["id"]})
}

on_server! {
    async fn messages_wait_until_they_are_shown_and_what_comes_after_that_waits_again(server) {
        let hall = Hall::open(server, 1).await;
        // Each is welcomed, and has put money in.
        let (customer, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        assert_eq!((unread(&customer).await, read(&customer).await), (json!(2), vec![false, false]));
        let shown = newest(&customer).await;

        // Told while the list is looked at.
        hall.play(&customer, 0, 60).await;
        customer.post("/customer/v1/messages/read", shown.clone()).await.ok(204);
        assert_eq!((unread(&customer).await, read(&customer).await), (json!(1), vec![false, true, true]));
        let first = customer.get("/customer/v1/session").await.ok(200);
        assert_eq!(first["session"]["state"], "playing");

        // Twice, and by an older answer: nothing is unread again.
        customer.post("/customer/v1/messages/read", newest(&customer).await).await.ok(204);
        customer.post("/customer/v1/messages/read", shown).await.ok(204);
        assert_eq!((unread(&customer).await, read(&customer).await), (json!(0), vec![true; 3]));
        assert_eq!((unread(&other).await, read(&other).await), (json!(2), vec![false, false]), "another's are not touched");
    }

    async fn how_far_somebody_has_read_is_said_by_an_id_and_marks_nothing_of_anothers(server) {
        let hall = Hall::open(server, 1).await;
        let (customer, later) = (hall.customer(0).await, hall.customer(0).await);
        customer.post("/customer/v1/messages/read", newest(&later).await).await.ok(204);
        assert_eq!((unread(&customer).await, unread(&later).await), (json!(0), json!(1)));
        for (body, code) in [(json!({}), "REQUIRED"), (json!({"newest": "cus_01h455vb4pex5vsknk084sn02q"}), "INVALID")] {
            later.post("/customer/v1/messages/read", body).await.refused_field("newest", code);
        }
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(guest["token"].as_str().unwrap());
        assert_eq!((unread(&guest).await, guest.get(MESSAGES).await.ok(200)["items"].clone()), (json!(0), json!([])));
        assert_eq!(unread(&later).await, json!(1));
    }
}
