//! `podproof report`: the reports of a run again, from its files alone.

use podproof::report::write_reports;
use podproof::run::read_record;

use crate::args::ReportArgs;
use crate::exit::{Code, Failure};
use crate::output;

/// Writes every report of the run anew. The verdicts are told and not weighed: that is what `judge` is for.
pub fn report(order: &ReportArgs) -> Result<Code, Failure> {
    let record = read_record(&order.run)?;
    let faults: Vec<_> =
        write_reports(&order.run, &record, &order.wishes.order()).into_iter().map(Failure::Report).collect();
    for fault in &faults {
        output::tell_failure(fault);
    }
    output::print(&format!("{}\n", order.run.join("report.html").display()))?;
    Ok(if faults.is_empty() { Code::Conformant } else { Code::NotWritten })
}
