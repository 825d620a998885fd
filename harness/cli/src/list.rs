//! `podproof list`: lists the claims. Needs no cluster.

use std::fmt::Write as _;
use std::path::Path;

use podproof_core::plan::{Article, Catalogue, Claim, ClaimId, Selection, Tier, Tree};

use crate::args::{ListArgs, ListFormat, SelectArgs, TierChoice};
use crate::exit::{Code, Failure};
use crate::{output, page};

/// Lists the selected claims.
pub fn list(args: &ListArgs) -> Result<Code, Failure> {
    let tree = tree(args.selection.manifests.as_deref());
    let catalogue = Catalogue::read(&tree)?;
    let chosen = select(&catalogue, &args.selection)?;
    let text = match args.format {
        ListFormat::Lines => table(&chosen.iter().filter_map(|id| catalogue.claim(id)).collect::<Vec<_>>()),
        ListFormat::Markdown => {
            // The article links to claims of every area, so it is included only if all claims are.
            let has_all = chosen.len() == catalogue.claims().len();
            let article = has_all.then(|| Article::read(&tree, &catalogue)).transpose()?;
            page::page(article.as_ref(), &catalogue, &chosen)
        }
    };
    output::print(&text)?;
    Ok(Code::Success)
}

/// Reads the selected catalogue.
pub fn catalogue(choice: &SelectArgs) -> Result<Catalogue, Failure> {
    Ok(Catalogue::read(&tree(choice.manifests.as_deref()))?)
}

/// The manifests in `folder`, or the built-in ones.
pub fn tree(folder: Option<&Path>) -> Tree {
    folder.map_or(Tree::Embedded, |folder| Tree::Folder(folder.to_owned()))
}

/// Returns the ids of the selected claims.
pub fn select(catalogue: &Catalogue, choice: &SelectArgs) -> Result<Vec<ClaimId>, Failure> {
    let selection = choice.select.as_deref().map_or(Ok(Selection::all()), Selection::parse)?;
    let selection = match choice.tier.and_then(tier) {
        Some(tier) => selection.and_tier(tier),
        None => selection,
    };
    Ok(selection.apply(catalogue.claims())?)
}

fn tier(choice: TierChoice) -> Option<Tier> {
    match choice {
        TierChoice::All => None,
        TierChoice::Quick => Some(Tier::Quick),
        TierChoice::Node => Some(Tier::Node),
        TierChoice::Slow => Some(Tier::Slow),
        TierChoice::Disruptive => Some(Tier::Disruptive),
    }
}

fn table(claims: &[&Claim]) -> String {
    let width = claims.iter().map(|claim| claim.id.as_str().len()).max().unwrap_or_default();
    claims.iter().fold(String::new(), |mut text, claim| {
        let Claim { id, level, tier, title, unproved, .. } = claim;
        let warning = if unproved.is_some() { " (unproved)" } else { "" };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{:width$}  {level:8}  {tier:10}  {title}{warning}", id.as_str());
        text
    })
}
