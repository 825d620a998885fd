//! Reads what the live suite prints, hands it on, and leaves a JUnit: `live-report FOLDER`, for `ci/live.sh`.
//!
//! The test harness of stable Rust writes no JUnit. What it prints for people is stable, and says enough.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// How many of the slowest tests are named at the end.
const NAMED: usize = 10;

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    Ignored,
}

/// What the harness said of all tests.
#[derive(Debug, Default)]
struct Printed {
    ends: Vec<(String, End)>,
    /// What those wrote that failed, by their names.
    outputs: BTreeMap<String, String>,
    /// Whose output the next line belongs to.
    writes: Option<String>,
}

impl Printed {
    fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.writes = Some(name.to_owned());
            self.outputs.entry(name.to_owned()).or_default();
        } else if line == "failures:" {
            // Once before the outputs, and once more before the list of their names.
            self.writes = None;
        } else if let Some(name) = &self.writes {
            let output = self.outputs.entry(name.clone()).or_default();
            output.push_str(line);
            output.push('\n');
        } else if let Some((name, end)) = end_of(line) {
            self.ends.push((name.to_owned(), end));
        }
    }

    fn report(&self, seconds: impl Fn(&str) -> Option<f64>) -> Report {
        let mut suite = TestSuite::new("live");
        for (name, end) in &self.ends {
            let status = match end {
                End::Passed => TestCaseStatus::success(),
                End::Ignored => TestCaseStatus::skipped(),
                End::Failed => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    let output = self.outputs.get(name).map_or("", String::as_str);
                    // The first line says where, the second what.
                    let says = |line: &&str| !line.is_empty() && !line.starts_with("thread '");
                    status.set_message(output.lines().find(says).unwrap_or_default());
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

/// `test NAME ... ok` and its like.
fn end_of(line: &str) -> Option<(&str, End)> {
    let (name, word) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let end = match word {
        "ok" => End::Passed,
        "FAILED" => End::Failed,
        _ if word.starts_with("ignored") => End::Ignored,
        _ => return None,
    };
    Some((name, end))
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: live-report FOLDER <OUTPUT-OF-THE-SUITE");
        return ExitCode::from(2);
    };
    match hand_on(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("live-report: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn hand_on(folder: &Path) -> io::Result<()> {
    let mut printed = Printed::default();
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
    for (seconds, name) in times.iter().take(NAMED) {
        println!("{seconds:7.1} s  {name}");
    }
    fs::create_dir_all(folder)?;
    let junit = folder.join("junit.xml");
    let text = printed.report(podproof_tests::seconds_of).to_string().map_err(io::Error::other)?;
    fs::write(&junit, text)?;
    println!("JUnit: {}; evidence of what failed: {}", junit.display(), folder.display());
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

    fn printed() -> Printed {
        let mut printed = Printed::default();
        PRINTED.lines().for_each(|line| printed.read(line));
        printed
    }

    #[test]
    fn each_test_has_its_end_and_what_it_wrote() {
        let ends = [
            ("cases::it_holds::path_1", End::Passed),
            ("disk::full", End::Failed),
            ("outage::node", End::Ignored),
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
