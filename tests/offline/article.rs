//! The article's sentences: how their list is read, and which result a run gives for each.

use std::fs;

use podproof_core::plan::{Article, Bearing, Catalogue, Sentence, Tree};
use podproof_core::record::{RunRecord, SentenceResult, sentence_reports};
use podproof_core::report::{Styles, article_text, sentence_line};
use podproof_tests::root;
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::record::{case, fail, inconclusive, mutant, pass, record, skip};

fn tree() -> Tree {
    Tree::Folder(root().join("manifests"))
}

fn project_article() -> (Article, Catalogue) {
    let catalogue = Catalogue::read(&tree()).unwrap();
    (Article::read(&tree(), &catalogue).unwrap(), catalogue)
}

/// A valid list of sentences.
fn sentences() -> Vec<Value> {
    let ids = (1..=19).map(|number| format!("A{number}")).chain(["MC2".to_owned(), "MC3".to_owned()]);
    ids.map(|id| {
        json!({ "id": id, "sentence": "a volume is there", "bearing": "true", "claims": ["volume/initially-empty"] })
    })
    .collect()
}

/// A folder of manifests whose only file is the list of sentences, with this text.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("article")).unwrap();
    fs::write(folder.path().join("article/sentences.yaml"), text).unwrap();
    folder
}

/// Reads an article with this text as its list of sentences. The error text has no folder.
fn read(text: &str, catalogue: &Catalogue) -> Result<Article, String> {
    let folder = folder(text);
    let place = format!("{}/article/", folder.path().display());
    let read = Article::read(&Tree::Folder(folder.path().to_owned()), catalogue);
    read.map_err(|error| error.to_string().replace(&place, ""))
}

/// The error for this text; None if it can be read.
fn problem(text: &str) -> Option<String> {
    read(text, &Catalogue::read(&tree()).unwrap()).err()
}

/// The error for a valid list after setting one field of its second sentence, or removing it if `value` is null.
fn problem_with(key: &str, value: Value) -> Option<String> {
    let mut sentences = sentences();
    if value.is_null() {
        sentences[1].as_object_mut()?.remove(key);
    } else {
        sentences[1][key] = value;
    }
    problem(&json!({ "sentences": sentences }).to_string())
}

#[test]
fn a_valid_list_is_read() {
    assert_eq!(problem(&json!({ "sentences": sentences() }).to_string()), None);
    assert_eq!(problem_with("bearing", json!("framing")), None);
}

#[rstest]
#[case::twice("id", json!("A1"), "sentence A1 is listed twice")]
#[case::unknown("id", json!("A20"), "sentence A20 is not one of A1 to A19, MC2 and MC3")]
#[case::no_words("sentence", json!("\n"), "sentence A2 has no text")]
#[case::unknown_claim(
    "claims",
    json!(["volume/initially-empty", "volume/none"]),
    "sentence A2 names claim volume/none, which is not in claims.yaml"
)]
#[case::claim_twice(
    "claims",
    json!(["volume/initially-empty", "volume/initially-empty"]),
    "sentence A2 names claim volume/initially-empty twice"
)]
#[case::no_claim("claims", json!([]), "sentence A2 is true but names no claim")]
#[case::claims_left_out("claims", Value::Null, "sentence A2 is true but names no claim")]
#[case::against_the_truth(
    "against",
    json!(["volume/default-mode"]),
    "sentence A2 is true but has claims against it"
)]
#[case::no_note("bearing", json!("imprecise"), "sentence A2 is imprecise but has no note")]
fn an_invalid_list_is_refused_with_file_and_sentence(
    #[case] key: &str,
    #[case] value: Value,
    #[case] expected: &str,
) {
    assert_eq!(problem_with(key, value), Some(format!("sentences.yaml: {expected}")));
}

#[test]
fn claims_on_both_sides_are_refused() {
    let mut sentences = sentences();
    sentences[3] = json!({
        "id": "A4", "sentence": "s", "bearing": "wrong", "note": "n",
        "claims": ["volume/default-mode"], "against": ["volume/default-mode"],
    });
    let problem = problem(&json!({ "sentences": sentences }).to_string()).unwrap();
    assert!(problem.ends_with("sentence A4 names claim volume/default-mode twice"), "{problem}");
}

#[test]
fn a_missing_sentence_is_named() {
    let mut sentences = sentences();
    sentences.remove(10);
    let problem = problem(&json!({ "sentences": sentences }).to_string()).unwrap();
    assert_eq!(problem, "sentences.yaml: sentence A11 is missing");
}

#[rstest]
#[case::bearing("bearing: true", "bearing: perhaps", "perhaps")]
#[case::field("bearing: true", "bearring: true", "bearring")]
#[case::claim("volume/memory-is-tmpfs", "memory-is-tmpfs", "area/name")]
#[case::syntax("claims:", "claims: [", "")]
fn a_list_that_cannot_be_parsed_is_refused_with_its_line(
    #[case] old: &str,
    #[case] new: &str,
    #[case] expected: &str,
) {
    let text = fs::read_to_string(root().join("manifests/article/sentences.yaml")).unwrap();
    let problem = problem(&text.replacen(old, new, 1)).unwrap();
    let line = problem.strip_prefix("sentences.yaml:").and_then(|rest| rest.split(':').next()).unwrap();
    assert!(line.parse::<usize>().is_ok_and(|line| line > 0), "{problem}");
    assert!(problem.contains(expected), "{problem}");
}

#[test]
fn a_tree_without_the_list_is_refused() {
    let catalogue = Catalogue::read(&tree()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = Article::read(&Tree::Folder(folder.path().to_owned()), &catalogue).unwrap_err();
    assert!(error.to_string().ends_with("article/sentences.yaml does not exist"), "{error}");
}

#[test]
fn the_built_in_article_is_the_one_in_the_source() {
    let (article, catalogue) = project_article();
    assert_eq!(Article::read(&Tree::Embedded, &catalogue).unwrap(), article);
    let bearings: Vec<_> = article
        .sentences()
        .iter()
        .filter(|sentence| sentence.bearing != Bearing::True)
        .map(|sentence| (sentence.id.as_str(), sentence.bearing))
        .collect();
    let expected = [
        ("A1", Bearing::Framing),
        ("A4", Bearing::Imprecise),
        ("A10", Bearing::Imprecise),
        ("MC2", Bearing::Wrong),
        ("MC3", Bearing::Wrong),
    ];
    assert_eq!(bearings, expected);
}

/// A record in which every claim of the article has passed.
fn all_pass(article: &Article) -> Vec<Value> {
    let claims =
        article.sentences().iter().flat_map(|sentence| sentence.claims.iter().chain(&sentence.against));
    claims.map(|claim| case(claim.as_str(), 1, &pass())).collect()
}

/// The result of the sentence `id`.
fn result_of(id: &str, record: &RunRecord) -> SentenceResult {
    let (article, _) = project_article();
    let sentence_reports = sentence_reports(&article, Some(record));
    sentence_reports.iter().find(|report| report.sentence.id == id).unwrap().result.unwrap()
}

#[test]
fn when_all_claims_pass_each_sentence_has_its_known_result() {
    let (article, _) = project_article();
    let record = record("check", &all_pass(&article));
    for report in sentence_reports(&article, Some(&record)) {
        let Sentence { id, bearing, against, .. } = report.sentence;
        let expected = match bearing {
            Bearing::True | Bearing::Framing => SentenceResult::Confirmed,
            _ if against.is_empty() => SentenceResult::Inconclusive,
            Bearing::Imprecise => SentenceResult::ShownImprecise,
            Bearing::Wrong => SentenceResult::ShownWrong,
        };
        assert_eq!(report.result, Some(expected), "{id}");
    }
}

#[rstest]
#[case::one_of_many("volume/survives-oom", pass(), "A3", SentenceResult::Confirmed)]
#[case::fails("volume/survives-oom", fail(&["token-survives"]), "A3", SentenceResult::Contradicted)]
#[case::inconclusive("volume/survives-oom", inconclusive("no image"), "A3", SentenceResult::Inconclusive)]
#[case::skipped("volume/survives-oom", skip("needs v1.29"), "A3", SentenceResult::NotChecked)]
#[case::another_claim("volume/survives-oom", pass(), "A2", SentenceResult::NotChecked)]
#[case::wrong("network/mc3", pass(), "MC3", SentenceResult::ShownWrong)]
#[case::wrong_after_all("network/mc3", fail(&["port-5000-is-open"]), "MC3", SentenceResult::NoteContradicted)]
#[case::imprecise_in_part("ipc/same-namespace", pass(), "A10", SentenceResult::Inconclusive)]
#[case::claim_of_another_version("volume/of-another-version", fail(&["x"]), "A3", SentenceResult::NotChecked)]
fn the_verdict_of_a_claim_decides_about_its_sentence(
    #[case] claim: &str,
    #[case] verdict: Value,
    #[case] sentence: &str,
    #[case] expected: SentenceResult,
) {
    assert_eq!(result_of(sentence, &record("check", &[case(claim, 1, &verdict)])), expected);
}

#[test]
fn the_worst_round_counts() {
    let rounds = [pass(), fail(&["token-survives"]), skip("interrupted"), pass()];
    let cases: Vec<_> = rounds.iter().map(|verdict| case("volume/survives-oom", 1, verdict)).collect();
    assert_eq!(result_of("A3", &record("check", &cases)), SentenceResult::Contradicted);
    let cases = [&cases[0], &cases[2], &cases[3]].map(Clone::clone);
    // A skip is worse than a pass: one round was not checked.
    assert_eq!(result_of("A3", &record("check", &cases)), SentenceResult::NotChecked);
}

#[test]
fn a_mutant_does_not_count_for_its_claim() {
    let killed = mutant("volume/survives-oom", "on-the-layer", 4, &fail(&["token-survives"]));
    let cases = [case("volume/survives-oom", 1, &pass()), killed.clone()];
    assert_eq!(result_of("A3", &record("prove", &cases)), SentenceResult::Confirmed);
    assert_eq!(result_of("A3", &record("prove", &[killed])), SentenceResult::NotChecked);
}

#[test]
fn without_a_run_no_sentence_has_a_result() {
    let (article, _) = project_article();
    assert!(sentence_reports(&article, None).iter().all(|report| report.result.is_none()));
}

/// An article with an imprecise, a true and a wrong sentence at the indexes 3, 12 and 20.
fn small(catalogue: &Catalogue) -> Article {
    let mut sentences = sentences();
    sentences[3] = json!({
        "id": "A4", "bearing": "imprecise", "sentence": "a volume \"exists as long as the pod\"",
        "note": "It goes with the pod, but its bytes were never promised to be anywhere else than on the node \
            on which the pod is.",
        "claims": ["volume/isolated-between-pods", "volume/gone-on-same-name-recreate"],
        "against": ["volume/memory-enospc"],
    });
    sentences[12] = json!({
        "id": "A13", "bearing": "true", "sentence": "the consumer reads until it gets the exit message",
        "note": "hostile \u{1b}[2J", "claims": ["ipc/mc2-article", "ipc/mc2-exit-marker"],
    });
    sentences[20] = json!({
        "id": "MC3", "bearing": "wrong", "sentence": "\"Port 5000\"", "note": "It is reached.",
        "against": ["network/mc3", "network/undeclared-port-reachable"],
    });
    read(&json!({ "sentences": sentences }).to_string(), catalogue).unwrap()
}

fn mixed() -> RunRecord {
    record(
        "check",
        &[
            case("volume/isolated-between-pods", 1, &pass()),
            case("volume/gone-on-same-name-recreate", 1, &fail(&["starts-empty"])),
            case("ipc/mc2-article", 1, &pass()),
            case("ipc/mc2-exit-marker", 1, &skip("a \u{1b}[31mred\u{1b}[0m\nreason \u{202e}")),
            case("network/mc3", 1, &pass()),
        ],
    )
}

/// The three sentences as text.
fn render(record: Option<&RunRecord>) -> String {
    let catalogue = Catalogue::read(&tree()).unwrap();
    let article = small(&catalogue);
    let mut sentence_reports = sentence_reports(&article, record);
    sentence_reports.retain(|report| ["A4", "A13", "MC3"].contains(&report.sentence.id.as_str()));
    article_text(&sentence_reports, record, &Styles::default())
}

#[test]
fn the_text_shows_sentence_note_and_claims() {
    insta::assert_snapshot!(render(None), @r#"
    A4 (imprecise)
      a volume "exists as long as the pod"
      note     It goes with the pod, but its bytes were never promised to be anywhere else than on the
               node on which the pod is.
      for      volume/isolated-between-pods       Volumes of the same name in two pods are separate volumes
               volume/gone-on-same-name-recreate  A pod that replaces another of the same name starts with an empty volume
      against  volume/memory-enospc               A full memory-backed volume rejects writes, and its pod keeps running (unproved)

    A13 (true)
      the consumer reads until it gets the exit message
      note     hostile \u{1b}[2J
      for      ipc/mc2-article                    The article's second pod delivers every message and terminates
               ipc/mc2-exit-marker                The article's consumer stops at the exit message and nowhere else

    MC3 (wrong)
      "Port 5000"
      note     It is reached.
      against  network/mc3                        The article's third pod responds through nginx, and its port 5000 is open
               network/undeclared-port-reachable  A port is reachable even if the manifest does not declare it
    "#);
}

#[test]
fn the_text_shows_the_results_of_a_run() {
    insta::assert_snapshot!(render(Some(&mixed())), @r#"
    A4 contradicted (imprecise, 1 of 3 claims passed)
      a volume "exists as long as the pod"
      note     It goes with the pod, but its bytes were never promised to be anywhere else than on the
               node on which the pod is.
      for      PASS          volume/isolated-between-pods       Volumes of the same name in two pods are separate volumes
               FAIL          volume/gone-on-same-name-recreate  starts-empty
      against  NOT RUN       volume/memory-enospc               A full memory-backed volume rejects writes, and its pod keeps running (unproved)

    A13 confirmed (true, 1 of 2 claims passed)
      the consumer reads until it gets the exit message
      note     hostile \u{1b}[2J
      for      PASS          ipc/mc2-article                    The article's second pod delivers every message and terminates
               SKIP          ipc/mc2-exit-marker                a \u{1b}[31mred\u{1b}[0m\nreason \u{202e}

    MC3 shown wrong (wrong, 1 of 2 claims passed)
      "Port 5000"
      note     It is reached.
      against  PASS          network/mc3                        The article's third pod responds through nginx, and its port 5000 is open
               NOT RUN       network/undeclared-port-reachable  A port is reachable even if the manifest does not declare it

    3 sentences: 1 confirmed, 1 shown wrong, 1 contradicted; by the run 20261122-100000-3fa9c1d2 on v1.20.2
    "#);
}

#[test]
fn json_has_one_line_per_sentence() {
    let catalogue = Catalogue::read(&tree()).unwrap();
    let (article, mixed) = (small(&catalogue), mixed());
    let lines = |record: Option<&RunRecord>| {
        let sentence_reports = sentence_reports(&article, record);
        let lines: Vec<_> = sentence_reports.iter().map(|report| sentence_line(report).unwrap()).collect();
        assert!(lines.iter().all(|line| line.ends_with('\n') && line.lines().count() == 1));
        assert!(!lines.concat().contains('\u{1b}') && !lines.concat().contains('\u{202e}'));
        lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let with = lines(Some(&mixed));
    assert_eq!(with.len(), 21);
    assert_eq!(with[3]["standing"], "contradicted");
    assert_eq!(with[3]["claims"][1]["verdict"]["findings"][0]["assertion"], "starts-empty");
    assert_eq!(with[12]["claims"][1]["verdict"]["reason"], "a \u{1b}[31mred\u{1b}[0m\nreason \u{202e}");
    let third = &with[20];
    assert_eq!((&third["standing"], &third["bearing"]), (&json!("shown-wrong"), &json!("wrong")));
    assert_eq!(third["claims"][0]["side"], "against");
    assert_eq!(third["claims"][1].get("verdict"), Some(&Value::Null));
    let without = &lines(None)[20];
    assert!(without.get("standing").is_none() && without["claims"][0].get("verdict").is_none(), "{without}");
}
