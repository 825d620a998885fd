//! The folder of a case's evidence within that of its run.

use std::path::{Component, Path, PathBuf};

/// The folder with the evidence of the execution `slug`, inside the run's folder.
#[must_use]
pub fn evidence_folder(run: &Path, slug: &str) -> PathBuf {
    run.join("cases").join(slug)
}

/// Like [`evidence_folder`], for a record from an untrusted source. Neither the slug nor a link may lead out of the
/// run's folder; returns why the folder cannot be used.
pub fn evidence_folder_within(run: &Path, slug: &str) -> Result<PathBuf, &'static str> {
    const OUTSIDE: &str = "the name of its folder leads elsewhere";
    if !Path::new(slug).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(OUTSIDE);
    }
    let folder = evidence_folder(run, slug);
    match (folder.canonicalize(), run.canonicalize()) {
        (Ok(real), Ok(run)) if real.starts_with(&run) => Ok(folder),
        (Ok(_), Ok(_)) => Err(OUTSIDE),
        _ => Err("there is none"),
    }
}
