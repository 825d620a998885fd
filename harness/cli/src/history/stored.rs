//! Access to the stored runs.

use podproof::host::Folders;
use podproof::provider::ClusterError;
use podproof_core::history::{HistoryRun, Renames, RunRange, Store, StoreLocation};
use podproof_core::plan::{Catalogue, ClaimId};

use super::args::StoreArgs;
use crate::exit::Failure;
use crate::list;

impl StoreArgs {
    pub(super) fn location(&self) -> Result<StoreLocation, Failure> {
        match &self.store {
            Some(place) => Ok(place.clone()),
            None => {
                Ok(StoreLocation::File(Folders::from_environment().map_err(ClusterError::from)?.history()))
            }
        }
    }

    pub(super) fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.location()?)?)
    }

    /// Loads the series and its runs up to `last`, at most `most`, with the current ids of renamed cases. Without
    /// `--series`, uses the series that contains `last`.
    pub(super) fn load(&self, last: Option<&str>, most: u32) -> Result<(String, Vec<HistoryRun>), Failure> {
        let catalogue = Catalogue::read(&list::tree(self.manifests.as_deref()))?;
        self.load_renamed(last, most, &renames(catalogue.renames()))
    }

    pub(super) fn load_renamed(
        &self,
        last: Option<&str>,
        most: u32,
        renames: &Renames,
    ) -> Result<(String, Vec<HistoryRun>), Failure> {
        let mut store = self.open()?;
        let series = match &self.series {
            Some(series) => series.clone(),
            None => store.series_with(last)?,
        };
        let runs = store.load(&series, RunRange { last, most }, renames)?;
        Ok((series, runs))
    }
}

/// Makes a stored text safe for one line on a terminal.
pub(super) fn clean(words: &str) -> String {
    const LONGEST: usize = 100;
    podproof_core::report::visible_line(words, LONGEST)
}

/// The former ids of claims with the current ones, as the store expects them.
pub fn renames<'a>(pairs: impl Iterator<Item = (&'a ClaimId, &'a ClaimId)>) -> Renames {
    pairs.map(|(old, id)| (old.to_string(), id.to_string())).collect()
}
