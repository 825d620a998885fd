//! The selection language.

use assert_matches::assert_matches;
use podproof_core::plan::{Catalogue, Claim, ClaimId, Level, Selection, SelectionError, Tier, Tree};
use proptest::prelude::*;
use rstest::rstest;

fn claim(id: &str, level: Level, tier: Tier) -> Claim {
    Claim {
        id: id.parse().unwrap(),
        title: String::new(),
        level,
        tier,
        given: String::new(),
        when: String::new(),
        then: std::iter::once(("a".to_owned(), "b".to_owned())).collect(),
        sources: Vec::new(),
        since: None,
        binding: None,
        gate: None,
        needs: Vec::new(),
        unproved: None,
        observed: None,
        aliases: Vec::new(),
        revision: podproof_core::plan::Revision::default(),
    }
}

fn claims() -> Vec<Claim> {
    vec![
        claim("volume/survives-sigkill", Level::Core, Tier::Quick),
        claim("volume/survives-reboot", Level::Core, Tier::Disruptive),
        claim("ipc/mc2-article", Level::Core, Tier::Quick),
        claim("ipc/backoff", Level::Extended, Tier::Slow),
        claim("startup/spec-order", Level::Extended, Tier::Quick),
    ]
}

fn chosen(text: &str) -> Result<Vec<String>, SelectionError> {
    let ids = Selection::parse(text)?.apply(&claims())?;
    Ok(ids.iter().map(ClaimId::to_string).collect())
}

#[rstest]
#[case::id("ipc/mc2-article", &["ipc/mc2-article"])]
#[case::area_glob("ipc/*", &["ipc/mc2-article", "ipc/backoff"])]
#[case::glob_in_the_middle("volume/*-sigkill", &["volume/survives-sigkill"])]
#[case::glob_everywhere("*s*-s*", &["volume/survives-sigkill"])]
#[case::tag("tier:slow", &["ipc/backoff"])]
#[case::area("area:startup", &["startup/spec-order"])]
#[case::not("ipc/* and not tier:slow", &["ipc/mc2-article"])]
#[case::and_binds_tighter("area:startup or ipc/* and tier:slow", &["ipc/backoff", "startup/spec-order"])]
#[case::parentheses("(area:startup or ipc/*) and level:extended", &["ipc/backoff", "startup/spec-order"])]
#[case::double_not("not not ipc/mc2-article", &["ipc/mc2-article"])]
#[case::order_of_the_list("startup/* or volume/survives-sigkill", &["volume/survives-sigkill", "startup/spec-order"])]
fn an_expression_selects_claims(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(chosen(text).unwrap(), expected);
}

#[rstest]
#[case::case("ipc/mc2-artcle", "case", "ipc/mc2-article")]
#[case::case_without_area("survives-sigkil", "case", "volume/survives-sigkill")]
#[case::tag_value("tier:qick", "tag", "tier:quick")]
#[case::tag_key("teir:quick", "tag", "tier:")]
#[case::hidden_behind_or("ipc/* or volume/survives-sigkil", "case", "volume/survives-sigkill")]
fn unknown_names_are_reported_with_the_nearest(
    #[case] text: &str,
    #[case] kind: &str,
    #[case] nearest: &str,
) {
    let error = chosen(text).unwrap_err();
    assert_matches!(&error, SelectionError::Unknown { kind: found, nearest: names, .. } => {
        assert_eq!(*found, kind);
        assert_eq!(names[0], nearest);
    });
    assert!(error.hint().unwrap().contains(nearest));
}

#[rstest]
#[case::empty("")]
#[case::dangling("ipc/* and")]
#[case::leading("and ipc/*")]
#[case::unclosed("(ipc/*")]
#[case::too_closed("ipc/*)")]
#[case::two_atoms("ipc/* volume/*")]
fn invalid_syntax_is_an_error(#[case] text: &str) {
    assert_matches!(chosen(text), Err(SelectionError::Syntax { .. }));
}

#[test]
fn an_empty_selection_is_an_error() {
    assert_matches!(chosen("ipc/* and volume/*"), Err(SelectionError::Nothing { .. }));
}

#[test]
fn everything_is_selected_without_an_expression() {
    let catalogue = Catalogue::read(&Tree::Embedded).unwrap();
    let all = Selection::all().apply(catalogue.claims()).unwrap();
    assert_eq!(all.len(), catalogue.claims().len());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z/*:() ]{0,40}|.{0,20}") {
        let _ = chosen(&text);
    }
}
