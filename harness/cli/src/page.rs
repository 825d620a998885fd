//! Renders the claims as a Markdown page; generates `manifests/README.md`.

use std::fmt::Write as _;

use podproof_core::plan::{Article, CaseFiles, Catalogue, Claim, ClaimId, Sentence};

const HEAD: &str = "# What podproof claims\n\n\
    Generated from `claims.yaml` and `article/sentences.yaml` by `podproof list --format markdown`; `make check` fails \
    if it is out of date.\n";

const ARTICLE: &str = "\n## The article\n\n\
    Each checkable sentence of the article, whether it is correct, and the claims that support it or show where it is \
    imprecise or wrong. MC2 and MC3 are sentences of the article's original. Statements in a note that go beyond the \
    claims come from documentation and are not tested. `podproof explain --article --run DIR` shows the results of a \
    run for each sentence.\n\n\
    | | sentence | bearing | claims for it | claims against it |\n| --- | --- | --- | --- | --- |\n";

/// Renders the sentences of the article, if given, and the chosen claims by area.
pub fn page(article: Option<&Article>, catalogue: &Catalogue, chosen: &[ClaimId]) -> String {
    let mut text = HEAD.to_owned();
    if let Some(article) = article {
        text += ARTICLE;
        text.extend(article.sentences().iter().map(row));
    }
    let mut area = "";
    for id in chosen {
        let (Some(claim), Some(case_files)) = (catalogue.claim(id), catalogue.case_files(id)) else {
            continue;
        };
        if area != id.area() {
            area = id.area();
            let count = chosen.iter().filter(|other| other.area() == area).count();
            // Writing into a string cannot fail.
            let _ = write!(text, "\n## {area} ({count})\n");
        }
        section(&mut text, claim, case_files);
    }
    text
}

fn section(text: &mut String, claim: &Claim, case_files: &CaseFiles) {
    let Claim {
        id,
        title,
        level,
        tier,
        given,
        when,
        then,
        sources,
        since,
        binding,
        gate,
        needs,
        unproved,
        observed,
        ..
    } = claim;
    let mut tags = vec![level.to_string(), tier.to_string()];
    tags.extend(since.map(|since| format!("since {since}")));
    tags.extend(binding.map(|binding| format!("binding since {binding}")));
    tags.extend(gate.iter().map(|gate| format!("gate {gate}")));
    tags.extend(needs.iter().map(|need| format!("needs {need}")));
    tags.extend(unproved.iter().map(|_| "unproved".to_owned()));
    let mut line = |words: String| {
        let _ = writeln!(text, "{words}");
    };
    line(format!("\n### {id}\n\n**{}** ({})\n", escape(title), tags.join(", ")));
    line(format!("- given {}", escape(given)));
    line(format!("- when {}", escape(when)));
    for (assertion, sentence) in then {
        line(format!("- then {} (`{assertion}`)", escape(sentence)));
    }
    for source in sources {
        line(format!("- source: {}", escape(source)));
    }
    for (what, words) in [("observed", observed), ("unproved", unproved)] {
        if let Some(words) = words {
            line(format!("- {what}: {}", escape(words)));
        }
    }
    for mutant in &case_files.mutants {
        line(format!(
            "- mutant `{}`: {}; must fail by `{}`",
            mutant.name,
            escape(&mutant.breaks),
            mutant.must_fail
        ));
    }
}

fn row(sentence: &Sentence) -> String {
    let Sentence { id, sentence, bearing, note, claims, against } = sentence;
    let note = note.as_deref().map(|note| format!(": {}", escape(note))).unwrap_or_default();
    let (sentence, claims, against) = (escape(sentence), links(claims), links(against));
    format!("| {id} | {sentence} | **{bearing}**{note} | {claims} | {against} |\n")
}

/// Links each claim to its heading on this page. Anchors are in lower case and without punctuation.
fn links(claims: &[ClaimId]) -> String {
    let links = claims.iter().map(|id| format!("[{id}](#{}{})", id.area(), id.name()));
    links.collect::<Vec<_>>().join(", ")
}

/// Escapes Markdown syntax.
fn escape(words: &str) -> String {
    let special = |c: char| matches!(c, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|');
    words.trim().chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_syntax_is_escaped() {
        assert_eq!(escape("a_b <c> `d` [e](f)"), r"a\_b \<c\> \`d\` \[e\](f)");
    }
}
