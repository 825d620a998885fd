//! The badge that shows how an execution ended.

use maud::{Markup, html};

use crate::report::status::{CaseStatus, StatusClass};

/// The CSS class of a status class, which is also the id of its section.
pub(super) fn css(class: StatusClass) -> &'static str {
    match class {
        StatusClass::Bad => "bad",
        StatusClass::Inconclusive => "inconclusive",
        StatusClass::Skipped => "skipped",
        StatusClass::Good => "good",
    }
}

/// The status word of an execution. Text, border and colour carry the same information.
pub(super) fn badge(status: CaseStatus) -> Markup {
    html! { span class={ "badge " (css(status.class())) } { (status.word()) } }
}
