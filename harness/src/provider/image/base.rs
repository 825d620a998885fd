//! The plain Debian image, which is the base of the other images and also the Debian workload image.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::error::ImageError;
use super::store;
use crate::host::{Host, Program};
use crate::provider::versions::VERSIONS;

/// dpkg options: no documentation, and no fsync of each file.
pub(in crate::provider) const SETUP: &str = "force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
";

/// Builds the image `reference`.
pub(in crate::provider) async fn make(host: &Host, reference: &str) -> Result<(), ImageError> {
    let folder = host.folders.build();
    fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
    let root = folder.join(format!("base-{}.tar", std::process::id()));
    let made = match mmdebstrap(host, &root).run(&host.cancel).await {
        Ok(_) => store::import(host, &root, reference, r#"["/bin/bash"]"#).await,
        Err(source) => Err(ImageError::Step { step: "make a Debian root file system".to_owned(), source }),
    };
    // It can be large, and the engine has imported it.
    let _ = fs::remove_file(&root);
    made
}

fn mmdebstrap(host: &Host, root: &Path) -> Program {
    let lists = lists(&host.folders.apt_lists());
    let mut command = Program::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase", "--aptopt=Acquire::Languages \"none\""])
        // Use the package lists that `ci/setup.sh` fetched.
        .arg(format!("--setup-hook=copy-in {lists} /var/lib/apt/lists"))
        .args(["--skip=update", "--skip=check/empty"]);
    for option in SETUP.lines() {
        command = command.arg(format!("--dpkgopt={option}"));
    }
    let sources = host.folders.apt_conf().with_file_name("base.list");
    command.arg(VERSIONS.debian_suite).arg(root).arg(sources).deadline(Duration::from_secs(600))
}

/// The package lists of the suite, as arguments of a hook.
fn lists(folder: &Path) -> String {
    let suite = format!("_{}_", VERSIONS.debian_suite);
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let lists = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.contains(&suite) && !name.contains("_source_")
    });
    lists.map(|entry| quoted(&entry.path())).collect::<Vec<_>>().join(" ")
}

/// Quotes one argument of a hook, which mmdebstrap splits like a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
