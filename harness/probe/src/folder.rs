//! Folders: list, empty, remove.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// A verb that acts on a folder, or on any path.
#[derive(Debug)]
pub(crate) struct FolderVerb {
    path: PathBuf,
    action: Action,
}

#[derive(Debug)]
enum Action {
    List,
    Remove { contents: bool },
}

impl FolderVerb {
    /// Parses the options of `list`.
    pub(crate) fn list(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::List)
    }

    /// Parses the options of `remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, UsageError> {
        let contents = options.flag("contents");
        Self::parse(options, Action::Remove { contents })
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Folder(Self { path: options.required("path")?.into(), action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = Fields::new().text("path", self.path.as_os_str().as_bytes());
        match self.action {
            Action::List => log.look("list", params, list(&self.path)),
            Action::Remove { contents } => log.act("remove", params, remove(&self.path, contents)),
        }
    }
}

fn list(path: &Path) -> io::Result<Fields> {
    let names: Vec<Vec<u8>> = names(path)?.into_iter().map(OsString::into_vec).collect();
    Ok(Fields::new().flag("present", true).count("count", names.len()).texts("names", &names))
}

fn names(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names =
        fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn remove(path: &Path, contents: bool) -> io::Result<Fields> {
    let absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let removed = if contents {
        match names(path) {
            Ok(names) => {
                for name in &names {
                    remove_tree(&path.join(name))?;
                }
                Some(names.len())
            }
            Err(error) if absent(&error) => None,
            Err(error) => return Err(error),
        }
    } else {
        match remove_tree(path) {
            Ok(()) => Some(1),
            Err(error) if absent(&error) => None,
            Err(error) => return Err(error),
        }
    };
    Ok(Fields::new().flag("present", removed.is_some()).count("removed", removed.unwrap_or(0)))
}

/// Removes a file or a tree. Removes a symbolic link itself, not its target.
fn remove_tree(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
