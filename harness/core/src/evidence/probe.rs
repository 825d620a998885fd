//! The probe's reports: one JSON object per line.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::missing::Missing;

/// One report of the probe: a line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProbeReport(Map<String, Value>);

impl ProbeReport {
    /// Parses `line`; `None` if it is not a report.
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

    /// Returns whether the verb succeeded.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.0.get("ok").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The time of the report by the node's wall clock, in nanoseconds since 1970.
    #[must_use]
    pub fn realtime_ns(&self) -> Option<u64> {
        self.0.get("at")?.get("realtime_ns")?.as_u64()
    }

    /// The time of the report by the node's monotonic clock, in nanoseconds since its boot.
    #[must_use]
    pub fn monotonic_ns(&self) -> Option<u64> {
        self.0.get("at")?.get("monotonic_ns")?.as_u64()
    }

    /// Returns whether a verb that looks for something found it.
    ///
    /// False only if the system reported `ENOENT`. Any other error is not an answer.
    pub fn present(&self) -> Result<bool, Missing> {
        let absent = !self.truth("present")?;
        let answered = self.ok() && (!absent || self.text("errno") == Ok("ENOENT"));
        if answered {
            Ok(!absent)
        } else {
            Err(Missing::new(format!("an answer to the probe's `{}`", self.verb())))
        }
    }

    /// The link of a namespace in an `identity` report, such as `ipc:[4026531839]`.
    pub fn namespace(&self, name: &str) -> Result<&str, Missing> {
        let link = self.field("namespaces")?.get(name).and_then(Value::as_str);
        link.ok_or_else(|| Missing::new(format!("the {name} namespace in the probe's report")))
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Result<&Value, Missing> {
        self.0
            .get(name)
            .ok_or_else(|| Missing::new(format!("field `{name}` of the probe's `{}` report", self.verb())))
    }

    /// The text field with this name.
    pub fn text(&self, name: &str) -> Result<&str, Missing> {
        self.field(name)?.as_str().ok_or_else(|| {
            Missing::new(format!("field `{name}` of the probe's `{}` report as text", self.verb()))
        })
    }

    /// The field with this name as a number that is not negative.
    pub fn number(&self, name: &str) -> Result<u64, Missing> {
        self.field(name)?.as_u64().ok_or_else(|| {
            Missing::new(format!("field `{name}` of the probe's `{}` report as a number", self.verb()))
        })
    }

    /// The boolean field with this name.
    pub fn truth(&self, name: &str) -> Result<bool, Missing> {
        self.field(name)?.as_bool().ok_or_else(|| {
            Missing::new(format!("field `{name}` of the probe's `{}` report as true or false", self.verb()))
        })
    }
}

impl fmt::Display for ProbeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::Object(self.0.clone()).fmt(f)
    }
}
