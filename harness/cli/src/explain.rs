//! `podproof explain`: one case, or the article sentence by sentence, offline.

use std::fmt::Write as _;

use podproof::plan::{Article, Catalogue, Claim, Difference, Script};
use podproof::run::{accounts, read_record};

use crate::args::{Choice, ExplainArgs, Talk};
use crate::exit::{Code, Failure};
use crate::{list, output};

/// Tells all about one case, or about the article.
pub fn explain(order: &ExplainArgs, talk: &Talk) -> Result<Code, Failure> {
    match &order.subject.case {
        Some(case) => explain_case(case, order),
        None => explain_article(order, talk),
    }
}

fn explain_case(case: &str, order: &ExplainArgs) -> Result<Code, Failure> {
    let choice = Choice { select: Some(case.to_owned()), tier: None, manifests: order.manifests.clone() };
    let catalogue = list::catalogue(&choice)?;
    for id in list::select(&catalogue, &choice)? {
        if let (Some(claim), Some(script)) = (catalogue.claim(&id), catalogue.script(&id)) {
            output::print(&text(claim, script, catalogue.differences(&id)))?;
        }
    }
    Ok(Code::Conformant)
}

/// The verdicts are told and not weighed: that is what `judge` is for.
fn explain_article(order: &ExplainArgs, talk: &Talk) -> Result<Code, Failure> {
    let tree = list::tree(order.manifests.as_deref());
    let catalogue = Catalogue::read(&tree)?;
    let article = Article::read(&tree, &catalogue)?;
    let record = order.run.as_deref().map(read_record).transpose()?;
    let accounts = accounts(&article, &catalogue, record.as_ref());
    output::print_article(&accounts, record.as_ref(), talk)?;
    Ok(Code::Conformant)
}

fn text<'d>(claim: &Claim, script: &Script, known: impl Iterator<Item = &'d Difference>) -> String {
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
    let mut text = format!("{id} ({level}, {tier})\n  {title}\n\n  given  {given}\n  when   {when}\n");
    // Writing into a string cannot fail.
    for (assertion, sentence) in then {
        let _ = writeln!(text, "  then   {sentence}  [{assertion}]");
    }
    let _ = writeln!(
        text,
        "\n  since    {}",
        since.map_or_else(|| "any version".to_owned(), |since| since.to_string())
    );
    if let Some(binding) = binding {
        let _ = writeln!(text, "  binding  {binding}; on older clusters a fail is inconclusive");
    }
    if let Some(gate) = gate {
        let _ = writeln!(text, "  gate     {gate}");
    }
    for need in needs {
        let _ = writeln!(text, "  needs    {need}");
    }
    if let Some(why) = unproved {
        let _ = writeln!(text, "  unproved {why}");
    }
    for source in sources {
        let _ = writeln!(text, "  source   {source}");
    }
    if let Some(observed) = observed {
        let _ = writeln!(text, "  observed {observed}");
    }
    for difference in known {
        let _ = writeln!(text, "  differs  {difference}");
    }
    let _ = writeln!(text, "  manifest cases/{id}.yaml: {}", script.manifest.names().join(", "));
    for mutant in &script.mutants {
        let _ = writeln!(
            text,
            "  mutant   {}: {}; must fail by {}",
            mutant.name, mutant.breaks, mutant.must_fail
        );
    }
    text.push('\n');
    text
}
