//! A JUnit document never has content of files outside of the run.

use std::fs;
use std::path::Path;

use podproof_core::report::{JunitProfile, junit_document};

use crate::junit_profiles::with_logs;
use crate::record::{case, fail, record};

/// Replaces something in the folder of a case's evidence.
type Prepare<'a> = &'a dyn Fn(&Path);

#[test]
fn no_link_and_no_slug_leads_out_of_the_run() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    let secret = "root of all passwords";
    fs::write(outside.path().join("evidence.json"), secret).unwrap();
    fs::create_dir(outside.path().join("logs")).unwrap();
    fs::write(outside.path().join("logs/a.log"), secret).unwrap();
    let render = |prepare: Prepare<'_>, slug: &str| {
        let folder = with_logs(&["volume/b-fail"], 1);
        prepare(&folder.path().join("cases/volume/b-fail"));
        let mut record = record("check", &[case("volume/b-fail", 1, &fail(&["keeps"]))]);
        slug.clone_into(&mut record.cases[0].slug);
        let document = junit_document(&record, folder.path(), JunitProfile::RICH).unwrap();
        String::from_utf8(document).unwrap()
    };
    let replace_by_link = |from: &Path, to: &Path| {
        let _ = fs::remove_dir_all(to).or_else(|_| fs::remove_file(to));
        symlink(from, to).unwrap();
    };
    let a_log = |case: &Path| replace_by_link(&outside.path().join("logs/a.log"), &case.join("logs/a.log"));
    let logs = |case: &Path| replace_by_link(&outside.path().join("logs"), &case.join("logs"));
    let evidence =
        |case: &Path| replace_by_link(&outside.path().join("evidence.json"), &case.join("evidence.json"));
    let whole = |case: &Path| replace_by_link(outside.path(), case);
    let up = format!("../../..{}", outside.path().display());
    let down = outside.path().display().to_string();
    let cases: [(Prepare<'_>, &str); 6] = [
        (&a_log, "volume/b-fail"),
        (&logs, "volume/b-fail"),
        (&evidence, "volume/b-fail"),
        (&whole, "volume/b-fail"),
        (&|_| {}, &up),
        (&|_| {}, &down),
    ];
    for (place, (prepare, slug)) in cases.into_iter().enumerate() {
        let document = render(prepare, slug);
        assert!(!document.contains(secret), "{place}: {document}");
        let attached = document.lines().filter(|line| line.contains("[[ATTACHMENT|"));
        let attached: Vec<_> = attached.filter(|line| line.contains(".json")).collect();
        assert_eq!(attached.len(), usize::from(place < 2), "{place}: {attached:?}");
    }
}
