//! How many codes a day sends: to a number, from an address to a number, and from an address.

use kernel::{HOUR, MINUTE};
use serde_json::json;
use testkit::{Answer, Client, START, on_server};

use crate::support::sign_in::spend;

const CODES: &str = "/customer/v1/phone-codes";

async fn ask(who: &Client, phone: &str) -> Answer {
    who.post(CODES, json!({"phone": phone})).await
}

/// Refused until the day is over, which is a day of UTC.
#[track_caller]
fn is_refused_for_the_day(answer: Answer, after: i64) {
    let left = 24 * HOUR - START.micros() % (24 * HOUR) - after;
    assert_eq!(answer.refused(429, "RATE_LIMITED")["retry_after_seconds"], left / 1_000_000);
}

/// From where somebody asks for the time of this number.
type From<'a> = &'a dyn Fn(u8) -> Client;

on_server! {
    async fn v2_2_a_number_is_sent_seven_codes_a_day_whoever_asks(server) {
        let visitor = server.visitor();
        let phone = "13800138000";
        // Two an hour, each from somewhere else: no other limit is near.
        for n in 0..7 {
            assert_eq!(ask(&visitor.from([10, 1, n, 1]), phone).await.ok(202)["known_networks_only"], false);
            server.clock.step(30 * MINUTE);
        }
        // Whoever asks is told how it is, and nothing comes: twice from one network, an hour apart.
        let late = visitor.from([10, 1, 7, 1]);
        assert_eq!(ask(&late, phone).await.ok(202)["known_networks_only"], true);
        assert_eq!(ask(&visitor.from([10, 1, 7, 2]), phone).await.refused(429, "RATE_LIMITED")["retry_after_seconds"], 30 * 60);
        server.clock.step(HOUR);
        ask(&late, phone).await.ok(202);
        server.clock.step(HOUR);
        is_refused_for_the_day(ask(&late, phone).await, 5 * HOUR + 30 * MINUTE);
        assert_eq!(server.mails(phone).await.len(), 7);
        ask(&late, "13900139000").await.ok(202);
        server.clock.step(24 * HOUR);
        assert_eq!(ask(&late, phone).await.ok(202)["known_networks_only"], false);
        assert_eq!(server.mails(phone).await.len(), 8);
    }

    async fn v2_2_one_network_leaves_some_of_a_numbers_codes_of_the_day_to_its_owner(server) {
        let (visitor, owner) = (server.visitor(), server.visitor().from([10, 2, 2, 2]));
        // One address; one /56, and one /48, from another network of it each time.
        let within = |network: u128, n: u128| visitor.from_v6((network << 80) | (n << 64) | 1);
        let spreads: [(i64, &str, From<'_>); 3] = [
            (6, "13900000001", &|_| visitor.from([10, 1, 1, 1])),
            (6, "13900000002", &|n| within(0x2001_0db8_0001, n.into())),
            (6, "13900000003", &|n| within(0x2001_0db8_0002, u128::from(n) << 8)),
        ];
        for (most, phone, from) in spreads {
            let begun = server.clock.now();
            // Two an hour: of an hour it may have more.
            for n in (0..).take(usize::try_from(most).unwrap()) {
                ask(&from(n), phone).await.ok(202);
                server.clock.step(30 * MINUTE);
            }
            is_refused_for_the_day(ask(&from(200), phone).await, most * 30 * MINUTE);
            ask(&owner, phone).await.ok(202);
            // The next day, at the same time.
            let passed = server.clock.now().micros() - begun.micros();
            server.clock.step(24 * HOUR - passed);
        }
        server.run_jobs().await;
    }

    async fn v2_2_an_address_has_two_hundred_codes_a_day_however_many_numbers_it_has(server) {
        let hall = server.visitor().from([10, 3, 3, 3]);
        ask(&hall, "13900000001").await.ok(202);
        spend(server, "sms address day", 199).await;
        ask(&hall, "13900000002").await.ok(202);
        is_refused_for_the_day(ask(&hall, "13900000003").await, 0);
        ask(&server.visitor().from([10, 3, 3, 4]), "13900000003").await.ok(202);
        server.clock.step(24 * HOUR);
        ask(&hall, "13900000003").await.ok(202);
        server.run_jobs().await;
    }
}
