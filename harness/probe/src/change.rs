//! Changes modes, creates folders, renames paths.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// `chmod`, `mkdir` or `rename`
#[derive(Debug)]
pub(crate) enum Change {
    Mode(PathBuf, u32),
    Folder {
        path: PathBuf,
        /// The exact mode; by default 777 reduced by the umask.
        mode: Option<u32>,
        /// Accept an existing folder.
        if_absent: bool,
    },
    Name(PathBuf, PathBuf),
}

impl Change {
    /// Parses the options of `chmod`.
    pub(crate) fn mode(options: &mut Options) -> Result<Verb, UsageError> {
        let path = options.required("path")?.into();
        let mode = options.mode("mode")?.ok_or_else(|| options.usage_error("needs --mode"))?;
        Ok(Verb::Change(Self::Mode(path, mode)))
    }

    /// Parses the options of `mkdir`.
    pub(crate) fn folder(options: &mut Options) -> Result<Verb, UsageError> {
        let path = options.required("path")?.into();
        let mode = options.mode("mode")?;
        Ok(Verb::Change(Self::Folder { path, mode, if_absent: options.flag("if-absent") }))
    }

    /// Parses the options of `rename`.
    pub(crate) fn name(options: &mut Options) -> Result<Verb, UsageError> {
        let from = options.required("from")?.into();
        Ok(Verb::Change(Self::Name(from, options.required("to")?.into())))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let path_field = |key: &str, path: &Path| Fields::new().text(key, path.as_os_str().as_bytes());
        match self {
            Self::Mode(path, mode) => {
                let params = path_field("path", &path).text("mode", format!("{mode:o}"));
                let result = fs::set_permissions(&path, Permissions::from_mode(mode));
                log.act("chmod", params, result.map(|()| Fields::new()))
            }
            Self::Folder { path, mode, if_absent } => {
                let result = make_folder(&path, mode, if_absent);
                log.act("mkdir", path_field("path", &path), result)
            }
            Self::Name(from, to) => {
                let params = path_field("from", &from).and(&path_field("to", &to));
                log.act("rename", params, fs::rename(&from, &to).map(|()| Fields::new()))
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
        // mkdir(2) applies the umask and ignores some mode bits.
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
    Ok(Fields::new().flag("created", created).text("mode", format!("{mode:o}")))
}
