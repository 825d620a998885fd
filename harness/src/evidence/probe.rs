//! The probe's reports: one JSON object per line.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::facts::Missing;

/// One line that the probe reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProbeReport(Map<String, Value>);

impl ProbeReport {
    /// The report in `line`, where it is one.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        fields.contains_key("probe").then_some(Self(fields))
    }

    /// The verb that reported.
    #[must_use]
    pub fn verb(&self) -> &str {
        self.0.get("verb").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the verb did what it was asked to.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.0.get("ok").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Result<&Value, Missing> {
        self.0
            .get(name)
            .ok_or_else(|| Missing::new(format!("field `{name}` of the probe's `{}` report", self.verb())))
    }

    /// The text field called `name`.
    pub fn text(&self, name: &str) -> Result<&str, Missing> {
        self.field(name)?.as_str().ok_or_else(|| {
            Missing::new(format!("field `{name}` of the probe's `{}` report as text", self.verb()))
        })
    }

    /// The whole number called `name`.
    pub fn number(&self, name: &str) -> Result<u64, Missing> {
        self.field(name)?.as_u64().ok_or_else(|| {
            Missing::new(format!("field `{name}` of the probe's `{}` report as a number", self.verb()))
        })
    }

    /// The truth value called `name`.
    pub fn truth(&self, name: &str) -> Result<bool, Missing> {
        self.field(name)?.as_bool().ok_or_else(|| {
            Missing::new(format!("field `{name}` of the probe's `{}` report as true or false", self.verb()))
        })
    }
}
