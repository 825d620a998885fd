//! The selection language: `ipc/* and not tier:slow`.
//!
//! ```text
//! expression = term { "or" term }
//! term       = factor { "and" factor }
//! factor     = "not" factor | "(" expression ")" | atom
//! atom       = an ID, an ID with `*` in it, or key:value with key one of area, level, tier
//! ```

use std::collections::BTreeSet;

use thiserror::Error;

use super::claim::{Claim, ClaimId, Tier};

/// The maximum depth of nested `not` and parentheses.
const MAX_DEPTH: usize = 100;

/// No names are suggested for a longer name, in bytes.
const LONGEST_NAME: usize = 200;

/// A parsed selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(Expression);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expression {
    All,
    Id(String),
    Tag { key: String, value: String },
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

/// An unusable selection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SelectionError {
    /// The text does not follow the grammar.
    #[error("selection `{text}`: {problem}")]
    Syntax {
        /// The text of the selection.
        text: String,
        /// The first problem.
        problem: String,
    },
    /// A name in it matches no claim.
    #[error("`{name}` selects nothing: no such {kind}")]
    Unknown {
        /// `case` or `tag`.
        kind: &'static str,
        /// The unknown name.
        name: String,
        /// The most similar known names, best first.
        nearest: Vec<String>,
    },
    /// All names are known, but no claim matches the whole expression.
    #[error("selection `{text}` selects nothing")]
    Nothing {
        /// The text of the selection.
        text: String,
    },
}

impl SelectionError {
    /// How to fix the selection.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { .. } => Some("write for example `ipc/* and not tier:slow`".to_owned()),
            Self::Unknown { nearest, .. } if nearest.is_empty() => {
                Some("`podproof list` shows all cases".to_owned())
            }
            Self::Unknown { nearest, .. } => Some(format!("did you mean {}?", nearest.join(", "))),
            Self::Nothing { .. } => Some("`podproof list` shows all cases with their tags".to_owned()),
        }
    }
}

impl Selection {
    /// Selects all claims.
    #[must_use]
    pub fn all() -> Self {
        Self(Expression::All)
    }

    /// Restricts this selection to one tier.
    #[must_use]
    pub fn and_tier(self, tier: Tier) -> Self {
        let of_tier = Expression::Tag { key: "tier".to_owned(), value: tier.to_string() };
        match self.0 {
            Expression::All => Self(of_tier),
            selected => Self(Expression::And(vec![selected, of_tier])),
        }
    }

    /// Parses a selection.
    pub fn parse(text: &str) -> Result<Self, SelectionError> {
        let mut parser = Parser { text, words: words(text), next: 0, depth: 0 };
        let expression = parser.expression()?;
        match parser.peek() {
            None => Ok(Self(expression)),
            Some(word) => Err(parser.problem(format!("unexpected `{word}`"))),
        }
    }

    /// The IDs of the selected claims, in the order of `claims`.
    ///
    /// A name that matches no claim is an error even if the rest of the expression selects something: a typo must not
    /// silently reduce the run.
    pub fn apply(&self, claims: &[Claim]) -> Result<Vec<ClaimId>, SelectionError> {
        self.0.check_names(claims)?;
        let chosen: Vec<_> =
            claims.iter().filter(|claim| self.0.fits(claim)).map(|claim| claim.id.clone()).collect();
        if chosen.is_empty() {
            return Err(SelectionError::Nothing { text: self.0.to_text() });
        }
        Ok(chosen)
    }
}

impl Expression {
    fn fits(&self, claim: &Claim) -> bool {
        match self {
            Self::All => true,
            Self::Id(pattern) => matches(pattern, claim.id.as_str()),
            Self::Tag { key, value } => tags(claim).iter().any(|(k, v)| k == key && v == value),
            Self::Not(inner) => !inner.fits(claim),
            Self::And(all) => all.iter().all(|one| one.fits(claim)),
            Self::Or(any) => any.iter().any(|one| one.fits(claim)),
        }
    }

    fn check_names(&self, claims: &[Claim]) -> Result<(), SelectionError> {
        match self {
            Self::All => Ok(()),
            Self::Not(inner) => inner.check_names(claims),
            Self::And(all) | Self::Or(all) => all.iter().try_for_each(|one| one.check_names(claims)),
            Self::Id(_) | Self::Tag { .. } if claims.iter().any(|claim| self.fits(claim)) => Ok(()),
            Self::Id(pattern) => Err(SelectionError::Unknown {
                kind: "case",
                name: pattern.clone(),
                nearest: nearest(pattern, claims.iter().map(|claim| claim.id.to_string()).collect()),
            }),
            Self::Tag { .. } => {
                let name = self.to_text();
                let known =
                    claims.iter().flat_map(tags).map(|(key, value)| format!("{key}:{value}")).collect();
                Err(SelectionError::Unknown { kind: "tag", nearest: nearest(&name, known), name })
            }
        }
    }

    fn to_text(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Id(pattern) => pattern.clone(),
            Self::Tag { key, value } => format!("{key}:{value}"),
            Self::Not(inner) => format!("not {}", inner.to_text()),
            Self::And(all) => format!("({})", join(all, " and ")),
            Self::Or(any) => format!("({})", join(any, " or ")),
        }
    }
}

fn join(expressions: &[Expression], word: &str) -> String {
    expressions.iter().map(Expression::to_text).collect::<Vec<_>>().join(word)
}

fn tags(claim: &Claim) -> [(&'static str, String); 3] {
    [
        ("area", claim.id.area().to_owned()),
        ("level", claim.level.to_string()),
        ("tier", claim.tier.to_string()),
    ]
}

/// Returns whether `text` matches `pattern`, in which `*` matches any characters. The pieces between the stars are
/// matched as early as possible, the last one at the end.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = text.strip_prefix(head) else { return false };
    for piece in middle.split('*') {
        match text.find(piece) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

/// The up to three `known` names that are most similar to `name`.
fn nearest(name: &str, known: BTreeSet<String>) -> Vec<String> {
    if name.len() > LONGEST_NAME {
        return Vec::new();
    }
    let mut ranked: Vec<_> = known
        .into_iter()
        .map(|known| {
            // Users often omit the area.
            let short = known.split_once('/').map_or(known.as_str(), |(_, short)| short);
            let similarity = strsim::jaro_winkler(name, &known).max(strsim::jaro_winkler(name, short));
            (similarity, known)
        })
        .filter(|(similarity, _)| *similarity > 0.7)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    ranked.into_iter().take(3).map(|(_, known)| known).collect()
}

/// Splits at white space and makes each parenthesis a word.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for chunk in text.split_whitespace() {
        let mut rest = chunk;
        while let Some(at) = rest.find(['(', ')']) {
            words.extend([&rest[..at], &rest[at..=at]].into_iter().filter(|word| !word.is_empty()));
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            words.push(rest);
        }
    }
    words
}

/// Combines the expressions unless there is only one.
fn combine(mut expressions: Vec<Expression>, combined: fn(Vec<Expression>) -> Expression) -> Expression {
    if expressions.len() == 1 { expressions.remove(0) } else { combined(expressions) }
}

struct Parser<'t> {
    text: &'t str,
    words: Vec<&'t str>,
    next: usize,
    /// The current depth of nested `not` and parentheses.
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.words.get(self.next).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.next += usize::from(found);
        found
    }

    fn problem(&self, problem: impl Into<String>) -> SelectionError {
        SelectionError::Syntax { text: self.text.to_owned(), problem: problem.into() }
    }

    fn expression(&mut self) -> Result<Expression, SelectionError> {
        let first = self.term()?;
        let mut any = vec![first];
        while self.take("or") {
            any.push(self.term()?);
        }
        Ok(combine(any, Expression::Or))
    }

    fn term(&mut self) -> Result<Expression, SelectionError> {
        let first = self.factor()?;
        let mut all = vec![first];
        while self.take("and") {
            all.push(self.factor()?);
        }
        Ok(combine(all, Expression::And))
    }

    fn factor(&mut self) -> Result<Expression, SelectionError> {
        if !matches!(self.peek(), Some("not" | "(")) {
            return self.atom();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.problem(format!("`not` and parentheses are nested more than {MAX_DEPTH} deep")));
        }
        let factor = if self.take("not") {
            Expression::Not(Box::new(self.factor()?))
        } else {
            self.next += 1;
            let inner = self.expression()?;
            if !self.take(")") {
                return Err(self.problem("a parenthesis is not closed"));
            }
            inner
        };
        self.depth -= 1;
        Ok(factor)
    }

    fn atom(&mut self) -> Result<Expression, SelectionError> {
        let word = match self.peek() {
            None => return Err(self.problem("unexpected end")),
            Some(word @ (")" | "and" | "or")) => {
                return Err(self.problem(format!("unexpected `{word}`")));
            }
            Some(word) => word,
        };
        self.next += 1;
        match word.split_once(':') {
            None => Ok(Expression::Id(word.to_owned())),
            Some((key @ ("area" | "level" | "tier"), value)) => {
                Ok(Expression::Tag { key: key.to_owned(), value: value.to_owned() })
            }
            Some((key, _)) => Err(SelectionError::Unknown {
                kind: "tag",
                name: word.to_owned(),
                nearest: nearest(key, ["area", "level", "tier"].map(|key| format!("{key}:")).into()),
            }),
        }
    }
}
