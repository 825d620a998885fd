//! The page of a run, read back by an independent parser.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use podproof_core::record::{RunRecord, evidence_folder};
use podproof_core::report::html_page;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::judge::fixtures;
use crate::junit::any_record;
use crate::markup::{assert_harmless, tags};
use crate::record::{case, checked, fail, finding, inconclusive, pass, record, record_of_prove_run, skip};

fn page(record: &RunRecord) -> String {
    html_page(record, Path::new("/nonexistent"), None)
}

/// The part of the page with this id.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page.find(&format!("<section id=\"{id}\"")).unwrap();
    let rest = &page[start..];
    &rest[..rest.find("</section>").unwrap()]
}

fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    page.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[rstest]
#[case::checked(checked())]
#[case::proved(record_of_prove_run())]
#[case::empty(record("check", &[]))]
fn a_page_is_well_formed_and_fetches_nothing(#[case] record: RunRecord) {
    let page = page(&record);
    assert_harmless(&tags(&page));
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert_eq!(page, self::page(&record), "the same record gives the same bytes");
}

#[test]
fn the_policy_allows_only_the_pages_own_style_and_script() {
    let page = page(&checked());
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let (style, script) = (between(&page, "<style>", "</style>"), between(&page, "<script>", "</script>"));
    let expected = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    );
    let policy = tags(&page).into_iter().find_map(|(name, attributes)| {
        let policy =
            name == "meta" && attributes[0] == ("http-equiv".into(), "Content-Security-Policy".into());
        policy.then(|| attributes[1].1.clone())
    });
    assert_eq!(policy.as_deref(), Some(expected.as_str()));
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[test]
fn each_verdict_has_its_own_group_with_only_its_badge() {
    let page = page(&checked());
    for (id, head, badge, other) in [
        ("bad", "<h2>Failed (1)</h2>", ">FAIL<", "volume/survives-sigkill"),
        ("inconclusive", "<h2>Inconclusive (1)</h2>", ">INCONCLUSIVE<", "ipc/two-containers"),
        ("skipped", "<h2>Skipped (1)</h2>", ">SKIP<", "ipc/article"),
        ("good", "<h2>Passed (2)</h2>", ">PASS<", "volume/shared"),
    ] {
        let section = section(&page, id);
        assert!(section.contains(head) && section.contains(badge) && section.contains(other), "{section}");
        for elsewhere in [">FAIL<", ">INCONCLUSIVE<", ">SKIP<", ">PASS<"] {
            assert!(elsewhere == badge || !section.contains(elsewhere), "{elsewhere} in {id}");
        }
    }
    let place = |id: &str| page.find(&format!("<section id=\"{id}\"")).unwrap();
    assert!(
        place("bad") < place("inconclusive")
            && place("inconclusive") < place("skipped")
            && place("skipped") < place("good")
    );
    assert!(page.contains(">nonconformant</span> on v1.20.2"), "{page}");
}

#[test]
fn an_inconclusive_run_says_so() {
    let page =
        page(&record("check", &[case("volume/shared", 1, &pass()), case("ipc/x", 2, &inconclusive("why"))]));
    assert!(page.contains("<span class=\"outcome inconclusive\">inconclusive</span>"));
    assert!(page.contains("Something is inconclusive, which is neither a pass nor a fail."));
}

#[test]
fn each_proof_has_its_badge() {
    let page = page(&record_of_prove_run());
    let bad = section(&page, "bad");
    for word in [">SURVIVED<", ">WRONG-ASSERTION<", ">FAIL<", "killed by the wrong assertion: same-inode"] {
        assert!(bad.contains(word), "{word}");
    }
    assert!(section(&page, "inconclusive").contains(">INCONCLUSIVE<"));
    assert!(section(&page, "good").contains("killed by the assertion that must fail"));
}

#[test]
fn a_finding_shows_expected_seen_and_place() {
    let page = page(&checked());
    let bad = section(&page, "bad");
    assert!(bad.contains("<span>expected</span><pre>the token abc</pre>"), "{bad}");
    // Without the escape sequences for colours.
    assert!(bad.contains("<span>seen</span><pre>two\nlines ]]&gt; here</pre>"), "{bad}");
    assert!(bad.contains("<code>logs[0].lines[3]</code>"), "{bad}");
    assert!(bad.contains("href=\"cases/volume/survives-sigkill/evidence.json\""), "{bad}");
}

#[test]
fn unproved_cases_are_marked() {
    let mut unproved = case("volume/shared", 1, &pass());
    unproved["unproved"] = json!("needs a <node> that can be rebooted");
    let page = page(&record("check", &[unproved]));
    assert!(section(&page, "unproved").contains("needs a &lt;node&gt; that can be rebooted"));
    assert!(section(&page, "good").contains("<span class=\"tag warn\">unproved</span>"));
    assert!(section(&page, "all").contains("<span class=\"tag warn\">unproved</span>"));
}

#[test]
fn hostile_text_is_escaped() {
    let hostile = "</pre><script>alert(1)</script><img src=x onerror=alert(2)> \"' onclick=x \u{1b}[31mred\u{1b}[0m \
                   \u{FFFE}\u{0} ]]> | `a` \u{202E}abc\nnext";
    let verdicts = [
        json!({ "kind": "fail", "findings": [finding(hostile, hostile, hostile, hostile)] }),
        inconclusive(hostile),
        skip(hostile),
    ];
    let cases = verdicts.iter().map(|verdict| {
        let mut case = case("volume/shared", 1, verdict);
        for field in ["title", "slug", "unproved"] {
            case[field] = json!(hostile);
        }
        case["faults"] = json!([hostile]);
        case
    });
    let mut record = record("check", &cases.collect::<Vec<_>>());
    hostile.clone_into(&mut record.podproof);
    record.interrupted = Some(hostile.to_owned());
    record.faults = vec![hostile.to_owned()];
    hostile.clone_into(&mut record.cluster.version);
    hostile.clone_into(&mut record.cluster.nodes[0].name);
    hostile.clone_into(&mut record.cluster.nodes[0].runtime);
    let page = page(&record);
    assert_harmless(&tags(&page));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;"));
    assert!(page.contains("red \u{FFFD}\u{FFFD} ]]&gt; | `a` \\u{202e}abc"));
}

/// The page of a run of one case with this evidence.
fn with_evidence(claim: &str, verdict: &Value, evidence: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let place = evidence_folder(folder.path(), claim);
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("evidence.json"), evidence).unwrap();
    let page = html_page(&record("check", &[case(claim, 1, verdict)]), folder.path(), None);
    assert_harmless(&tags(&page));
    page
}

fn kept(name: &str) -> String {
    fs::read_to_string(fixtures().join(name)).unwrap()
}

#[test]
fn the_page_draws_the_evidence_and_describes_the_exchange() {
    let page = with_evidence("ipc/mc2-article", &pass(), &kept("ipc/mc2-article/green.json"));
    assert!(page.contains("<svg class=\"gantt\""));
    assert!(page.contains("The 500 messages arrived in the order in which they were sent."), "{page}");
    assert!(page.contains("500 produced") && page.contains("501 consumed"));
    // The watch saw neither container run; the times come from the terminated states.
    assert_eq!(page.matches("<rect class=\"ran\"").count(), 2);
    assert!(page.contains("href=\"cases/ipc/mc2-article/logs/mc2."));
}

#[test]
fn a_lost_message_is_shown() {
    let mut evidence: Value = serde_json::from_str(&kept("ipc/mc2-article/green.json")).unwrap();
    let logs = evidence["logs"].as_array_mut().unwrap();
    let consumer = logs.iter_mut().find(|log| log["container"] == "consumer").unwrap();
    consumer["lines"].as_array_mut().unwrap().remove(2);
    let page = with_evidence("ipc/mc2-article", &fail(&["all-consumed"]), &evidence.to_string());
    assert!(page.contains("Message 3 is the first that differs: sent "), "{page}");
}

#[test]
fn hostile_evidence_is_escaped() {
    let hostile = "</title></svg><script>alert(1)</script>\u{1b}[31m\u{202E}\"";
    let mut evidence: Value = serde_json::from_str(&kept("ipc/mc2-article/green.json")).unwrap();
    evidence["namespace"] = json!(hostile);
    evidence["blocked"] = json!(hostile);
    evidence["waits"][0]["what"] = json!(hostile);
    evidence["waits"][0]["end"] = json!({ "timed-out": hostile });
    evidence["marks"] = json!([{ "at": evidence["started"], "name": hostile }]);
    for event in evidence["events"].as_array_mut().unwrap() {
        event["event"]["message"] = json!(hostile);
        event["event"]["reason"] = json!(hostile);
        event["event"]["type"] = json!("Warning");
    }
    for log in evidence["logs"].as_array_mut().unwrap() {
        log["pod"] = json!(hostile);
        log["broken"] = json!(hostile);
        log["lines"].as_array_mut().unwrap().push(json!({ "text": hostile }));
        log["lines"].as_array_mut().unwrap().push(json!({ "text": format!("Consumed: {hostile}") }));
    }
    for seen in evidence["timeline"].as_array_mut().unwrap() {
        seen["pod"]["metadata"]["name"] = json!(hostile);
        seen["pod"]["status"]["phase"] = json!(hostile);
    }
    let page = with_evidence("ipc/mc2-article", &inconclusive("why"), &evidence.to_string());
    assert!(page.contains("The case could not continue"));
    assert!(!page.contains("<script>alert"));
}

#[rstest]
#[case::damaged("{", "No evidence: it cannot be read: ")]
#[case::newer("{\"format\": 999}", "No evidence: it cannot be read: ")]
fn unreadable_evidence_is_reported(#[case] evidence: &str, #[case] expected: &str) {
    let page = with_evidence("volume/shared", &pass(), evidence);
    assert!(page.contains(expected), "{page}");
    assert!(self::page(&checked()).contains("No evidence: there is none."));
}

#[test]
fn a_slug_does_not_lead_out_of_the_run_folder() {
    let mut stray = case("volume/shared", 1, &pass());
    stray["slug"] = json!("../../etc");
    let page = page(&record("check", &[stray]));
    assert!(page.contains("the name of its folder leads elsewhere"), "{page}");
}

#[test]
fn a_huge_log_is_cut_on_the_page() {
    let mut evidence: Value = serde_json::from_str(&kept("ipc/mc2-article/green.json")).unwrap();
    let lines = evidence["logs"][0]["lines"].as_array_mut().unwrap();
    lines.extend((0..40_000).map(|line| json!({ "text": format!("line {line} {}", "x".repeat(120)) })));
    lines.push(json!({ "text": format!("last {}", "y".repeat(1 << 20)) }));
    let page = with_evidence("ipc/mc2-article", &inconclusive("why"), &evidence.to_string());
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains("40502 lines") && page.contains("line 39999") && page.contains("last yyy"));
}

#[test]
fn two_thousand_cases_stay_below_five_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = fixtures().join("ipc/mc2-article/green.json");
    let seen = "a <long> text & more, ".repeat(100);
    let cases = (0..2000).map(|round| {
        let verdict = match round % 4 {
            0 => json!({ "kind": "fail", "findings": vec![finding("keeps", &seen, &seen, &seen); 4] }),
            1 => inconclusive(&seen),
            _ => pass(),
        };
        let slug = format!("ipc/mc2-article.{round}");
        let place = evidence_folder(folder.path(), &slug);
        fs::create_dir_all(&place).unwrap();
        std::os::unix::fs::symlink(&evidence, place.join("evidence.json")).unwrap();
        let mut case = case("ipc/mc2-article", 1, &verdict);
        case["slug"] = json!(slug);
        case["round"] = json!(round + 1);
        case
    });
    let cases: Vec<_> = cases.collect();
    let page = html_page(&record("check", &cases), folder.path(), None);
    assert!(page.len() < 5_000_000, "{}", page.len());
    assert!(page.contains("Left out to keep this page small."));
    assert_harmless(&tags(&page));
    assert_eq!(page.matches("<details id=\"case-").count(), 2000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_record_gives_a_well_formed_page(record in any_record()) {
        let page = page(&record);
        let tags = tags(&page);
        assert_harmless(&tags);
        let cards = |edge: &str| {
            let class = format!("card edge-{edge}");
            tags.iter().filter(|(_, attributes)| attributes.iter().any(|(_, value)| *value == class)).count()
        };
        let counts = record.counts();
        let cards = (cards("good"), cards("bad"), cards("inconclusive"), cards("skipped"));
        prop_assert_eq!(cards, (counts.pass, counts.fail + counts.flaky, counts.inconclusive, counts.skip));
    }
}
