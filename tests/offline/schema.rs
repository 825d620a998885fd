//! The committed schemas of `record.json` and of event lines, checked against real output.

use std::fs;
use std::path::PathBuf;

use boon::{Compiler, SchemaIndex, Schemas};
use podproof_core::plan::{Article, Tree};
use podproof_core::record::{Event, RunOutcome, RunRecord, TimedEvent};
use podproof_core::report::json_line;
use podproof_tests::root;
use rstest::rstest;
use serde_json::{Value, json};

use crate::judge::catalogue;
use crate::record::{case, checked, fail, inconclusive, pass, record, record_of_prove_run, tried_again};

/// A compiled schema.
struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// The schema in `file`, as it is, or closed: then it allows only the fields that it lists.
    fn read(file: &str, closed: bool) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        for name in ["record.schema.json", "event.schema.json"] {
            let mut schema: Value =
                serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap();
            if closed {
                close(&mut schema);
            }
            compiler.add_resource(&format!("http://schema.invalid/{name}"), schema).unwrap();
        }
        let index = compiler.compile(&format!("http://schema.invalid/{file}"), &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn error(&self, document: &Value) -> Option<String> {
        self.schemas.validate(document, self.index).err().map(|error| error.to_string())
    }
}

fn folder() -> PathBuf {
    root().join("harness/core/src/report/schema")
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(Value::is_object) && fields.contains_key("required") {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn written(record: &RunRecord) -> Value {
    serde_json::to_value(record).unwrap()
}

/// A record in which every optional field is set.
fn full() -> RunRecord {
    let mut case = case("volume/shared", 1, &pass());
    case["since"] = json!("1.29");
    case["unproved"] = json!("needs another cluster");
    let mut record = record("check", &[case]);
    record.interrupted = Some("INT".to_owned());
    let life = json!({ "n": { "id": "1", "start": "a" } });
    let identity = json!({ "kube_system": "u", "nodes": life, "containers": life });
    let claim = json!({
        "given": "g", "when": "w", "then": { "keeps": "it keeps" }, "sources": ["s"], "observed": "o",
        "aliases": ["volume/once"],
    });
    record.claims = serde_json::from_value(json!({ "volume/shared": claim })).unwrap();
    record.article = Some(Article::read(&Tree::Embedded, catalogue()).unwrap());
    record.identity = Some(serde_json::from_value(identity).unwrap());
    let change = json!({ "known_until": "2026-11-22T10:00:00Z", "reason": "another one" });
    record.change = Some(serde_json::from_value(change).unwrap());
    record
}

#[rstest]
#[case::checked(&checked())]
#[case::proved(&record_of_prove_run())]
#[case::full(&full())]
#[case::tried_again(&tried_again())]
#[case::empty(&record("check", &[]))]
fn a_record_matches_its_closed_schema(#[case] record: &RunRecord) {
    assert_eq!(Schema::read("record.schema.json", true).error(&written(record)), None);
}

#[rstest]
#[case::another_format("/format", json!(2))]
#[case::another_verdict("/cases/0/verdict", json!({ "kind": "ok" }))]
#[case::a_fail_without_findings("/cases/0/verdict", json!({ "kind": "fail", "findings": [] }))]
#[case::an_inconclusive_without_reason("/cases/0/verdict", json!({ "kind": "inconclusive" }))]
#[case::another_tier("/cases/0/tier", json!("fast"))]
#[case::another_claim("/cases/0/claim", json!("Volume shared"))]
#[case::no_time("/started", json!("yesterday"))]
#[case::no_node("/cluster/nodes/0", json!({}))]
fn an_invalid_record_is_refused(#[case] place: &str, #[case] value: Value) {
    let mut document = written(&checked());
    *document.pointer_mut(place).unwrap() = value;
    assert!(Schema::read("record.schema.json", false).error(&document).is_some());
}

#[test]
fn the_open_schema_accepts_unknown_fields() {
    let mut document = written(&checked());
    document["cases"][0]["verdict"]["added"] = json!(1);
    document["added"] = json!(1);
    assert_eq!(Schema::read("record.schema.json", false).error(&document), None);
    assert!(Schema::read("record.schema.json", true).error(&document).is_some());
}

#[test]
fn the_events_of_a_real_run_match_their_schema() {
    let schema = Schema::read("event.schema.json", true);
    let events = fs::read_to_string(root().join("tests/fixtures/golden/events.jsonl")).unwrap();
    assert!(events.lines().count() > 20);
    for line in events.lines() {
        assert_eq!(schema.error(&serde_json::from_str(line).unwrap()), None, "{line}");
    }
}

#[test]
fn each_event_matches_its_schema() {
    let record =
        record("check", &[case("ipc/a", 1, &fail(&["keeps"])), case("ipc/b", 1, &inconclusive("why"))]);
    let finished =
        record.cases.iter().map(|case| Event::CaseFinished { index: 0, case: Box::new(case.clone()) });
    let outcomes =
        [RunOutcome::Conformant, RunOutcome::Partial, RunOutcome::Inconclusive, RunOutcome::Nonconformant];
    let others = [
        Event::RunStarted {
            run: record.run.clone(),
            purpose: record.purpose,
            planned: 2,
            parallel: 1,
            cluster: record.cluster.clone(),
        },
        Event::CaseStarted { index: 0, slug: "ipc/a".to_owned() },
        Event::CaseRetried { index: 0, attempt: 2, last: Box::new(tried_again().cases[4].clone()) },
        Event::CancelRequested { reason: "INT".to_owned() },
        Event::CleanupStarted,
    ];
    let schema = Schema::read("event.schema.json", true);
    let ends = outcomes.map(|outcome| Event::RunFinished { outcome });
    for event in finished.chain(others).chain(ends) {
        let line = json_line(&TimedEvent { format: 1, at: record.started, event }).unwrap();
        assert_eq!(schema.error(&serde_json::from_str(&line).unwrap()), None, "{line}");
    }
    assert!(schema.error(&json!({ "format": 1, "at": "2026-11-22T10:00:00Z", "event": "other" })).is_some());
}
