//! Hostile text in a JUnit document, and the paths of its attachments.

use std::fs;

use podproof_core::record::write_record;
use podproof_core::report::{JunitProfile, junit_document};
use podproof_tests::{podproof, run};

use crate::junit_profiles::{every_ending, with_logs};
use crate::record::{case, fail, record};

#[test]
fn no_character_in_a_document_hides_or_reorders_text() {
    let folder = with_logs(&["volume/b-fail"], 1);
    fs::write(folder.path().join("cases/volume/b-fail/logs/pod.uid.writer.0.log"), "a\u{202E}b\u{200B}\n")
        .unwrap();
    for profile in JunitProfile::ALL {
        let document = junit_document(&every_ending(), folder.path(), profile).unwrap();
        let document = String::from_utf8(document).unwrap();
        let hostile = |c: &char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{200E}' | '\u{200F}');
        assert_eq!(document.chars().find(hostile), None, "{profile:?}");
        // The character is escaped, not dropped.
        assert!(document.contains(r"\u{202e}a"), "{profile:?}");
    }
}

/// GitLab looks for files in the folder in which the job began, even if the command runs in another one.
#[test]
fn gitlab_paths_are_relative_to_the_project_folder() {
    let project = tempfile::tempdir().unwrap();
    let (folder, below) = (project.path().join("runs/1"), project.path().join("below"));
    fs::create_dir_all(&below).unwrap();
    write_record(&folder, &record("check", &[case("volume/b-fail", 1, &fail(&["keeps"]))])).unwrap();
    let evidence = folder.join("cases/volume/b-fail");
    fs::create_dir_all(&evidence).unwrap();
    fs::write(evidence.join("evidence.json"), "{}").unwrap();
    let mut report = podproof(["report", "../runs/1", "--junit", "gitlab"]);
    let _ = run(report.current_dir(&below).env("CI_PROJECT_DIR", project.path())).exits(0);
    let document = fs::read_to_string(folder.join("junit.xml")).unwrap();
    let attached = "[[ATTACHMENT|runs/1/cases/volume/b-fail/evidence.json]]";
    assert!(document.contains(attached), "{document}");
}
