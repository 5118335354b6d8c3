//! Tables whose lights are coils of a relay board.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kernel::{Clock, MINUTE, SECOND};
use platform::identity::Role;
use sandbox::{CoilTrouble, Coils, Frames};
use serde_json::{Value, json};
use testkit::{Client, Hall, floor_table, on_server};

use crate::support::board::{ROUND, device, logged, round};

async fn wallet(customer: &Client) -> (Value, Value) {
    let me = customer.get("/customer/v1/me").await.ok(200);
    (me["balance_fen"].clone(), me["held_fen"].clone())
}

async fn open(customer: &Client, table: &str, key: &str) -> testkit::Answer {
    customer.post_once(key, &format!("/customer/v1/tables/{table}/open"), json!({"minutes": 60, "expected_fen": 3_600})).await
}

async fn session(customer: &Client, of: &Value) -> Value {
    customer.get(&format!("/customer/v1/sessions/{}", of["id"].as_str().unwrap())).await.ok(200)
}

on_server! {
    async fn v5_1_an_evening_under_a_coil(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        for (frames, framing) in [(Frames::Tcp, "tcp"), (Frames::Rtu, "rtu")] {
            let board = Coils::start(frames).await.unwrap();
            let (table, other) = (hall.coil_table(&board, framing, 3).await, hall.coil_table(&board, framing, 0).await);
            let playing = hall.play_at(&customer, &table.id, 60).await;
            assert_eq!(board.seen().on, [false, false, false, true, false, false, false, false]);
            assert_eq!(device(&hall, &other.id).await["reported"], false);
            server.clock.step(20 * MINUTE + SECOND);
            server.tick().await;
            let (before, _) = wallet(&customer).await;
            let path = format!("/customer/v1/sessions/{}/close", playing["id"].as_str().unwrap());
            let closed = customer.post(&path, json!({})).await.ok(200);
            assert_eq!(closed["bill"]["total_fen"], 1_260);
            hall.is(&table.id, "idle").await;
            assert_eq!((board.seen().on, board.seen().switched, board.seen().turned_away), ([false; 8], 2, 0));
            assert_eq!(wallet(&customer).await, (json!(before.as_i64().unwrap() - 1_260), json!(0)));
            assert_eq!(logged(&hall, &table.device).await, ["off", "on", "off", "online"]);
        }
    }

    async fn v5_1_a_board_with_timers_goes_dark_by_itself_and_is_wound_while_somebody_plays(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(20_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.timed_table(&board, "tcp", 3).await;
        assert_eq!(device(&hall, &table.id).await["address"]["timer"], "flash");
        // Two hours and two minutes, of which it can count 54: 7,320 s are left, and 3,276.7 are the most.
        let playing = hall.play_at(&customer, &table.id, 120).await;
        assert_eq!((board.seen().on[3], board.seen().timers[3]), (true, 32_767));
        // It is wound in time, without a blink, as often as it takes.
        let mut wound = 0;
        for minute in 1..=100 {
            server.clock.step(MINUTE);
            board.pass(Duration::from_secs(60));
            let left = board.seen().timers[3];
            server.tick().await;
            wound += u32::from(board.seen().timers[3] > left);
            assert!(board.seen().on[3], "minute {minute}");
        }
        assert_eq!((wound, board.seen().switched), (3, 1));
        // Without a server it burns until two minutes after the paid time, and no longer.
        let left = board.seen().timers[3];
        assert!((13_300..=13_400).contains(&left), "{left}");
        board.pass(Duration::from_millis(left * 100));
        assert!(!board.seen().on[3]);
        // Whoever plays on has light again as soon as somebody has asked the board.
        round(server).await;
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == true).await;
        assert!(board.seen().on[3]);
        let path = format!("/customer/v1/sessions/{}/close", playing["id"].as_str().unwrap());
        customer.post(&path, json!({})).await.ok(200);
        hall.is(&table.id, "idle").await;
        assert_eq!((board.seen().on[3], board.seen().timers[3]), (false, 0));
    }

    async fn v5_1_a_board_that_was_said_to_have_timers_and_has_none_is_lit_all_the_same(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Rtu).await.unwrap();
        board.set(CoilTrouble::NoTimers);
        let table = hall.timed_table(&board, "rtu", 0).await;
        hall.play_at(&customer, &table.id, 60).await;
        assert_eq!((board.seen().on[0], board.seen().timers[0]), (true, 0));
        assert_eq!(logged(&hall, &table.device).await, ["on", "no_timer", "off", "online"], "and somebody can read why it would not go off");
    }

    async fn v3_1c_a_board_that_is_gone_when_a_table_is_opened_costs_nothing(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        board.set(CoilTrouble::Gone);
        let asked = open(&customer, &table.id, "open-0001").await.ok(202);
        assert_eq!(wallet(&customer).await, (json!(10_000), json!(3_600)));
        server.run_jobs().await;
        round(server).await;
        let light = device(&hall, &table.id).await;
        assert_eq!((light["online"].clone(), light["reported"].clone()), (json!(false), json!(null)));
        server.clock.step(11 * SECOND);
        assert_eq!(hall.is(&table.id, "maintenance").await["case"]["cause"], "not_lit");
        let failed = session(&customer, &asked).await;
        assert_eq!((failed["state"].clone(), failed["end_reason"].clone(), wallet(&customer).await), (json!("failed"), json!("not_lit"), (json!(10_000), json!(0))));
        open(&customer, &table.id, "open-0002").await.refused(409, "TABLE_IN_SERVICE");
        // It is told what it should be when it is back, not what it missed.
        board.set(CoilTrouble::None);
        round(server).await;
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == false).await;
        assert_eq!((board.seen().on[0], board.seen().switched), (false, 0));
        hall.is_mended(&table.id).await;
        hall.play_at(&customer, &table.id, 60).await;
    }

    async fn v3_1c_an_echo_is_no_light(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        for (n, trouble) in [CoilTrouble::Stuck, CoilTrouble::RefusesWrites(4)].into_iter().enumerate() {
            board.set(trouble);
            let asked = open(&customer, &table.id, &format!("open-000{n}")).await.ok(202);
            server.run_jobs().await;
            assert_eq!(session(&customer, &asked).await["state"], "opening", "{trouble:?}");
            server.clock.step(21 * SECOND);
            assert_eq!(hall.is(&table.id, "maintenance").await["case"]["cause"], "not_lit");
            assert_eq!(wallet(&customer).await, (json!(10_000), json!(0)));
            board.set(CoilTrouble::None);
            server.clock.step(10 * SECOND);
            hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == false).await;
            hall.is_mended(&table.id).await;
        }
    }

    async fn v5_1_a_board_that_is_busy_for_a_moment_is_told_again(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Rtu).await.unwrap();
        let table = hall.coil_table(&board, "rtu", 7).await;
        board.set(CoilTrouble::Refuses(6));
        open(&customer, &table.id, "open-0001").await.ok(202);
        server.run_jobs().await;
        board.set(CoilTrouble::None);
        server.clock.step(3 * SECOND);
        hall.is(&table.id, "playing").await;
        assert!(board.seen().on[7]);
    }

    async fn v5_2_a_board_without_power_ends_in_a_refund_and_its_tables_come_back_by_themselves(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let (table, idle) = (hall.coil_table(&board, "tcp", 0).await, hall.coil_table(&board, "tcp", 1).await);
        let playing = hall.play_at(&customer, &table.id, 60).await;
        server.clock.step(10 * MINUTE);
        server.tick().await;
        board.set(CoilTrouble::Gone);
        round(server).await;
        assert_eq!(device(&hall, &table.id).await["online"], false);
        assert_eq!(session(&customer, &playing).await["state"], "playing", "it may be the network, for a moment");
        server.clock.step(61 * SECOND);
        server.tick().await;
        // All lights of the hall are away, and on one device, which nobody can tell from its network: who plays is not left in the dark.
        for table in [&table, &idle] {
            assert_eq!(hall.is(&table.id, "maintenance").await["case"]["cause"], "offline");
        }
        let closed = session(&customer, &playing).await;
        assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone(), wallet(&customer).await.1), (json!("device_fault"), json!(10 * 60), json!(0)));
        // What was wrong with them was that they were away.
        board.set(CoilTrouble::None);
        round(server).await;
        for table in [&table, &idle] {
            assert_eq!(hall.is(&table.id, "idle").await["device"]["reported"], false);
        }
        assert_eq!(board.seen().on, [false; 8]);
    }

    async fn v5_2_a_unit_that_is_silent_takes_none_of_those_behind_the_same_server_with_it(server) {
        let hall = Hall::open(server, 0).await;
        let (customer, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        for (frames, framing) in [(Frames::Tcp, "tcp"), (Frames::Rtu, "rtu")] {
            let board = Coils::start(frames).await.unwrap();
            let (first, second) = (hall.unit_table(&board, framing, 1, 0).await, hall.unit_table(&board, framing, 2, 0).await);
            let (lost, playing) = (hall.play_at(&customer, &first.id, 60).await, hall.play_at(&other, &second.id, 60).await);
            assert_eq!((board.seen().on[0], board.seen().behind[0]), (true, true));
            board.set(CoilTrouble::Unheard(1));
            server.clock.step(10 * MINUTE);
            server.tick().await;
            assert_eq!(device(&hall, &first.id).await["online"], false);
            server.clock.step(MINUTE + SECOND);
            server.tick().await;
            hall.is(&first.id, "maintenance").await;
            assert_eq!(session(&customer, &lost).await["end_reason"], "device_fault");
            // The other is heard in each round, and told what it should be.
            assert_eq!((session(&other, &playing).await["state"].clone(), device(&hall, &second.id).await["online"].clone()), (json!("playing"), json!(true)));
            let path = format!("/customer/v1/sessions/{}/close", playing["id"].as_str().unwrap());
            other.post(&path, json!({})).await.ok(200);
            hall.is(&second.id, "idle").await;
            assert!(!board.seen().behind[0]);
            assert_eq!(logged(&hall, &second.device).await, ["off", "on", "off", "online"]);
            // Nobody could tell the first one; when it is heard again it is told what it should be then.
            assert!(board.seen().on[0]);
            board.set(CoilTrouble::None);
            round(server).await;
            hall.until(|floor| floor_table(floor, &first.id)["device"]["reported"] == false).await;
            assert!(!board.seen().on[0]);
        }
    }

    async fn v5_1_a_coil_that_somebody_switches_is_set_right_in_the_next_round(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 2).await;
        board.press(2, true);
        round(server).await;
        assert!(!board.seen().on[2], "nobody plays");
        let playing = hall.play_at(&customer, &table.id, 60).await;
        board.press(2, false);
        round(server).await;
        assert!(board.seen().on[2]);
        server.clock.step(61 * SECOND);
        server.tick().await;
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        let log = logged(&hall, &table.device).await;
        assert_eq!(log, ["on", "went_off", "on", "off", "came_on", "off", "online"]);
    }

    async fn v5_2_a_relay_that_trips_after_each_on_ends_play_as_of_when_it_began_to(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        let playing = hall.play_at(&customer, &table.id, 60).await;
        server.clock.step(10 * MINUTE);
        for _ in 0..6 {
            board.press(0, false);
            round(server).await;
            assert!(board.seen().on[0], "it is told again each time");
        }
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        board.press(0, false);
        round(server).await;
        assert_eq!(hall.is(&table.id, "maintenance").await["case"]["cause"], "in_play");
        let closed = session(&customer, &playing).await;
        assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone()), (json!("device_fault"), json!(600)));
    }

    async fn v5_1_a_lost_packet_is_no_news(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        board.set(CoilTrouble::HangsUpOnce);
        round(server).await;
        assert_eq!(device(&hall, &table.id).await["online"], true);
        assert_eq!(logged(&hall, &table.device).await, ["off", "online"]);
    }

    async fn v5_1_of_two_processes_one_asks(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        hall.coil_table(&board, "tcp", 0).await;
        let asked = board.seen().asked;
        server.clock.step(ROUND);
        // Each with a runner of its own.
        tokio::join!(server.tick(), server.tick());
        assert_eq!(board.seen().asked, asked + 1);
    }

    async fn v5_1_what_was_wanted_once_is_never_written_later(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Rtu).await.unwrap();
        let table = hall.coil_table(&board, "rtu", 0).await;
        board.set(CoilTrouble::Slow(Duration::from_millis(20)));
        let path = format!("/api/v1/tables/{}/light", table.id);
        let done = AtomicBool::new(false);
        let work = async || {
            while !done.load(Ordering::Relaxed) {
                server.run_jobs().await;
                tokio::task::yield_now().await;
            }
        };
        let switch = async {
            for n in 0..20 {
                hall.manager.put(&path, json!({"on": n % 2 == 0, "minutes": 5, "why": "x"})).await.ok(200);
                Clock::System.sleep(Duration::from_millis(n * 3)).await;
            }
            done.store(true, Ordering::Relaxed);
        };
        tokio::join!(work(), work(), switch);
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == false).await;
        assert!(!board.seen().on[0]);
        // A late write would have been seen as somebody's hand.
        let log = logged(&hall, &table.device).await;
        assert!(!log.iter().any(|what| what == "came_on" || what == "went_off"), "{log:?}");
    }

    async fn v5_1_by_hand_a_coil_obeys_too(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        let path = format!("/api/v1/tables/{}/light", table.id);
        hall.manager.put(&path, json!({"on": true, "minutes": 5, "why": "cleaning"})).await.ok(200);
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == true).await;
        assert!(board.seen().on[0]);
        server.clock.step(6 * MINUTE);
        server.tick().await;
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == false).await;
        assert!(!board.seen().on[0]);
    }

    async fn v5_1_a_coil_is_one_tables_and_its_address_is_checked(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        let dark = hall.dark_table("二号").await;
        for framing in ["tcp", "rtu"] {
            hall.wire(&dark, &board, framing, 0).await.refused(409, "COIL_TAKEN");
        }
        hall.wire(&table.id, &board, "tcp", 1).await.refused(409, "LIGHT_EXISTS");
        let ask = |driver: &str, address: Value| json!({"table_id": dark, "driver": driver, "name": "x", "address": address});
        let wrong = json!({"host": "http://x/", "port": 65_536, "unit": -1, "coil": 65_536, "framing": "tcp"});
        let refused = hall.manager.post("/api/v1/devices", ask("modbus", wrong.clone())).await.refused(422, "INVALID");
        let named: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(named, ["address.host", "address.port", "address.unit", "address.coil"]);
        hall.manager.post("/api/v1/devices", ask("modbus", Value::Null)).await.refused(422, "INVALID");
        hall.manager.post("/api/v1/devices", ask("tasmota", wrong)).await.refused(422, "INVALID");
        assert_eq!(device(&hall, &dark).await, Value::Null);
        let other = server.user(Role::VenueManager, "elsewhere").await;
        let right = json!({"host": "Board.LAN", "port": 502, "unit": 1, "coil": 1, "framing": "rtu"});
        other.post("/api/v1/devices", ask("modbus", right.clone())).await.refused(404, "NOT_FOUND");
        let made = hall.manager.post("/api/v1/devices", ask("modbus", right)).await.ok(201);
        assert_eq!(made["device"]["address"], json!({"host": "board.lan", "port": 502, "unit": 1, "coil": 1, "framing": "rtu", "timer": "none"}));
        assert_eq!(device(&hall, &table.id).await["address"]["coil"], 0);
    }

    async fn v5_1_the_same_coil_for_two_tables_at_once_is_one_tables(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let (one, two) = (hall.dark_table("一号").await, hall.dark_table("二号").await);
        let (first, second) = tokio::join!(hall.wire(&one, &board, "tcp", 5), hall.wire(&two, &board, "tcp", 5));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}
