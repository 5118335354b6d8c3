use super::*;

fn tally(passed: u64, failed: u64, skipped: u64) -> Option<Tally> {
    Some(Tally { passed, failed, skipped })
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
    [chromium] \u{203a} e2e/quota.spec.ts:3:1
  1 skipped
  2 did not run
  4 passed (3.4s)
";
    assert_eq!(playwright(text), tally(5, 3, 1));
    assert_eq!(playwright("Error: No tests found"), None);
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
