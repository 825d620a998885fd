//! The selection language: `ipc/* and not tier:slow`.
//!
//! ```text
//! expression = term { "or" term }
//! term       = factor { "and" factor }
//! factor     = "not" factor | "(" expression ")" | atom
//! atom       = an id, an id with `*` in it, or key:value with key one of area, level, tier
//! ```

use std::collections::BTreeSet;

use thiserror::Error;

use super::claim::{Claim, ClaimId, Tier};

/// In how many `not` and parentheses a name may stand.
const DEEPEST: usize = 100;

/// A longer name, in bytes, is like none that exists.
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

/// A selection that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SelectionError {
    /// The text is not of the language.
    #[error("selection `{text}`: {problem}")]
    Syntax {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A name in it fits no claim.
    #[error("`{name}` selects nothing: no such {kind}")]
    Unknown {
        /// `case` or `tag`.
        kind: &'static str,
        /// What was typed.
        name: String,
        /// The nearest names that exist, best first.
        nearest: Vec<String>,
    },
    /// The names are known, but no claim fits the whole.
    #[error("selection `{text}` selects nothing")]
    Nothing {
        /// What was typed.
        text: String,
    },
}

impl SelectionError {
    /// What would mend it.
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
    /// Selects everything.
    #[must_use]
    pub fn all() -> Self {
        Self(Expression::All)
    }

    /// This selection, but of its claims only those of one tier.
    #[must_use]
    pub fn and_tier(self, tier: Tier) -> Self {
        let of_tier = Expression::Tag { key: "tier".to_owned(), value: tier.to_string() };
        match self.0 {
            Expression::All => Self(of_tier),
            selected => Self(Expression::And(vec![selected, of_tier])),
        }
    }

    /// Parses `text`.
    pub fn parse(text: &str) -> Result<Self, SelectionError> {
        let mut parser = Parser { text, words: words(text), next: 0, depth: 0 };
        let expression = parser.expression()?;
        match parser.peek() {
            None => Ok(Self(expression)),
            Some(word) => Err(parser.problem(format!("`{word}` is not expected here"))),
        }
    }

    /// The ids of the claims it selects, in the order of `claims`.
    ///
    /// A name that fits no claim at all is an error even where the rest of the expression selects something:
    /// a typing error must not silently run less.
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
            Self::And(all) => format!("({})", joined(all, " and ")),
            Self::Or(any) => format!("({})", joined(any, " or ")),
        }
    }
}

fn joined(expressions: &[Expression], word: &str) -> String {
    expressions.iter().map(Expression::to_text).collect::<Vec<_>>().join(word)
}

fn tags(claim: &Claim) -> [(&'static str, String); 3] {
    [
        ("area", claim.id.area().to_owned()),
        ("level", claim.level.to_string()),
        ("tier", claim.tier.to_string()),
    ]
}

/// Whether `text` fits `pattern`, in which `*` stands for any characters: each piece is taken where it first fits, the
/// last one at the end.
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

/// Up to three of `known` that are most like `name`.
fn nearest(name: &str, known: BTreeSet<String>) -> Vec<String> {
    if name.len() > LONGEST_NAME {
        return Vec::new();
    }
    let mut ranked: Vec<_> = known
        .into_iter()
        .map(|known| {
            // Who forgets the area still means the case.
            let short = known.split_once('/').map_or(known.as_str(), |(_, short)| short);
            let likeness = strsim::jaro_winkler(name, &known).max(strsim::jaro_winkler(name, short));
            (likeness, known)
        })
        .filter(|(likeness, _)| *likeness > 0.7)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    ranked.into_iter().take(3).map(|(_, known)| known).collect()
}

/// Splits at white space and keeps parentheses as words of their own.
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

/// The only one of them, or all of them together.
fn alone(mut expressions: Vec<Expression>, together: fn(Vec<Expression>) -> Expression) -> Expression {
    if expressions.len() == 1 { expressions.remove(0) } else { together(expressions) }
}

struct Parser<'t> {
    text: &'t str,
    words: Vec<&'t str>,
    next: usize,
    /// In how many `not` and parentheses it is.
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
        Ok(alone(any, Expression::Or))
    }

    fn term(&mut self) -> Result<Expression, SelectionError> {
        let first = self.factor()?;
        let mut all = vec![first];
        while self.take("and") {
            all.push(self.factor()?);
        }
        Ok(alone(all, Expression::And))
    }

    fn factor(&mut self) -> Result<Expression, SelectionError> {
        if !matches!(self.peek(), Some("not" | "(")) {
            return self.atom();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(
                self.problem(format!("more than {DEEPEST} `not` and parentheses stand within each other"))
            );
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
            None => return Err(self.problem("something is missing at its end")),
            Some(word @ (")" | "and" | "or")) => {
                return Err(self.problem(format!("`{word}` is not expected here")));
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
