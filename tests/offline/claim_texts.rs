//! Reports show the claims and the article as they were when the run started, never those of the program that writes the reports.

use std::fs;
use std::path::{Path, PathBuf};

use podproof_core::plan::{Article, Catalogue, Claim, Plan, Purpose, Tree};
use podproof_core::record::{RunRecord, claim_texts, read_record, write_record};
use podproof_core::report::html_page;
use podproof_tests::{kubeconfig, podproof, root, run};
use rstest::rstest;
use serde_json::json;
use tempfile::TempDir;

use crate::facts::{answer_basics, serve};
use crate::judge::catalogue;
use crate::markup::{assert_harmless, tags};
use crate::record::{case, fail, inconclusive, record};

const CLAIM: &str = "volume/initially-empty";

const HOSTILE: &str = "</dd><script>alert(1)</script> \"' \u{1b}[31mred\u{1b}[0m \u{202E}\u{FFFE} # f";

fn built_in() -> &'static Claim {
    catalogue().claim(&CLAIM.parse().unwrap()).unwrap()
}

/// The texts of a claim, without its title.
fn texts(claim: &Claim) -> Vec<&str> {
    let words = [&claim.given, &claim.when].into_iter().chain(claim.then.values()).chain(&claim.sources);
    words.chain(&claim.observed).map(String::as_str).collect()
}

/// The record of a run of one case that failed, with the texts and the article of `tree`.
fn recorded(tree: &Tree) -> RunRecord {
    let catalogue = Catalogue::read(tree).unwrap();
    let plan = Plan::new(&catalogue, &[CLAIM.parse().unwrap()], Purpose::Check, 1)
        .with_article(Article::read_optional(tree, &catalogue).unwrap());
    let assertion = built_in().then.keys().next().unwrap();
    let mut record = record("check", &[case(CLAIM, 1, &fail(&[assertion]))]);
    record.claims = claim_texts(&plan);
    record.article = plan.article;
    record
}

/// A record of a version that did not record the texts.
fn older() -> RunRecord {
    record("check", &[case(CLAIM, 1, &inconclusive("why"))])
}

fn page(record: &RunRecord) -> String {
    let page = html_page(record, Path::new("/nonexistent"), None);
    assert_harmless(&tags(&page));
    page
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Manifests in which the texts of the claim are `words` with the name of the field, and so is sentence A2.
fn reworded(words: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("manifests"), folder.path());
    let mut claim = serde_json::to_value(built_in()).unwrap();
    for field in ["given", "when", "observed"] {
        claim[field] = json!(format!("{words} {field}"));
    }
    claim["sources"] = json!([format!("{words} source")]);
    claim["aliases"] = json!(["volume/once-empty"]);
    for (name, statement) in claim["then"].as_object_mut().unwrap() {
        *statement = json!(format!("{words} then {name}"));
    }
    let claims = catalogue().claims().iter().map(|other| {
        if other.id.as_str() == CLAIM { claim.clone() } else { serde_json::to_value(other).unwrap() }
    });
    let claims = json!({ "claims": claims.collect::<Vec<_>>() });
    fs::write(folder.path().join("claims.yaml"), claims.to_string()).unwrap();
    let article = Article::read(&Tree::Embedded, catalogue()).unwrap();
    let mut sentences = serde_json::to_value(article.sentences()).unwrap();
    for sentence in sentences.as_array_mut().unwrap() {
        if sentence["claims"].as_array().unwrap().contains(&json!(CLAIM)) {
            sentence["sentence"] = json!(format!("{words} sentence"));
            sentence["note"] = json!(format!("{words} note"));
        }
    }
    let sentences = json!({ "sentences": sentences }).to_string();
    fs::write(folder.path().join("article/sentences.yaml"), sentences).unwrap();
    folder
}

fn tree(folder: &TempDir) -> Tree {
    Tree::Folder(folder.path().to_owned())
}

/// Asserts that the page has no text of the built-in claim or of its sentences.
fn assert_not_built_in(page: &str) {
    let article = Article::read(&Tree::Embedded, catalogue()).unwrap();
    let id = &built_in().id;
    let sentences = article.sentences().iter().filter(|sentence| sentence.claims.contains(id));
    let sentences = sentences.map(|sentence| sentence.sentence.trim_matches('"'));
    for text in texts(built_in()).into_iter().chain(sentences) {
        assert!(!page.contains(text), "{text} in {page}");
    }
}

#[test]
fn the_page_shows_the_built_in_texts_if_the_run_asked_them() {
    let page = page(&recorded(&Tree::Embedded));
    for text in texts(built_in()) {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("<section id=\"article\">") && !page.contains("did not record"));
}

#[test]
fn the_page_shows_exactly_the_texts_of_the_record() {
    let page = page(&recorded(&tree(&reworded("Other words:"))));
    let first = built_in().then.keys().next().unwrap();
    for text in [
        "<dt>given</dt><dd>Other words: given</dd>",
        "<dt>when</dt><dd>Other words: when</dd>",
        "<dt>source</dt><dd>Other words: source</dd>",
        "<dt>observed</dt><dd>Other words: observed</dd>",
        &format!("<dt>then</dt><dd>Other words: then {first} <code"),
        &format!("<h4>{first}</h4><p>Other words: then {first}</p>"),
        "</strong> Other words: sentence</td>",
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert_not_built_in(&page);
}

#[test]
fn without_texts_the_page_has_the_title_and_says_so() {
    let page = page(&older());
    assert!(page.contains("The claim volume/initially-empty holds."));
    let why = "podproof 0.1.0 did not record the texts of the claims and of the article for this run, so this page \
               shows only the titles of the claims.";
    assert_eq!(page.matches(why).count(), 1, "{page}");
    assert!(!page.contains("<dt>given</dt>") && !page.contains("<section id=\"article\">"));
    assert_not_built_in(&page);
}

#[test]
fn hostile_texts_are_escaped() {
    let mut record = recorded(&Tree::Embedded);
    let mut value = serde_json::to_value(&record).unwrap();
    let then = json!({ HOSTILE: HOSTILE });
    value["claims"][CLAIM] = json!({
        "given": HOSTILE, "when": HOSTILE, "then": then, "sources": [HOSTILE], "observed": HOSTILE,
    });
    for sentence in value["article"]["sentences"].as_array_mut().unwrap() {
        for field in ["id", "sentence", "note"] {
            sentence[field] = json!(HOSTILE);
        }
    }
    value["article"]["claims"][CLAIM]["title"] = json!(HOSTILE);
    value["cases"][0]["verdict"]["findings"][0]["assertion"] = json!(HOSTILE);
    record.clone_from(&serde_json::from_value(value).unwrap());
    let page = page(&record);
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("<dt>given</dt><dd>&lt;/dd&gt;&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");

    let folder = tempfile::tempdir().unwrap();
    write_record(folder.path(), &record).unwrap();
    let ended = run(podproof(["explain", "--article", "--run"]).arg(folder.path())).exits(0);
    for harm in ['\u{1b}', '\u{202E}'] {
        assert!(!ended.stdout.contains(harm), "{ended}");
    }
}

#[test]
fn huge_texts_are_left_out() {
    let mut record = recorded(&Tree::Embedded);
    let claim = record.claims.values_mut().next().unwrap();
    claim.then = (0..5000).map(|number| (format!("assertion-{number}"), "x".repeat(2000))).collect();
    let page = page(&record);
    assert!(page.len() < 200_000 && page.contains("Left out to keep this page small."), "{}", page.len());
}

/// A tree that cannot be read as an article, because of the text in its list of sentences, or without one.
#[rstest]
#[case::none(None, Ok(false))]
#[case::broken(Some("sentences: []"), Err("sentence A1 is missing"))]
fn other_manifests_need_no_article_but_a_valid_one(
    #[case] text: Option<&str>,
    #[case] expected: Result<bool, &str>,
) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = text {
        fs::create_dir(folder.path().join("article")).unwrap();
        fs::write(folder.path().join("article/sentences.yaml"), text).unwrap();
    }
    let read = Article::read_optional(&tree(&folder), catalogue()).map(|article| article.is_some());
    match (read, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected),
        (Err(error), Err(expected)) => assert!(error.to_string().ends_with(expected), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn explain_shows_no_other_article_than_the_runs_own() {
    let folder = tempfile::tempdir().unwrap();
    let explain = || run(podproof(["explain", "--article", "--run"]).arg(folder.path())).exits(0);
    write_record(folder.path(), &recorded(&tree(&reworded("Other words:")))).unwrap();
    let ended = explain();
    assert!(ended.stdout.contains("Other words: sentence") && ended.stdout.contains("Other words: note"));
    assert_not_built_in(&ended.stdout);

    write_record(folder.path(), &older()).unwrap();
    let ended = explain();
    assert!(ended.stdout.is_empty() && ended.stderr.contains("0.1.0 did not record the texts"), "{ended}");

    let mut without = recorded(&Tree::Embedded);
    without.article = None;
    write_record(folder.path(), &without).unwrap();
    let ended = explain();
    assert!(ended.stdout.is_empty() && ended.stderr.contains("had no article"), "{ended}");
}

#[test]
fn a_run_records_the_texts_of_its_manifests_and_reports_need_no_manifests() {
    let (server, _requests) = serve(|request| Some(answer_basics(request)));
    let folder = tempfile::tempdir().unwrap();
    let manifests = reworded("Other words:");
    let out = folder.path().join("runs");
    let mut command = podproof(["run", "--context", "x", "--select", CLAIM, "--manifests"]);
    command.arg(manifests.path()).arg("--out").arg(&out);
    let _ = run(command.env("KUBECONFIG", kubeconfig(folder.path(), &server))).exits(101);
    let left: PathBuf = fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();

    let (record, expected) = (read_record(&left).unwrap(), recorded(&tree(&manifests)));
    assert_eq!((&record.claims, &record.article), (&expected.claims, &expected.article));
    let page = fs::read_to_string(left.join("report.html")).unwrap();
    assert!(page.contains("Other words: given"), "{page}");
    drop(manifests);
    let _ = run(podproof(["report"]).arg(&left)).exits(0);
    assert_eq!(fs::read_to_string(left.join("report.html")).unwrap(), page);
}
