//! The container engine's image store.

use std::path::Path;
use std::time::Duration;

use super::error::ImageError;
use crate::host::{CommandError, Host, Program};

const PATIENCE: Duration = Duration::from_secs(300);

/// Returns whether the engine has the image.
pub(in crate::provider) async fn has(host: &Host, reference: &str) -> Result<bool, ImageError> {
    let ask = Program::new("docker").args(["image", "inspect", "--format", "{{.Id}}", reference]);
    match ask.run(&host.cancel).await {
        Ok(_) => Ok(true),
        Err(CommandError::Failed { .. }) => Ok(false),
        Err(source) => Err(ImageError::Step { step: format!("look for image {reference}"), source }),
    }
}

/// Imports a root file system as an image.
pub(in crate::provider) async fn import(
    host: &Host,
    root: &Path,
    reference: &str,
    command: &str,
) -> Result<(), ImageError> {
    let import = Program::new("docker").args(["import", "--change", &format!("CMD {command}")]);
    let import = import.arg(root).arg(reference).deadline(PATIENCE);
    import.run(&host.cancel).await.map_err(ImageError::step(format!("import image {reference}"))).map(|_| ())
}

/// Saves images to an archive. The archive appears only when it is complete.
pub(in crate::provider) async fn save(
    host: &Host,
    references: &[&str],
    archive: &Path,
) -> Result<(), ImageError> {
    let folder = archive.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(ImageError::file(folder))?;
    let draft = archive.with_extension(format!("draft-{}", std::process::id()));
    let save =
        Program::new("docker").args(["save", "--output"]).arg(&draft).args(references).deadline(PATIENCE);
    save.run(&host.cancel)
        .await
        .map_err(ImageError::step(format!("save image {}", references.join(", "))))?;
    std::fs::rename(&draft, archive).map_err(ImageError::file(archive))
}

/// Loads images from an archive.
pub(in crate::provider) async fn load(host: &Host, archive: &Path) -> Result<(), ImageError> {
    let load = Program::new("docker").args(["load", "--quiet", "--input"]).arg(archive).deadline(PATIENCE);
    let step = ImageError::step(format!("load images from {}", archive.display()));
    load.run(&host.cancel).await.map_err(step).map(|_| ())
}
