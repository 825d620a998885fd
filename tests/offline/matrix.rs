//! The tables of cases by rounds and of cases by runs.

use std::fs;
use std::path::Path;

use podproof_core::record::{RunRecord, write_record};
use podproof_core::report::{html_page, matrix_page};
use podproof_tests::{podproof, run};
use serde_json::{Value, json};

use crate::markup::{assert_harmless, tags};
use crate::record::{case, checked, fail, inconclusive, pass, record, record_of_prove_run, skip};

/// One execution of `claim` for each verdict, in successive rounds.
fn rounds(claim: &str, verdicts: &[Value]) -> Vec<Value> {
    let round = |(place, verdict): (usize, &Value)| {
        let mut case = case(claim, 1, verdict);
        case["round"] = json!(place + 1);
        case["slug"] = json!(format!("{claim}.{place}"));
        case
    };
    verdicts.iter().enumerate().map(round).collect()
}

fn run_on(version: &str, day: u32, cases: &[Value]) -> RunRecord {
    let mut value = serde_json::to_value(record("check", cases)).unwrap();
    value["run"] = json!(format!("202611{day:02}-100000-3fa9c1d2"));
    value["started"] = json!(format!("2026-11-{day:02}T10:00:00Z"));
    value["cluster"]["version"] = json!(version);
    serde_json::from_value(value).unwrap()
}

fn page(record: &RunRecord) -> String {
    html_page(record, Path::new("/nonexistent"), None)
}

#[test]
fn each_round_has_a_column() {
    let cases = [
        rounds("ipc/mc2-article", &[pass(), fail(&["keeps"]), pass()]),
        rounds("volume/shared", &[inconclusive("why"), pass()]),
    ];
    let page = page(&record("check", &cases.concat()));
    assert_harmless(&tags(&page));
    let table = page.split_once("<section id=\"rounds\">").unwrap().1.split_once("</section>").unwrap().0;
    assert!(table.contains("Rounds (3)") && table.contains("<th scope=\"col\">3</th>"), "{table}");
    assert!(
        table.contains(
            "<th scope=\"row\">ipc/mc2-article</th><td class=\"number\">2 of 3</td>\
         <td><a href=\"#case-0\"><span class=\"badge good\">PASS</span></a></td>\
         <td><a href=\"#case-1\"><span class=\"badge bad\">FAIL</span></a></td>"
        ),
        "{table}"
    );
    assert!(table.contains("volume/shared</th><td class=\"number\">1 of 2</td>"), "{table}");
}

#[test]
fn one_round_needs_no_table() {
    assert!(!page(&record("check", &[case("volume/shared", 1, &pass())])).contains("id=\"rounds\""));
    assert!(page(&checked()).contains("id=\"rounds\""));
}

#[test]
fn many_rounds_are_all_counted_and_the_last_are_shown() {
    let page = page(&record("check", &rounds("volume/shared", &vec![pass(); 200])));
    assert!(page.contains("The last 60 rounds") && page.contains("200 of 200"));
    assert!(!page.contains("<th scope=\"col\">140</th>") && page.contains("<th scope=\"col\">141</th>"));
}

#[test]
fn runs_are_ordered_by_version_then_by_time() {
    let runs = [
        run_on("v1.36.0", 1, &[case("volume/shared", 1, &pass()), case("ipc/new", 2, &fail(&["keeps"]))]),
        run_on("v1.9.11", 4, &[case("volume/shared", 1, &skip("needs v1.20"))]),
        run_on("v1.20.2", 3, &rounds("volume/shared", &[pass(), inconclusive("why"), pass()])),
        run_on("v1.20.2", 2, &[case("volume/shared", 1, &pass())]),
    ];
    let page = matrix_page(&runs);
    assert_harmless(&tags(&page));
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words} is missing: {page}"));
    assert!(place("v1.9.11") < place("20261102-") && place("20261102-") < place("20261103-"));
    assert!(place("20261103-") < place("v1.36.0"));
    for words in ["1 node", "podproof-control-plane", "containerd://1.6.20"] {
        assert!(page.contains(words), "{words}");
    }
    let row =
        page.split_once("<th scope=\"row\">volume/shared</th>").unwrap().1.split_once("</tr>").unwrap().0;
    let words: Vec<_> =
        row.split("<td>").skip(1).map(|cell| cell.split(['>', '<']).nth(2).unwrap()).collect();
    assert_eq!(words, ["SKIP", "PASS", "INCONCLUSIVE", "PASS"], "{row}");
    assert!(row.contains("2 of 3"), "{row}");
    let other = page.split_once("<th scope=\"row\">ipc/new</th>").unwrap().1;
    assert_eq!(other.matches("not run").count(), 3);
    assert_eq!(page, matrix_page(&[runs[3].clone(), runs[1].clone(), runs[0].clone(), runs[2].clone()]));
}

#[test]
fn mutants_have_their_own_rows() {
    let page = matrix_page(&[record_of_prove_run()]);
    assert_harmless(&tags(&page));
    assert!(page.contains("<th scope=\"row\">volume/shared under host-path</th>"), "{page}");
}

#[test]
fn hostile_cluster_facts_are_escaped() {
    const HOSTILE: &str = "</table><script>alert(1)</script>\u{1b}[31m\u{202E}\"";
    let mut run = checked();
    HOSTILE.clone_into(&mut run.cluster.version);
    HOSTILE.clone_into(&mut run.cluster.nodes[0].name);
    HOSTILE.clone_into(&mut run.cluster.nodes[0].runtime);
    assert_harmless(&tags(&matrix_page(&[run])));
}

#[test]
fn several_runs_give_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let folders = [run_on("v1.36.0", 1, &[case("volume/shared", 1, &pass())]), checked()].map(|record| {
        let folder = folder.path().join(record.run.as_str());
        write_record(&folder, &record).unwrap();
        folder
    });
    let file = folder.path().join("matrix.html");
    let ended = run(podproof(["report", "--matrix"]).arg(&file).args(&folders)).exits(0);
    assert!(ended.stdout.ends_with("matrix.html\n"), "{ended}");
    assert!(fs::read_to_string(&file).unwrap().contains("cases on 2 runs"));
    assert!(!folders[0].join("report.html").exists(), "only the page is written");
    let _ = run(podproof(["report"]).args(&folders)).exits(0);
    assert!(folders.iter().all(|folder| folder.join("report.html").exists()));
    let nowhere = file.join("below-a-file.html");
    let _ = run(podproof(["report", "--matrix"]).arg(&nowhere).args(&folders)).exits(98);
    let _ = run(&mut podproof(["report"])).exits(2);
}
