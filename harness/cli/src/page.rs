//! The claims as a page of Markdown: `manifests/README.md` is made by this.

use std::fmt::Write as _;

use podproof::plan::{Article, Catalogue, Claim, ClaimId, Script, Sentence};

const HEAD: &str = "# What podproof claims\n\n\
    Made from `claims.yaml` and `article/sentences.yaml` by `podproof list --format markdown`; `make check` says when \
    it is stale.\n";

const ARTICLE: &str = "\n## The article\n\n\
    Each sentence of the article that can be checked, how it stands to what pods do, and the claims that bear it out \
    or show where it is imprecise or wrong. MC2 and MC3 are sentences of its original. What a note \
    behind a bearing adds to the claims is documented, and has not been asked of a cluster. \
    `podproof explain --article --run DIR` tells what a run says of each sentence.\n\n\
    | | sentence | bearing | claims for it | claims against it |\n| --- | --- | --- | --- | --- |\n";

/// The sentences of the article where there is one, and the chosen claims, area by area.
pub fn page(article: Option<&Article>, catalogue: &Catalogue, chosen: &[ClaimId]) -> String {
    let mut text = HEAD.to_owned();
    if let Some(article) = article {
        text += ARTICLE;
        text.extend(article.sentences().iter().map(row));
    }
    let mut area = "";
    for id in chosen {
        let (Some(claim), Some(script)) = (catalogue.claim(id), catalogue.script(id)) else { continue };
        if area != id.area() {
            area = id.area();
            let count = chosen.iter().filter(|other| other.area() == area).count();
            // Writing into a string cannot fail.
            let _ = write!(text, "\n## {area} ({count})\n");
        }
        section(&mut text, claim, script);
    }
    text
}

fn section(text: &mut String, claim: &Claim, script: &Script) {
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
    line(format!("\n### {id}\n\n**{}** ({})\n", plain(title), tags.join(", ")));
    line(format!("- given {}", plain(given)));
    line(format!("- when {}", plain(when)));
    for (assertion, sentence) in then {
        line(format!("- then {} (`{assertion}`)", plain(sentence)));
    }
    for source in sources {
        line(format!("- source: {}", plain(source)));
    }
    for (what, words) in [("observed", observed), ("unproved", unproved)] {
        if let Some(words) = words {
            line(format!("- {what}: {}", plain(words)));
        }
    }
    for mutant in &script.mutants {
        line(format!(
            "- mutant `{}`: {}; must fail by `{}`",
            mutant.name,
            plain(&mutant.breaks),
            mutant.must_fail
        ));
    }
}

fn row(sentence: &Sentence) -> String {
    let Sentence { id, sentence, bearing, note, claims, against } = sentence;
    let note = note.as_deref().map(|note| format!(": {}", plain(note))).unwrap_or_default();
    let (sentence, claims, against) = (plain(sentence), links(claims), links(against));
    format!("| {id} | {sentence} | **{bearing}**{note} | {claims} | {against} |\n")
}

/// Each claim with the way to its heading on this page, whose name is in lower case and without punctuation.
fn links(claims: &[ClaimId]) -> String {
    let links = claims.iter().map(|id| format!("[{id}](#{}{})", id.area(), id.name()));
    links.collect::<Vec<_>>().join(", ")
}

/// Words that Markdown would take for its own, taken literally.
fn plain(words: &str) -> String {
    let special = |c: char| matches!(c, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|');
    words.trim().chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_would_take_for_its_own_is_escaped() {
        assert_eq!(plain("a_b <c> `d` [e](f)"), r"a\_b \<c\> \`d\` \[e\](f)");
    }
}
