//! The article's sentences, and the claims that bear on each.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::claim::ClaimId;
use super::tree::{ManifestError, Tree};

const SENTENCES: &str = "article/sentences.yaml";

/// The ids that there must be: the article's own sentences, then those of its original on the pods mc2 and mc3.
const IDS: [&str; 21] = [
    "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "A16",
    "A17", "A18", "A19", "MC2", "MC3",
];

/// How a sentence stands to what pods do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bearing {
    /// Pods behave so, read as the note says.
    True,
    /// Pods behave nearly so; the note says where they do not.
    Imprecise,
    /// Pods behave otherwise.
    Wrong,
    /// It divides the subject, and promises nothing.
    Framing,
}

/// One entry of `article/sentences.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    /// `A1` to `A19`; `MC2` and `MC3` are sentences of the article's original.
    pub id: String,
    /// The sentence, shortened; in quotation marks where the words are the article's.
    pub sentence: String,
    /// How it stands to what pods do.
    pub bearing: Bearing,
    /// Where it is imprecise or wrong, or how it is to be read.
    #[serde(default)]
    pub note: Option<String>,
    /// The claims that bear it out, read as the note says.
    #[serde(default)]
    pub claims: Vec<ClaimId>,
    /// The claims that show where it is imprecise or wrong; empty where none does yet.
    #[serde(default)]
    pub against: Vec<ClaimId>,
}

/// The article, sentence by sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentenceList {
    sentences: Vec<Sentence>,
}

impl Article {
    /// Reads the sentences, and checks that each is there once and that `catalogue` has its claims.
    pub fn read(tree: &Tree, catalogue: &Catalogue) -> Result<Self, ManifestError> {
        let SentenceList { sentences } = tree.parse(SENTENCES)?;
        let problem = sentences.iter().find_map(|sentence| {
            let problem = problem_of(sentence, catalogue)?;
            Some(format!("sentence {} {problem}", sentence.id))
        });
        match problem.or_else(|| problem_of_all(&sentences)) {
            Some(problem) => Err(ManifestError::invalid(&tree.name(SENTENCES), problem)),
            None => Ok(Self { sentences }),
        }
    }

    /// The sentences in the order of the file.
    #[must_use]
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }
}

impl Bearing {
    /// Whether something is to be shown against the sentence.
    #[must_use]
    pub fn is_faulty(self) -> bool {
        matches!(self, Self::Imprecise | Self::Wrong)
    }
}

fn problem_of_all(sentences: &[Sentence]) -> Option<String> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = sentences.iter().find(|sentence| !seen.insert(sentence.id.as_str())) {
        return Some(format!("sentence {} stands twice", twice.id));
    }
    let missing = IDS.iter().find(|id| !seen.contains(**id))?;
    Some(format!("sentence {missing} is missing"))
}

fn problem_of(sentence: &Sentence, catalogue: &Catalogue) -> Option<String> {
    let Sentence { id, sentence: words, bearing, note, claims, against } = sentence;
    if !IDS.contains(&id.as_str()) {
        return Some("is none of A1 to A19, MC2 and MC3".to_owned());
    }
    if words.trim().is_empty() {
        return Some("has no words".to_owned());
    }
    let mut seen = BTreeSet::new();
    for claim in claims.iter().chain(against) {
        if catalogue.claim(claim).is_none() {
            return Some(format!("names claim {claim}, which the golden list does not have"));
        }
        if !seen.insert(claim) {
            return Some(format!("names claim {claim} twice"));
        }
    }
    if seen.is_empty() && *bearing != Bearing::Framing {
        return Some(format!("names no claim, and is {bearing}: only framing needs none"));
    }
    if !against.is_empty() && !bearing.is_faulty() {
        return Some(format!("has claims against it, and is {bearing}"));
    }
    let says_where = note.as_ref().is_some_and(|note| !note.trim().is_empty());
    (bearing.is_faulty() && !says_where).then(|| format!("is {bearing}, and no note says where"))
}

impl fmt::Display for Bearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::True => "true",
            Self::Imprecise => "imprecise",
            Self::Wrong => "wrong",
            Self::Framing => "framing",
        })
    }
}
