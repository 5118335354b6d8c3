use super::*;

fn tally(passed: u64, failed: u64, skipped: u64) -> Option<Tally> {
    Some(Tally { passed, failed, skipped, ..Tally::default() })
}

/// Of which some passed only when they were run again.
fn flaky(tally: Option<Tally>, names: &[&str]) -> Option<Tally> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    tally.map(|tally| Tally { flaky: names.len() as u64, flaky_names: names, ..tally })
}

#[test]
fn nextest_totals() {
    assert_eq!(nextest("     Summary [   0.005s] 3 tests run: 3 passed, 0 skipped\n"), tally(3, 0, 0));
    assert_eq!(nextest("     Summary [   0.005s] 1 test run: 1 passed, 12 skipped\n"), tally(1, 0, 12));
    let bad = "  Summary [  61.0s] 9 tests run: 5 passed (1 slow, 1 leaky), 2 failed, 1 timed out, 1 exec failed, 3 skipped\n  FAIL x\nerror: test run failed\n";
    assert_eq!(nextest(bad), tally(5, 4, 3));
    assert_eq!(nextest("     Summary [   0.1s] 2/5 tests run: 1 passed, 1 failed, 0 skipped"), tally(1, 4, 0));
    assert_eq!(nextest("error: could not compile `kernel`"), None);
}

#[test]
fn what_nextest_ran_again_is_named() {
    let text = "\
  TRY 1 FAIL [   0.1s] web::api venue_lamps::v9_1
     Summary [  61.0s] 9 tests run: 9 passed (1 slow, 2 flaky), 3 skipped
   FLAKY 2/3 [   0.123s] web::api venue_lamps::v9_1
   FLAKY 3/3 [   1.000s] (4/9) web::api venue_dark::v9_2
";
    assert_eq!(nextest(text), flaky(tally(9, 0, 3), &["web::api venue_lamps::v9_1", "web::api venue_dark::v9_2"]));
}

#[test]
fn nextest_totals_in_colour() {
    let text = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.005s] \u{1b}[1m3\u{1b}[0m tests run: \u{1b}[1m3\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m1\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m";
    assert_eq!(nextest(text), tally(3, 0, 1));
}

#[test]
fn cargo_test_totals_are_added_up() {
    let text = "\
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s
test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
    assert_eq!(cargo_test(text), tally(5, 1, 1));
    assert_eq!(cargo_test("error[E0432]"), None);
}

#[test]
fn vitest_totals() {
    let text = "\n Test Files  1 failed | 1 passed (2)\n      Tests  1 failed | 2 passed | 1 skipped | 1 todo (5)\n   Start at  22:10:33\n";
    assert_eq!(vitest(text), tally(2, 1, 2));
    assert_eq!(vitest(" Test Files  2 passed (2)\n      Tests  12 passed (12)\n"), tally(12, 0, 0));
    assert_eq!(vitest("No test files found, exiting with code 1"), None);
}

#[test]
fn playwright_totals() {
    let text = "\
Running 9 tests using 1 worker
  \u{2713}  1 [chromium] \u{203a} e2e/sign-in.spec.ts:3:1 \u{203a} k1_2a 5 passed by (1.2s)
  1 failed
    [chromium] \u{203a} e2e/keys.spec.ts:3:1 \u{203a} k3_1a
  1 flaky
    [chromium] \u{203a} e2e/quota.spec.ts:3:1 \u{203a} k4_1a recharges \u{2500}\u{2500}\u{2500}\u{2500}
  1 skipped
  2 did not run
  4 passed (3.4s)
";
    assert_eq!(playwright(text), flaky(tally(5, 3, 1), &["[chromium] \u{203a} e2e/quota.spec.ts:3:1 \u{203a} k4_1a recharges"]));
    assert_eq!(playwright("Error: No tests found"), None);
}

#[test]
fn playwright_names_each_test_that_was_flaky_and_no_other() {
    let text = "\
  1 failed
    [together] \u{203a} e2e/keys.spec.ts:3:1 \u{203a} k3_1a \u{2500}\u{2500}
  2 flaky
    [together] \u{203a} e2e/quota.spec.ts:3:1 \u{203a} k4_1a \u{2500}\u{2500}
    [alone] \u{203a} e2e/app-refused.alone.spec.ts:9:1 \u{203a} v2_1 \u{2500}
  4 passed (3.4s)
";
    let names =
        ["[together] \u{203a} e2e/quota.spec.ts:3:1 \u{203a} k4_1a", "[alone] \u{203a} e2e/app-refused.alone.spec.ts:9:1 \u{203a} v2_1"];
    assert_eq!(playwright(text), flaky(tally(6, 1, 0), &names));
}

#[test]
fn two_flaky_tests_of_a_run_have_passed_and_of_three_none_has() {
    let ran = |number: u64| playwright(&format!("  {number} flaky\n  5 passed (3.4s)\n")).unwrap().judged();
    let counts = |number: u64| {
        let Tally { passed, failed, flaky, .. } = ran(number);
        (passed, failed, flaky)
    };
    assert_eq!([counts(1), counts(2), counts(3)], [(6, 0, 1), (7, 0, 2), (5, 3, 3)]);
}

#[test]
fn what_was_flaky_is_added_up_with_its_names() {
    let one = flaky(tally(5, 0, 1), &["a"]).unwrap();
    let sum: Tally = [one, Tally::ONE_FAILED, flaky(tally(2, 0, 0), &["b"]).unwrap()].into_iter().sum();
    assert_eq!(Some(sum), flaky(tally(7, 1, 1), &["a", "b"]));
}

#[test]
fn unittest_totals() {
    assert_eq!(unittest("Ran 5 tests in 0.101s\n\nOK\n"), tally(5, 0, 0));
    assert_eq!(unittest("Ran 1 test in 0.101s\n\nOK (skipped=1)\n"), tally(0, 0, 1));
    assert_eq!(unittest("Ran 6 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1, expected failures=1)\n"), tally(2, 3, 1));
    assert_eq!(unittest("Ran 0 tests in 0.000s\n\nNO TESTS RAN\n"), tally(0, 0, 0));
    assert_eq!(unittest("ModuleNotFoundError: No module named 'cuekey'"), None);
}

#[test]
fn chaos_totals() {
    assert_eq!(chaos("seed 7\n-- kill-sqlite ok, 3.0 s\n\nchaos: 11 passed, 1 failed\n"), tally(11, 1, 0));
    assert_eq!(chaos("error: no port is free"), None);
}
