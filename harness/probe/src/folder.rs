//! Folders: list them, empty them, remove them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// A verb about a folder, or about whatever is at a path.
#[derive(Debug)]
pub(crate) struct FolderVerb {
    path: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    List,
    Remove { contents: bool },
}

impl FolderVerb {
    /// Reads `list`.
    pub(crate) fn list(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::List)
    }

    /// Reads `remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, Usage> {
        let contents = options.flag("contents");
        Self::about(options, What::Remove { contents })
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Folder(Self { path: options.required("path")?.into(), what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let asked = Fields::new().text("path", self.path.as_os_str().as_bytes());
        match self.what {
            What::List => log.look("list", asked, list(&self.path)),
            What::Remove { contents } => log.act("remove", asked, remove(&self.path, contents)),
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

/// Removes whatever is there. A symbolic link is removed itself, not what it points to.
fn remove_tree(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
