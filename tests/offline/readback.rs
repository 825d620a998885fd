//! Reads JUnit back with two independent readers.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, XmlString};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// The document as `quick-junit` understands it, once it is known to be well formed.
pub fn read(document: &str) -> Report {
    assert_well_formed(document);
    Report::deserialize_from_str(document).expect("JUnit")
}

/// Neither of the readers looks at characters, so this does.
fn assert_well_formed(document: &str) {
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    let illegal: Vec<_> = document.chars().filter(|c| !legal(*c)).collect();
    assert!(illegal.is_empty(), "{illegal:?}");

    let mut reader = Reader::from_str(document);
    let mut depth = 0;
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Eof => break,
            Event::Start(element) => {
                depth += 1;
                assert_attributes(&element);
            }
            Event::Empty(element) => assert_attributes(&element),
            Event::End(_) => depth -= 1,
            // Text is in CDATA only; between elements there is only indentation.
            Event::Text(text) => assert_eq!(text.decode().expect("UTF-8").trim(), ""),
            Event::CData(_) | Event::Decl(_) => {}
            other => unreachable!("{other:?}"),
        }
    }
    assert_eq!(depth, 0);
}

fn assert_attributes(element: &BytesStart<'_>) {
    for attribute in element.attributes() {
        let attribute = attribute.expect("an attribute that occurs once");
        let raw = String::from_utf8(attribute.value.to_vec()).expect("UTF-8");
        assert!(!raw.contains(['<', '\n', '\t']), "{raw}");
        unescape(&raw).expect("known entities only");
    }
}

/// All test cases, in the order of the document.
pub fn cases(report: &Report) -> Vec<&TestCase> {
    report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect()
}

/// `success`, or the element with its type: `failure same-content`.
pub fn status(case: &TestCase) -> String {
    match &case.status {
        TestCaseStatus::Success { .. } => "success".to_owned(),
        TestCaseStatus::Skipped { .. } => "skipped".to_owned(),
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, ty, .. } => {
            format!("failure {}", ty.as_ref().expect("a type").as_str())
        }
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, ty, .. } => {
            format!("error {}", ty.as_ref().expect("a type").as_str())
        }
    }
}

/// The text of the failure, error or skipped element; empty for a success.
pub fn body(case: &TestCase) -> &str {
    match &case.status {
        TestCaseStatus::NonSuccess { description, .. } | TestCaseStatus::Skipped { description, .. } => {
            description.as_ref().map(XmlString::as_str).unwrap_or_default()
        }
        TestCaseStatus::Success { .. } => "",
    }
}

/// The message of that element.
pub fn message(case: &TestCase) -> &str {
    match &case.status {
        TestCaseStatus::NonSuccess { message, .. } | TestCaseStatus::Skipped { message, .. } => {
            message.as_ref().map(XmlString::as_str).unwrap_or_default()
        }
        TestCaseStatus::Success { .. } => "",
    }
}

/// The value of a property of the test case.
pub fn property<'a>(case: &'a TestCase, name: &str) -> Option<&'a str> {
    case.properties
        .iter()
        .find(|property| property.name.as_str() == name)
        .map(|property| property.value.as_str())
}
