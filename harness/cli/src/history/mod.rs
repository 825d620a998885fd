//! `podproof history`: runs kept and compared, without a cluster.
//!
//! What was kept comes from clusters and foreign files: every word of it is cleaned before it is printed.

mod args;
mod background;
mod check;
mod compare;
mod tables;
mod trend;

use podproof::cluster::{self, Folders};
use podproof::history::{
    Added, DEFAULT_SERIES, ErrorsAre, Extent, ImportOrder, KeptRun, Place, Renames, Store, import_junit,
    series_of,
};
use podproof::plan::Catalogue;
use podproof::run::read_record;

pub use self::args::HistoryArgs;
use self::args::{AddArgs, Errors, HistoryCommand, ImportArgs, Keep};
pub use self::background::Before;
use crate::args::Talk;
use crate::exit::{Code, Failure};
use crate::list;

/// Keeps runs, or tells of those that are kept.
pub fn history(order: &HistoryArgs, talk: &Talk) -> Result<Code, Failure> {
    let keep = &order.keep;
    match &order.command {
        HistoryCommand::Add(order) => add(keep, order),
        HistoryCommand::Import(order) => import(keep, order),
        HistoryCommand::List(order) => tables::list(keep, order, talk),
        HistoryCommand::Show(order) => tables::show(keep, order, talk),
        HistoryCommand::Compare(order) => compare::compare(keep, order, talk),
        HistoryCommand::Check(order) => check::check(keep, order, talk),
        HistoryCommand::Flaky(order) => check::flaky(keep, order, talk),
        HistoryCommand::Trend(order) => trend::trend(keep, order, talk),
    }
}

fn add(keep: &Keep, order: &AddArgs) -> Result<Code, Failure> {
    // A folder that is none is told before anything is written.
    let runs: Result<Vec<_>, _> = order.runs.iter().map(|folder| read_record(folder)).collect();
    let runs = runs?.iter().map(|record| (series_of(record).to_owned(), KeptRun::of(record))).collect();
    put(keep, runs)
}

fn import(keep: &Keep, order: &ImportArgs) -> Result<Code, Failure> {
    let errors = match order.errors {
        Errors::Inconclusive => ErrorsAre::Inconclusive,
        Errors::Failures => ErrorsAre::Failures,
    };
    let facts = order.facts.iter().cloned().collect();
    let how = ImportOrder { run: order.run.clone(), errors, facts };
    let runs: Result<Vec<_>, _> = match how.run {
        Some(_) => import_junit(&order.files, &how).map(|run| vec![run]),
        None => order.files.iter().map(|file| import_junit(std::slice::from_ref(file), &how)).collect(),
    };
    put(keep, runs?.into_iter().map(|run| (DEFAULT_SERIES.to_owned(), run)).collect())
}

/// Keeps runs, each in the series that was named, or else in the one beside it.
fn put(keep: &Keep, runs: Vec<(String, KeptRun)>) -> Result<Code, Failure> {
    let mut store = Store::open_or_make(&keep.place()?)?;
    for (usual, run) in runs {
        let series = keep.series.as_deref().unwrap_or(&usual);
        let done = match store.add(series, &run)? {
            Added::New => "kept",
            Added::Again => "kept again",
        };
        let (id, series) = (clean(&run.id), clean(series));
        let count = run.attempts.len();
        tracing::info!(target: "podproof::talk", "{done} {id} with {count} executions in the series {series}");
    }
    Ok(Code::Conformant)
}

impl Keep {
    fn place(&self) -> Result<Place, Failure> {
        match &self.store {
            Some(place) => Ok(place.clone()),
            None => Ok(Place::File(Folders::from_environment().map_err(cluster::Error::from)?.history())),
        }
    }

    fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.place()?)?)
    }

    /// The runs of the series up to `last`, cases under the ids that they have now; and the series. Where none is
    /// named, it is the one that has this run, or any.
    fn load(&self, last: Option<&str>, most: u32) -> Result<(String, Vec<KeptRun>), Failure> {
        let catalogue = Catalogue::read(&list::tree(self.manifests.as_deref()))?;
        let renames: Renames =
            catalogue.renames().map(|(old, id)| (old.to_string(), id.to_string())).collect();
        let mut store = self.open()?;
        let series = match &self.series {
            Some(series) => series.clone(),
            None => store.series_with(last)?,
        };
        let runs = store.load(&series, Extent { last, most }, &renames)?;
        Ok((series, runs))
    }
}

/// What was kept, for a line on a terminal.
fn clean(words: &str) -> String {
    const LONGEST: usize = 100;
    podproof::report::visible_line(words, LONGEST)
}
