//! The feature gate on which a claim depends.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A feature gate and its required state: `SidecarContainers` must be on, `!SidecarContainers` must be off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gate {
    name: String,
    on: bool,
}

impl Gate {
    /// Its name without the `!`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if the gate must be on, false if it must be off.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }
}

impl TryFrom<String> for Gate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (name, on) = text.strip_prefix('!').map_or((text.as_str(), true), |name| (name, false));
        let is_capitalized = name.starts_with(|c: char| c.is_ascii_uppercase());
        if is_capitalized && name.chars().all(|c| c.is_ascii_alphanumeric()) {
            Ok(Self { name: name.to_owned(), on })
        } else {
            Err(format!("gate `{text}` is not the name of a feature gate, preceded by `!` if it must be off"))
        }
    }
}

impl From<Gate> for String {
    fn from(gate: Gate) -> Self {
        if gate.on { gate.name } else { format!("!{}", gate.name) }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)?;
        if self.on { Ok(()) } else { f.write_str(" off") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Gate, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_gate_must_be_on_or_off() {
        for (text, shown, on) in [("AnyGate", "AnyGate", true), ("!AnyGate", "AnyGate off", false)] {
            let gate = read(text).expect("a gate");
            assert_eq!((gate.name(), gate.is_on(), gate.to_string().as_str()), ("AnyGate", on, shown));
            assert_eq!(String::from(gate), text);
        }
    }

    #[test]
    fn an_invalid_name_is_rejected() {
        for text in ["", "!", "!!AnyGate", "anyGate", "not a gate", "Any-Gate"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
