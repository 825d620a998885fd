//! `live-report FOLDER`, for `ci/live.sh`: copies the output of the live suite to stdout and writes a JUnit report.
//!
//! The test harness of stable Rust cannot write JUnit, but its output for people is stable and complete enough.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// How many of the slowest tests are listed at the end.
const SLOWEST: usize = 10;

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TestEnd {
    Passed,
    Failed,
    Ignored,
}

/// The parsed output of the test harness.
#[derive(Debug, Default)]
struct HarnessOutput {
    ends: Vec<(String, TestEnd)>,
    /// The output of each failed test, by its name.
    outputs: BTreeMap<String, String>,
    /// The test whose output the next line belongs to; None outside of any output.
    current: Option<String>,
}

impl HarnessOutput {
    fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.current = Some(name.to_owned());
            self.outputs.entry(name.to_owned()).or_default();
        } else if line == "failures:" {
            // Once before the outputs, and once more before the list of their names.
            self.current = None;
        } else if let Some(name) = &self.current {
            let output = self.outputs.entry(name.clone()).or_default();
            output.push_str(line);
            output.push('\n');
        } else if let Some((name, end)) = parse_end(line) {
            self.ends.push((name.to_owned(), end));
        }
    }

    fn report(&self, seconds: impl Fn(&str) -> Option<f64>) -> Report {
        let mut suite = TestSuite::new("live");
        for (name, end) in &self.ends {
            let status = match end {
                TestEnd::Passed => TestCaseStatus::success(),
                TestEnd::Ignored => TestCaseStatus::skipped(),
                TestEnd::Failed => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    let output = self.outputs.get(name).map_or("", String::as_str);
                    // The first line has the place of the panic, the second its message.
                    let is_message = |line: &&str| !line.is_empty() && !line.starts_with("thread '");
                    status.set_message(output.lines().find(is_message).unwrap_or_default());
                    status.set_description(output);
                    status
                }
            };
            let (place, own) = name.split_once("::").unwrap_or(("live", name));
            let mut case = TestCase::new(own, status);
            case.set_classname(format!("live.{place}"));
            if let Some(seconds) = seconds(name) {
                case.set_time(Duration::from_secs_f64(seconds));
            }
            suite.add_test_case(case);
        }
        let mut report = Report::new("podproof live suite");
        report.add_test_suite(suite);
        report
    }
}

/// Parses a line like `test NAME ... ok`.
fn parse_end(line: &str) -> Option<(&str, TestEnd)> {
    let (name, word) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let end = match word {
        "ok" => TestEnd::Passed,
        "FAILED" => TestEnd::Failed,
        _ if word.starts_with("ignored") => TestEnd::Ignored,
        _ => return None,
    };
    Some((name, end))
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: live-report FOLDER <OUTPUT-OF-THE-SUITE");
        return ExitCode::from(2);
    };
    match copy_and_report(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("live-report: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn copy_and_report(folder: &Path) -> io::Result<()> {
    let mut printed = HarnessOutput::default();
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        printed.read(text.trim_end_matches(['\n', '\r']));
        line.clear();
    }
    let mut times: Vec<_> =
        printed.ends.iter().filter_map(|(name, _)| Some((podproof_tests::seconds_of(name)?, name))).collect();
    times.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (seconds, name) in times.iter().take(SLOWEST) {
        println!("{seconds:7.1} s  {name}");
    }
    fs::create_dir_all(folder)?;
    let junit = folder.join("junit.xml");
    let text = printed.report(podproof_tests::seconds_of).to_string().map_err(io::Error::other)?;
    fs::write(&junit, text)?;
    println!("JUnit: {}; evidence of failed tests: {}", junit.display(), folder.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "
running 4 tests
test cases::it_holds::path_1 ... ok
test disk::full has been running for over 60 seconds
test disk::full ... FAILED
test outage::node ... ignored, long: make nightly

failures:

---- disk::full stdout ----
exit code Some(0) & <more>\u{1b}[31m
test disk::fake ... ok

failures:
    disk::full

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 3.00s
";

    fn printed() -> HarnessOutput {
        let mut printed = HarnessOutput::default();
        PRINTED.lines().for_each(|line| printed.read(line));
        printed
    }

    #[test]
    fn each_test_has_its_result_and_its_output() {
        let ends = [
            ("cases::it_holds::path_1", TestEnd::Passed),
            ("disk::full", TestEnd::Failed),
            ("outage::node", TestEnd::Ignored),
        ];
        assert_eq!(printed().ends, ends.map(|(name, end)| (name.to_owned(), end)));
        assert!(printed().outputs["disk::full"].contains("test disk::fake ... ok"));
    }

    #[test]
    fn the_junit_can_be_read_back() {
        let text = printed().report(|name| (name == "disk::full").then_some(1.5)).to_string().unwrap();
        let report = Report::deserialize_from_str(&text).unwrap();
        assert_eq!((report.tests, report.failures), (3, 1));
        let failed = &report.test_suites[0].test_cases[1];
        assert_eq!((failed.name.as_str(), failed.time), ("full", Some(Duration::from_millis(1500))));
        assert!(text.contains("exit code Some(0) &amp; &lt;more&gt;"), "{text}");
    }
}
