//! `podproof report`: the reports of runs and experiments again, from their files alone.

use std::path::Path;

use podproof::experiment::{is_experiment, read_experiment};
use podproof::report::{Background, write_experiment_page, write_matrix, write_reports, write_trials};
use podproof::run::{RunRecord, read_record};

use crate::args::{ReportArgs, Wishes};
use crate::exit::{Code, Failure};
use crate::output;

/// Writes every report of each run anew, or the one page of all of them. The verdicts are told and not weighed: that
/// is what `judge` is for.
pub fn report(order: &ReportArgs) -> Result<Code, Failure> {
    let mut faults = Vec::new();
    if let Some(file) = &order.matrix {
        let records = order.runs.iter().map(|folder| read_record(folder)).collect::<Result<Vec<_>, _>>()?;
        faults.extend(write_matrix(file, &records).err().map(Failure::Report));
        output::print(&format!("{}\n", file.display()))?;
    } else {
        for folder in &order.runs {
            faults.extend(one(folder, order)?);
            output::print(&format!("{}\n", folder.join("report.html").display()))?;
        }
    }
    for fault in &faults {
        output::tell_failure(fault);
    }
    Ok(if faults.is_empty() { Code::Conformant } else { Code::NotWritten })
}

/// Writes what there is to tell of one folder: of a run, or of an experiment.
fn one(folder: &Path, order: &ReportArgs) -> Result<Vec<Failure>, Failure> {
    if is_experiment(folder) {
        let record = read_experiment(folder)?;
        let written = [write_trials(folder, &record), write_experiment_page(folder, &record)];
        return Ok(written.into_iter().filter_map(Result::err).map(Failure::Report).collect());
    }
    let record = read_record(folder)?;
    Ok(write_all(folder, &record, &order.wishes, background(order, &record)))
}

#[cfg(feature = "history")]
fn background(order: &ReportArgs, record: &RunRecord) -> Result<Option<Background>, Failure> {
    order.before.read(record, None)
}

#[cfg(not(feature = "history"))]
#[expect(clippy::unnecessary_wraps, reason = "with a history it may fail")]
fn background(_: &ReportArgs, _: &RunRecord) -> Result<Option<Background>, Failure> {
    Ok(None)
}

/// Writes each report; one that cannot be written does not keep the others from it. Where the runs before cannot be
/// read, the reports say nothing of them.
pub fn write_all(
    folder: &Path,
    record: &RunRecord,
    wishes: &Wishes,
    background: Result<Option<Background>, Failure>,
) -> Vec<Failure> {
    let (background, unknown) = match background {
        Ok(background) => (background, None),
        Err(failure) => (None, Some(failure)),
    };
    let faults = write_reports(folder, record, &wishes.order(background)).into_iter().map(Failure::Report);
    unknown.into_iter().chain(faults).collect()
}
