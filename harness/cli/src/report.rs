//! `podproof report`: writes the reports of runs and experiments again from their files.

use std::path::Path;

use podproof_core::history::regression::HistoryComparison;
#[cfg(feature = "history")]
use podproof_core::plan::embedded_renames;
use podproof_core::record::{RunRecord, read_record};
use podproof_core::report::{write_experiment_page, write_matrix, write_reports, write_trials};
use podproof_core::trials::{is_experiment, read_experiment};

use crate::args::{ReportArgs, ReportOptions};
use crate::exit::{Code, Failure};
#[cfg(feature = "history")]
use crate::history::renames;
use crate::output;

/// Writes every report of each run again, or one page with all runs. The verdicts do not change the exit code; `judge`
/// is for that.
pub fn report(args: &ReportArgs) -> Result<Code, Failure> {
    let mut faults = Vec::new();
    if let Some(file) = &args.matrix {
        let records = args.runs.iter().map(|folder| read_record(folder)).collect::<Result<Vec<_>, _>>()?;
        faults.extend(write_matrix(file, &records).err().map(Failure::Report));
        output::print(&format!("{}\n", file.display()))?;
    } else {
        for folder in &args.runs {
            faults.extend(one(folder, args)?);
            output::print(&format!("{}\n", folder.join("report.html").display()))?;
        }
    }
    for fault in &faults {
        output::print_failure(fault);
    }
    Ok(if faults.is_empty() { Code::Success } else { Code::OutputUnavailable })
}

/// Writes the reports of one folder, which contains a run or an experiment.
fn one(folder: &Path, args: &ReportArgs) -> Result<Vec<Failure>, Failure> {
    if is_experiment(folder) {
        let record = read_experiment(folder)?;
        let written = [write_trials(folder, &record), write_experiment_page(folder, &record)];
        return Ok(written.into_iter().filter_map(Result::err).map(Failure::Report).collect());
    }
    let record = read_record(folder)?;
    Ok(write_all(folder, &record, &args.report, comparison(args, &record)))
}

#[cfg(feature = "history")]
fn comparison(args: &ReportArgs, record: &RunRecord) -> Result<Option<HistoryComparison>, Failure> {
    // The claims of other manifests may have former ids that this program does not know.
    let mut known = renames(embedded_renames());
    known.extend(renames(record.renames()));
    args.before.read(record, &known)
}

#[cfg(not(feature = "history"))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail with the feature `history`")]
fn comparison(_: &ReportArgs, _: &RunRecord) -> Result<Option<HistoryComparison>, Failure> {
    Ok(None)
}

/// Writes all reports and returns the failures. A failure does not prevent the other reports from being written. If the
/// earlier runs cannot be read, the reports omit the comparison.
pub fn write_all(
    folder: &Path,
    record: &RunRecord,
    report: &ReportOptions,
    comparison: Result<Option<HistoryComparison>, Failure>,
) -> Vec<Failure> {
    let (comparison, failure) = match comparison {
        Ok(comparison) => (comparison, None),
        Err(failure) => (None, Some(failure)),
    };
    let faults =
        write_reports(folder, record, &report.to_config(comparison)).into_iter().map(Failure::Report);
    failure.into_iter().chain(faults).collect()
}
