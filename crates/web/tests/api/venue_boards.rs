//! Relay boards that are read in ways of their own, and what is seen of one that refuses.

use kernel::MINUTE;
use sandbox::{CoilTrouble, Coils, Frames};
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

use crate::support::board::{device, logged, round};

async fn state(customer: &Client, of: &Value) -> Value {
    customer.get(&format!("/customer/v1/sessions/{}", of["id"].as_str().unwrap())).await.ok(200)["state"].clone()
}

async fn close(customer: &Client, of: &Value) {
    customer.post(&format!("/customer/v1/sessions/{}/close", of["id"].as_str().unwrap()), json!({})).await.ok(200);
}

/// Two play, one of them to the end, at tables of which only their own relays tell how they are lit.
async fn an_evening(server: &TestServer, hall: &Hall<'_>, (frames, framing): (Frames, &str), trouble: CoilTrouble) {
    let board = Coils::start(frames).await.unwrap();
    board.set(trouble);
    let (first, last) = (hall.coil_table(&board, framing, 0).await, hall.coil_table(&board, framing, 3).await);
    let (one, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
    let playing = hall.play_at(&one, &last.id, 60).await;
    assert_eq!(board.seen().on[..4], [false, false, false, true], "{trouble:?}");
    // The first relay is off, and that is nobody's who plays under another.
    server.clock.step(MINUTE);
    for _ in 0..7 {
        round(server).await;
    }
    assert_eq!((state(&one, &playing).await, device(hall, &first.id).await["reported"].clone()), (json!("playing"), json!(false)));
    let beside = hall.play_at(&other, &first.id, 60).await;
    close(&one, &playing).await;
    // Nor is it the first one that is on.
    hall.is(&last.id, "idle").await;
    round(server).await;
    assert_eq!((state(&other, &beside).await, board.seen().on[..4].to_vec()), (json!("playing"), vec![true, false, false, false]));
    assert_eq!(logged(hall, &last.device).await, ["off", "on", "off", "online"], "{trouble:?}");
    close(&other, &beside).await;
    hall.is(&first.id, "idle").await;
}

on_server! {
    async fn v5_1_boards_that_are_read_as_a_whole_or_from_the_first_relay_on_alone_light_each_table_by_its_own(server) {
        let hall = Hall::open(server, 0).await;
        for kind in [(Frames::Tcp, "tcp"), (Frames::Rtu, "rtu")] {
            for trouble in [CoilTrouble::ReadsWhole, CoilTrouble::ReadsFromFirst, CoilTrouble::FourRelays] {
                an_evening(server, &hall, kind, trouble).await;
            }
        }
    }

    async fn v5_1_a_round_reads_a_board_once_however_many_tables_it_lights(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        for coil in [0, 4, 7] {
            hall.coil_table(&board, "tcp", coil).await;
        }
        let asked = board.seen().asked;
        round(server).await;
        assert_eq!(board.seen().asked, asked + 1);
    }

    async fn v5_2_a_coil_that_is_not_there_takes_no_other_table_away_and_its_own_says_why(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        for trouble in [CoilTrouble::None, CoilTrouble::ReadsFromFirst] {
            let board = Coils::start(Frames::Tcp).await.unwrap();
            board.set(trouble);
            let table = hall.coil_table(&board, "tcp", 5).await;
            let dark = hall.dark_table(&format!("{trouble:?}")).await;
            let made = hall.wire(&dark, &board, "tcp", 12).await.ok(201);
            round(server).await;
            round(server).await;
            let light = device(&hall, &dark).await;
            assert_eq!((&light["online"], &light["refused"]), (&json!(false), &json!(2)), "{trouble:?}");
            assert_eq!(logged(&hall, made["device"]["id"].as_str().unwrap()).await, ["refused"], "and says so once");
            let playing = hall.play_at(&customer, &table.id, 60).await;
            assert_eq!((device(&hall, &table.id).await["refused"].clone(), board.seen().on[5]), (Value::Null, true));
            close(&customer, &playing).await;
            hall.is(&table.id, "idle").await;
        }
    }

    async fn v5_2_a_board_that_refuses_is_away_and_its_tables_say_why_until_it_answers_or_says_nothing(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Rtu).await.unwrap();
        let table = hall.coil_table(&board, "rtu", 1).await;
        for code in [1, 4, 6, 11] {
            board.set(CoilTrouble::Refuses(code));
            round(server).await;
            let light = device(&hall, &table.id).await;
            assert_eq!((&light["online"], &light["refused"]), (&json!(false), &json!(code)));
        }
        assert_eq!(logged(&hall, &table.device).await[..2], ["offline", "refused"]);
        board.set(CoilTrouble::Gone);
        round(server).await;
        assert_eq!(device(&hall, &table.id).await["refused"], Value::Null, "now it is something else");
        board.set(CoilTrouble::Refuses(3));
        round(server).await;
        assert_eq!(device(&hall, &table.id).await["refused"], 3);
        board.set(CoilTrouble::None);
        round(server).await;
        let light = device(&hall, &table.id).await;
        assert_eq!((&light["online"], &light["refused"]), (&json!(true), &Value::Null));
    }
}
