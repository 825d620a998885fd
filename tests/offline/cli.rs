//! The command line: exit codes, stdout and stderr, bad input.

use std::fs;
use std::time::{Duration, Instant};

use podproof_core::plan::{Article, Tree};
use podproof_core::record::write_record;
use podproof_tests::{kubeconfig, podproof, root, run};
use rstest::rstest;
use serde_json::Value;

use crate::judge::catalogue;
use crate::record::{case, fail, pass, record};

#[test]
fn help_and_version_go_to_stdout() {
    assert!(run(&mut podproof(["--help"])).exits(0).stderr.is_empty());
    assert!(run(&mut podproof(["--version"])).exits(0).stdout.starts_with("podproof "));
}

#[rstest]
#[case::no_command(&[])]
#[case::unknown_command(&["frobnicate"])]
#[case::unknown_flag(&["list", "--frobnicate"])]
#[case::two_places(&["run", "--cluster", "kind", "--context", "x"])]
#[case::no_parallelism(&["run", "--context", "x", "--parallel", "0"])]
#[case::nothing_to_explain(&["explain"])]
#[case::two_things_to_explain(&["explain", "ipc/mc2-article", "--article"])]
#[case::a_run_without_the_article(&["explain", "ipc/mc2-article", "--run", "runs/x"])]
#[case::bad_selection(&["list", "--select", "ipc/* and"])]
fn wrong_usage_exits_2_with_empty_stdout(#[case] args: &[&str]) {
    let ended = run(&mut podproof(args)).exits(2);
    assert!(ended.stdout.is_empty(), "{ended}");
    assert!(!ended.stderr.is_empty(), "{ended}");
}

#[rstest]
#[case::list(&["list", "--select", "ipc/mc2-artcle"], "ipc/mc2-article")]
#[case::run(&["run", "--context", "none", "--select", "mc2-articl"], "ipc/mc2-article")]
#[case::prove(&["prove", "--context", "none", "--select", "tier:quik"], "tier:quick")]
#[case::explain(&["explain", "volume/survives-sigkil"], "volume/survives-sigkill")]
fn an_unknown_name_exits_4_with_the_nearest(#[case] args: &[&str], #[case] nearest: &str) {
    let ended = run(&mut podproof(args)).exits(4);
    assert!(ended.stdout.is_empty(), "{ended}");
    assert!(ended.stderr.contains("hint:") && ended.stderr.contains(nearest), "{ended}");
}

#[test]
fn broken_yaml_exits_96_with_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("claims.yaml"), "claims:\n- id: [\n").unwrap();
    let ended = run(podproof(["list", "--manifests"]).arg(folder.path())).exits(96);
    assert!(ended.stderr.contains("claims.yaml:"), "{ended}");
}

#[test]
fn a_missing_tree_exits_96() {
    let ended = run(&mut podproof(["list", "--manifests", "/nonexistent"])).exits(96);
    assert!(ended.stderr.contains("/nonexistent/claims.yaml"), "{ended}");
}

#[test]
fn an_unknown_context_exits_97_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("config");
    fs::write(&kubeconfig, "apiVersion: v1\nkind: Config\n").unwrap();
    let ended = run(podproof(["run", "--context", "nobody"]).env("KUBECONFIG", kubeconfig)).exits(97);
    assert!(ended.stderr.contains("nobody") && ended.stderr.contains("hint:"), "{ended}");
}

#[rstest]
#[case::closed_port("http://127.0.0.1:9")]
fn an_unreachable_context_exits_97_within_15_seconds(#[case] server: &str) {
    assert_unreachable(server);
}

#[test]
fn a_context_that_never_answers_exits_97_within_15_seconds() {
    // Accepts connections, but never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert_unreachable(&format!("http://{}", silent.local_addr().unwrap()));
}

fn assert_unreachable(server: &str) {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = kubeconfig(folder.path(), server);
    let out = folder.path().join("runs");
    let mut command = podproof(["run", "--context", "x", "--out"]);
    let before = Instant::now();
    let ended = run(command.arg(&out).env("KUBECONFIG", kubeconfig)).exits(97);
    assert!(before.elapsed() < Duration::from_secs(15), "{:?}: {ended}", before.elapsed());
    assert!(ended.stdout.is_empty() && ended.stderr.contains("context `x`"), "{ended}");
    assert!(!out.exists(), "a run that could not begin leaves no folder");
}

#[test]
fn flags_can_be_set_by_environment_variables() {
    let ended = run(podproof(["list"]).env("PODPROOF_SELECT", "ipc/mc2-article")).exits(0);
    assert_eq!(ended.stdout.lines().count(), 1, "{ended}");
}

#[test]
fn list_shows_every_claim_once_without_colour() {
    let ended = run(&mut podproof(["list"])).exits(0);
    let claims = fs::read_to_string(root().join("manifests/claims.yaml")).unwrap();
    let count = claims.lines().filter(|line| line.trim_start().starts_with("- id: ")).count();
    assert_eq!(ended.stdout.lines().count(), count, "{ended}");
    assert!(!ended.stdout.contains('\u{1b}'), "{ended}");
}

#[test]
fn explain_shows_claim_source_and_mutants() {
    let ended = run(&mut podproof(["explain", "ipc/mc2-article"])).exits(0);
    for word in ["given", "when", "then", "source", "differs  on gVisor: ", "mutant", "must fail by"] {
        assert!(ended.stdout.contains(word), "{word} is missing: {ended}");
    }
    let ended = run(&mut podproof(["explain", "startup/fix-sidecar"])).exits(0);
    assert!(ended.stdout.contains("\n  gate     SidecarContainers\n"), "{ended}");
}

#[test]
fn explain_shows_each_sentence_of_the_article() {
    let ended = run(&mut podproof(["explain", "--article"])).exits(0);
    let heads: Vec<_> = ended.stdout.lines().filter(|line| line.starts_with(['A', 'M'])).collect();
    assert_eq!(heads.len(), 21, "{ended}");
    assert_eq!((heads[0], heads[3], heads[20]), ("A1 (framing)", "A4 (imprecise)", "MC3 (wrong)"));
    assert!(ended.stdout.contains("ipc/mc2-article") && !ended.stdout.contains('\u{1b}'), "{ended}");
    assert!(ended.stderr.is_empty(), "{ended}");
}

#[test]
fn explain_shows_the_results_of_a_run_for_the_article() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        case("volume/initially-empty", 1, &pass()),
        case("ipc/mc2-exit-marker", 2, &fail(&["reads-up-to-the-marker"])),
    ];
    let mut record = record("check", &cases);
    record.article = Some(Article::read(&Tree::Embedded, catalogue()).unwrap());
    write_record(folder.path(), &record).unwrap();
    let explain = ["explain", "--article", "--run"];
    // A failed claim is shown but does not change the exit code: that is the task of `judge`.
    let ended = run(podproof(explain).arg(folder.path())).exits(0);
    let lines = |start: &str| ended.stdout.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>();
    assert!(lines("A7 ").concat().starts_with("A7 confirmed (true, 1 of "), "{ended}");
    assert!(lines("A13 ").concat().starts_with("A13 contradicted (true, 0 of "), "{ended}");
    let last = "21 sentences: 1 confirmed, 1 contradicted, 19 not checked; by the run 20261122-100000-3fa9c1d2 on v1.20.2";
    assert_eq!(ended.stdout.lines().last(), Some(last), "{ended}");

    let ended = run(podproof(explain).arg(folder.path()).args(["--message-format", "json"])).exits(0);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 21, "{ended}");
    assert_eq!((&lines[6]["id"], &lines[6]["standing"]), (&"A7".into(), &"confirmed".into()), "{ended}");
}

#[test]
fn explain_exits_96_if_the_run_does_not_exist() {
    let ended = run(&mut podproof(["explain", "--article", "--run", "/nonexistent"])).exits(96);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("/nonexistent/record.json"), "{ended}");
}

#[test]
fn the_list_of_all_claims_begins_with_the_article_and_a_selection_omits_it() {
    let page = |select: &[&str]| {
        let args = [&["list", "--format", "markdown"], select].concat();
        run(&mut podproof(args)).exits(0).stdout
    };
    let whole = page(&[]);
    let rows = whole.lines().filter(|line| line.starts_with("| A") || line.starts_with("| MC"));
    assert_eq!(rows.count(), 21);
    let anchors: Vec<_> = whole.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let headings: Vec<_> =
        whole.lines().filter_map(|line| line.strip_prefix("### ")).map(|id| id.replace('/', "")).collect();
    assert!(!anchors.is_empty());
    for anchor in anchors {
        assert!(headings.iter().any(|heading| heading == anchor), "{anchor} leads nowhere");
    }
    assert!(!page(&["--select", "ipc/*"]).contains("## The article"));
}

#[test]
fn judge_exits_96_if_the_run_does_not_exist() {
    let ended = run(&mut podproof(["judge", "/nonexistent"])).exits(96);
    assert!(ended.stderr.contains("/nonexistent/record.json"), "{ended}");
}

#[test]
fn report_writes_all_reports_from_the_files_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    write_record(folder.path(), &record("check", &[case("volume/shared", 1, &fail(&["keeps"]))])).unwrap();
    // A failed claim does not change the exit code: that is the task of `judge`.
    let ended = run(podproof(["report"]).arg(folder.path())).exits(0);
    let page = folder.path().join("report.html");
    assert_eq!(ended.stdout, format!("{}\n", page.display()), "{ended}");
    assert!(fs::read_to_string(&page).unwrap().contains(">FAIL<"));
    for file in ["junit.xml", "summary.md", "metrics.prom", "ctrf.json", "trace.json"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }

    fs::remove_file(&page).unwrap();
    fs::create_dir(&page).unwrap();
    let ended = run(podproof(["report"]).arg(folder.path())).exits(98);
    assert!(ended.stderr.contains("report.html"), "{ended}");

    let ended = run(&mut podproof(["report", "/nonexistent"])).exits(96);
    assert!(ended.stderr.contains("/nonexistent/record.json"), "{ended}");
}
