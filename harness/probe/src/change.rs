//! Changes to what is in a folder: modes, new folders, new names.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// `chmod`, `mkdir` or `rename`
#[derive(Debug)]
pub(crate) enum Change {
    /// Another mode.
    Mode(PathBuf, u32),
    /// A new folder.
    Folder {
        /// Where.
        path: PathBuf,
        /// Its mode exactly, or what the system makes of 777.
        mode: Option<u32>,
        /// Whether one that is there will do.
        if_absent: bool,
    },
    /// Another name.
    Name(PathBuf, PathBuf),
}

impl Change {
    /// Reads `chmod`.
    pub(crate) fn mode(options: &mut Options) -> Result<Verb, Usage> {
        let path = options.required("path")?.into();
        let mode = options.mode("mode")?.ok_or_else(|| options.complaint("needs --mode"))?;
        Ok(Verb::Change(Self::Mode(path, mode)))
    }

    /// Reads `mkdir`.
    pub(crate) fn folder(options: &mut Options) -> Result<Verb, Usage> {
        let path = options.required("path")?.into();
        let mode = options.mode("mode")?;
        Ok(Verb::Change(Self::Folder { path, mode, if_absent: options.flag("if-absent") }))
    }

    /// Reads `rename`.
    pub(crate) fn name(options: &mut Options) -> Result<Verb, Usage> {
        let from = options.required("from")?.into();
        Ok(Verb::Change(Self::Name(from, options.required("to")?.into())))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let place = |key: &str, path: &Path| Fields::new().text(key, path.as_os_str().as_bytes());
        match self {
            Self::Mode(path, mode) => {
                let asked = place("path", &path).text("mode", format!("{mode:o}"));
                let result = fs::set_permissions(&path, Permissions::from_mode(mode));
                log.act("chmod", asked, result.map(|()| Fields::new()))
            }
            Self::Folder { path, mode, if_absent } => {
                let result = make_folder(&path, mode, if_absent);
                log.act("mkdir", place("path", &path), result)
            }
            Self::Name(from, to) => {
                let asked = place("from", &from).and(&place("to", &to));
                log.act("rename", asked, fs::rename(&from, &to).map(|()| Fields::new()))
            }
        }
    }
}

fn make_folder(path: &Path, mode: Option<u32>, if_absent: bool) -> io::Result<Fields> {
    let created = match DirBuilder::new().mode(mode.unwrap_or(0o777)).create(path) {
        Ok(()) => true,
        Err(error)
            if if_absent && error.kind() == io::ErrorKind::AlreadyExists && fs::metadata(path)?.is_dir() =>
        {
            false
        }
        Err(error) => return Err(error),
    };
    if let Some(mode) = mode.filter(|_| created) {
        // The mask of the process has taken something away, and some bits cannot be given at creation.
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
    Ok(Fields::new().flag("created", created).text("mode", format!("{mode:o}")))
}
