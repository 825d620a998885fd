//! `podproof explain`: describes one case, or the article sentence by sentence. Needs no cluster.

use std::fmt::Write as _;

use podproof_core::plan::{Article, CaseFiles, Catalogue, Claim, Difference};
use podproof_core::record::{RunRecord, read_record, sentence_reports};
use podproof_core::report::visible_line;

use crate::args::{ExplainArgs, OutputArgs, SelectArgs};
use crate::exit::{Code, Failure};
use crate::{list, output};

/// Explains one case, or the article.
pub fn explain(args: &ExplainArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    match &args.subject.case {
        Some(case) => explain_case(case, args),
        None => explain_article(args, output_args),
    }
}

fn explain_case(case: &str, args: &ExplainArgs) -> Result<Code, Failure> {
    let selection =
        SelectArgs { select: Some(case.to_owned()), tier: None, manifests: args.manifests.clone() };
    let catalogue = list::catalogue(&selection)?;
    for id in list::select(&catalogue, &selection)? {
        if let (Some(claim), Some(case_files)) = (catalogue.claim(&id), catalogue.case_files(&id)) {
            output::print(&text(claim, case_files, catalogue.differences(&id)))?;
        }
    }
    Ok(Code::Success)
}

fn explain_article(args: &ExplainArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    if let Some(folder) = &args.run {
        return explain_run(&read_record(folder)?, output_args);
    }
    let tree = list::tree(args.manifests.as_deref());
    let catalogue = Catalogue::read(&tree)?;
    let article = Article::read(&tree, &catalogue)?;
    output::print_article(&sentence_reports(&article, None), None, output_args)?;
    Ok(Code::Success)
}

/// Shows the article as the run asked it, with the recorded verdicts. They do not change the exit code; `judge` is for
/// that.
fn explain_run(record: &RunRecord, output_args: &OutputArgs) -> Result<Code, Failure> {
    if let Some(article) = &record.article {
        output::print_article(&sentence_reports(article, Some(record)), Some(record), output_args)?;
    } else {
        let why = visible_line(&why_no_article(record), 200);
        tracing::info!(target: "podproof::progress", "{why}");
    }
    Ok(Code::Success)
}

fn why_no_article(record: &RunRecord) -> String {
    let RunRecord { run, podproof, .. } = record;
    if record.lacks_texts() {
        format!("podproof {podproof} did not record the texts of the claims and of the article for run {run}")
    } else {
        format!("run {run} had no article: its manifests have no article/sentences.yaml")
    }
}

fn text<'d>(
    claim: &Claim,
    case_files: &CaseFiles,
    differences: impl Iterator<Item = &'d Difference>,
) -> String {
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
    for difference in differences {
        let _ = writeln!(text, "  differs  {difference}");
    }
    let _ = writeln!(text, "  manifest cases/{id}.yaml: {}", case_files.manifest.names().join(", "));
    for mutant in &case_files.mutants {
        let _ = writeln!(
            text,
            "  mutant   {}: {}; must fail by {}",
            mutant.name, mutant.breaks, mutant.must_fail
        );
    }
    text.push('\n');
    text
}
