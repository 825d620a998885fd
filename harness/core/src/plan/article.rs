//! The article's sentences, and the claims that test each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::claim::ClaimId;
use super::tree::{ManifestError, Tree};

const SENTENCES: &str = "article/sentences.yaml";

/// The required IDs: the article's own sentences, then those of its original about the pods mc2 and mc3.
const IDS: [&str; 21] = [
    "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "A16",
    "A17", "A18", "A19", "MC2", "MC3",
];

/// How a sentence relates to the behavior of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bearing {
    /// It is true, in the sense that the note explains.
    True,
    /// It is true with exceptions, which the note names.
    Imprecise,
    /// It is wrong.
    Wrong,
    /// It only structures the subject and promises nothing.
    Framing,
}

/// One entry of `article/sentences.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The ID: `A1` to `A19`, or `MC2` and `MC3` for sentences of the article's original.
    pub id: String,
    /// The shortened sentence; in quotation marks if it is a literal quotation.
    pub sentence: String,
    /// How it relates to the behavior of pods.
    pub bearing: Bearing,
    /// Where it is imprecise or wrong, or how it must be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The claims that support it, in the sense of the note.
    #[serde(default)]
    pub claims: Vec<ClaimId>,
    /// The claims that show where it is imprecise or wrong; may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<ClaimId>,
}

/// The article, sentence by sentence. It is complete by itself, so that the record of a run can keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    sentences: Vec<Sentence>,
    claims: BTreeMap<ClaimId, NamedClaim>,
}

/// What the article shows of a claim that one of its sentences names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedClaim {
    /// The statement that must hold.
    pub title: String,
    /// Whether no real cluster has proved its case yet.
    #[serde(default, skip_serializing_if = "is_proved")]
    pub unproved: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentenceList {
    sentences: Vec<SentenceEntry>,
}

/// A [`Sentence`] in the file, where an unknown field is a typing error. In a record it is a field of a newer version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentenceEntry {
    id: String,
    sentence: String,
    bearing: Bearing,
    note: Option<String>,
    #[serde(default)]
    claims: Vec<ClaimId>,
    #[serde(default)]
    against: Vec<ClaimId>,
}

impl Article {
    /// Reads the sentences. Checks that every required ID occurs once and that `catalogue` has every named claim.
    pub fn read(tree: &Tree, catalogue: &Catalogue) -> Result<Self, ManifestError> {
        let SentenceList { sentences } = tree.parse(SENTENCES)?;
        let sentences: Vec<_> = sentences.into_iter().map(Sentence::from).collect();
        let problem = sentences.iter().find_map(|sentence| {
            let problem = sentence_problem(sentence, catalogue)?;
            Some(format!("sentence {} {problem}", sentence.id))
        });
        match problem.or_else(|| list_problem(&sentences)) {
            Some(problem) => Err(ManifestError::invalid(&tree.name(SENTENCES), problem)),
            None => Ok(Self { claims: named_claims(&sentences, catalogue), sentences }),
        }
    }

    /// Like [`read`](Self::read); `None` if the tree has no list of sentences, which other manifests need not have.
    pub fn read_optional(tree: &Tree, catalogue: &Catalogue) -> Result<Option<Self>, ManifestError> {
        match Self::read(tree, catalogue) {
            Err(ManifestError::Missing { .. }) => Ok(None),
            read => read.map(Some),
        }
    }

    /// The sentences in the order of the file.
    #[must_use]
    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// The claim with this ID; `None` if no sentence names it.
    #[must_use]
    pub fn claim(&self, id: &ClaimId) -> Option<&NamedClaim> {
        self.claims.get(id)
    }
}

impl From<SentenceEntry> for Sentence {
    fn from(entry: SentenceEntry) -> Self {
        let SentenceEntry { id, sentence, bearing, note, claims, against } = entry;
        Self { id, sentence, bearing, note, claims, against }
    }
}

impl Bearing {
    /// Returns whether the sentence is imprecise or wrong, so that claims may oppose it.
    #[must_use]
    pub fn is_faulty(self) -> bool {
        matches!(self, Self::Imprecise | Self::Wrong)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_proved(unproved: &bool) -> bool {
    !*unproved
}

fn named_claims(sentences: &[Sentence], catalogue: &Catalogue) -> BTreeMap<ClaimId, NamedClaim> {
    let ids = sentences.iter().flat_map(|sentence| sentence.claims.iter().chain(&sentence.against));
    let claims = ids.filter_map(|id| catalogue.claim(id)).map(|claim| {
        let named = NamedClaim { title: claim.title.clone(), unproved: claim.unproved.is_some() };
        (claim.id.clone(), named)
    });
    claims.collect()
}

fn list_problem(sentences: &[Sentence]) -> Option<String> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = sentences.iter().find(|sentence| !seen.insert(sentence.id.as_str())) {
        return Some(format!("sentence {} is listed twice", twice.id));
    }
    let missing = IDS.iter().find(|id| !seen.contains(**id))?;
    Some(format!("sentence {missing} is missing"))
}

fn sentence_problem(sentence: &Sentence, catalogue: &Catalogue) -> Option<String> {
    let Sentence { id, sentence: text, bearing, note, claims, against } = sentence;
    if !IDS.contains(&id.as_str()) {
        return Some("is not one of A1 to A19, MC2 and MC3".to_owned());
    }
    if text.trim().is_empty() {
        return Some("has no text".to_owned());
    }
    let mut seen = BTreeSet::new();
    for claim in claims.iter().chain(against) {
        if catalogue.claim(claim).is_none() {
            return Some(format!("names claim {claim}, which is not in claims.yaml"));
        }
        if !seen.insert(claim) {
            return Some(format!("names claim {claim} twice"));
        }
    }
    if seen.is_empty() && *bearing != Bearing::Framing {
        return Some(format!("is {bearing} but names no claim"));
    }
    if !against.is_empty() && !bearing.is_faulty() {
        return Some(format!("is {bearing} but has claims against it"));
    }
    let has_note = note.as_ref().is_some_and(|note| !note.trim().is_empty());
    (bearing.is_faulty() && !has_note).then(|| format!("is {bearing} but has no note"))
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
