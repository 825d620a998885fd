//! Compiles Kubernetes from Debian's source package with Debian's Go, in a container of the plain Debian image.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::inputs::TAGS;
use super::packages::Packages;
use crate::host::{Host, Program, step};
use crate::provider::image::{BuildPlan, Builder, ImageError, digest};
use crate::provider::versions::{VERSIONS, Version};

const PATIENCE: Duration = Duration::from_secs(1800);
const TREE: &str = "k8s.io/kubernetes";
/// Programs that do not need generated code.
const FIRST: [&str; 5] = ["kubelet", "kubeadm", "kube-controller-manager", "kube-scheduler", "kube-proxy"];
/// The program that needs the generated API description.
const LAST: &str = "kube-apiserver";

/// The state of the Kubernetes build.
pub(super) enum Sources {
    /// The programs in this folder are already compiled.
    Compiled(PathBuf),
    /// The sources are unpacked, but not compiled.
    Fetched {
        /// The folder of the build.
        build_folder: PathBuf,
        /// The folder in the cache for the compiled programs.
        kept: PathBuf,
    },
}

/// Fetches and unpacks the sources, unless the cache has the compiled programs.
pub(super) async fn fetch(host: &Host) -> Result<Sources, ImageError> {
    let packages = Packages::of(host)?;
    let (go, go_source) = (format!("golang-{}-go", VERSIONS.go), format!("golang-{}-src", VERSIONS.go));
    let reflect = "golang-github-modern-go-reflect2-dev";
    // The client package is built from the same source package, so both have the same version.
    let versions = packages.versions(&["kubernetes-client", &go, reflect]).await?;
    let stamp = stamp(VERSIONS.kubernetes)?;
    let key = digest(&[versions.as_bytes(), TAGS.as_bytes(), stamp.as_bytes()]);
    let kept = host.folders.images(&format!("kubernetes-{key}"));
    if kept.join(LAST).exists() {
        return Ok(Sources::Compiled(kept));
    }
    let build_folder = host.folders.build().join("kubernetes");
    clear(&build_folder)?;
    let unpacked = async {
        let suite = VERSIONS.debian_suite;
        let tree = packages.source("kubernetes", suite).await?;
        let client = packages.binary("kubernetes-client", suite).await?;
        for package in [&go, &go_source, reflect] {
            packages.unpack(&packages.binary(package, suite).await?, &build_folder.join("root")).await?;
        }
        packages.unpack(&client, &build_folder.join("client")).await?;
        unpack_tree(host, &tree, &build_folder).await?;
        replace_reflect(&build_folder)
    };
    step("fetching the sources of Kubernetes", unpacked).await?;
    Ok(Sources::Fetched { build_folder, kept })
}

impl Sources {
    /// Returns the folder with the programs. Compiles them in a container of the image `debian` if necessary.
    pub(super) async fn compiled(self, host: &Host, debian: &str) -> Result<PathBuf, ImageError> {
        let (build_folder, kept) = match self {
            Self::Compiled(folder) => return Ok(folder),
            Self::Fetched { build_folder, kept } => (build_folder, kept),
        };
        let mounts: [(&Path, &str); 1] = [(&build_folder, "/build")];
        // The generator finds vendored packages only from inside the source tree.
        let folder = format!("/build/go/src/{TREE}");
        let plan = BuildPlan {
            purpose: "kubernetes",
            image: debian,
            mounts: &mounts,
            folder: &folder,
            network: false,
        };
        let builder = Builder::start(host, &plan).await?;
        let compiled = step("compiling Kubernetes", compile(&builder, &build_folder)).await;
        builder.end().await;
        compiled?;
        keep(&build_folder, &kept)?;
        clear(&build_folder)?;
        Ok(kept)
    }
}

fn clear(folder: &Path) -> Result<(), ImageError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ImageError::file(folder)(error)),
        _ => Ok(()),
    }
}

fn tree(build_folder: &Path) -> PathBuf {
    build_folder.join("go/src").join(TREE)
}

async fn unpack_tree(host: &Host, archive: &Path, build_folder: &Path) -> Result<(), ImageError> {
    let folder = tree(build_folder);
    fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
    let unpack =
        Program::new("tar").arg("-xzf").arg(archive).args(["--strip-components=1", "-C"]).arg(&folder);
    let step = ImageError::step("unpack the sources of Kubernetes");
    unpack.deadline(PATIENCE).run(&host.cancel).await.map_err(step).map(|_| ())
}

/// Replaces the vendored `reflect2`, which panics if compiled with Go 1.18 or later, with Debian's version.
fn replace_reflect(build_folder: &Path) -> Result<(), ImageError> {
    let vendored = tree(build_folder).join("vendor/github.com/modern-go/reflect2");
    let debian = build_folder.join("root/usr/share/gocode/src/github.com/modern-go/reflect2");
    clear(&vendored)?;
    fs::rename(&debian, &vendored).map_err(ImageError::file(&vendored))
}

async fn compile(builder: &Builder<'_>, build_folder: &Path) -> Result<(), ImageError> {
    let described = described_packages(&tree(build_folder))?;
    let early = go_build(builder, &FIRST);
    let generated = generate_description(builder, &described);
    tokio::try_join!(early, generated)?;
    go_build(builder, &[LAST]).await
}

async fn go_build(builder: &Builder<'_>, programs: &[&str]) -> Result<(), ImageError> {
    let packages: Vec<_> = programs.iter().map(|program| format!("{TREE}/cmd/{program}")).collect();
    let stamp = stamp(VERSIONS.kubernetes)?;
    let mut argv = vec!["/build/root/usr/lib/go/bin/go", "build", "-tags", TAGS, "-ldflags", &stamp];
    let compiler = format!("/build/root/usr/lib/go-{}/bin/go", VERSIONS.go);
    argv[0] = &compiler;
    argv.extend(["-gcflags", "all=-dwarf=false", "-o", "/build/bin/"]);
    argv.extend(packages.iter().map(String::as_str));
    let step = format!("compile {}", programs.join(", "));
    builder.run(&step, &argv, &variables(), None, PATIENCE).await.map(|_| ())
}

/// Generates the API description (`zz_generated.openapi.go`), which the source package does not contain and the API
/// server needs.
async fn generate_description(builder: &Builder<'_>, described: &str) -> Result<(), ImageError> {
    let step = "generate the API description";
    let generator = format!("{TREE}/vendor/k8s.io/kube-openapi/cmd/openapi-gen");
    let compiler = format!("/build/root/usr/lib/go-{}/bin/go", VERSIONS.go);
    let build = [&compiler, "build", "-o", "/build/openapi-gen", &generator];
    builder.run(step, &build, &variables(), None, PATIENCE).await?;
    let package = format!("{TREE}/pkg/generated/openapi");
    let generate = ["/build/openapi-gen", "-i", described, "-p", &package, "-O", "zz_generated.openapi"];
    let to = ["-h", "/dev/null", "-r", "/dev/null", "--output-base", "/build/go/src"];
    let path = format!("/build/root/usr/lib/go-{}/bin:/usr/bin:/bin", VERSIONS.go);
    let variables = [&variables()[..], &[("PATH", path.as_str())]].concat();
    builder.run(step, &[&generate[..], &to].concat(), &variables, None, PATIENCE).await.map(|_| ())
}

fn variables() -> Vec<(&'static str, &'static str)> {
    let plenty = available_memory() >= 8 << 20;
    vec![
        ("GO111MODULE", "off"),
        ("CGO_ENABLED", "0"),
        ("GOPATH", "/build/go"),
        ("GOCACHE", "/build/cache"),
        // The compiler's processes are short-lived: with enough memory they are faster without garbage collection.
        ("GOGC", if plenty { "off" } else { "100" }),
    ]
}

/// In KiB.
fn available_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The linker flags that set the programs' version, which is otherwise `v0.0.0`.
fn stamp(version: &str) -> Result<String, ImageError> {
    let Version { major, minor, .. } = Version::find(version)?;
    // The aggregator, which answers clients' version requests, reads the second package's variables.
    let places = ["component-base/version", "client-go/pkg/version"].map(|package| {
        let place = format!("-X {TREE}/vendor/k8s.io/{package}");
        format!("{place}.gitVersion={version} {place}.gitMajor={major} {place}.gitMinor={minor}")
    });
    Ok(format!("-s -w {}", places.join(" ")))
}

/// The import paths, separated by commas, of the packages whose types the API describes.
fn described_packages(tree: &Path) -> Result<String, ImageError> {
    let mut found = Vec::new();
    for (folder, import) in [("pkg", format!("{TREE}/pkg")), ("staging/src", format!("{TREE}/vendor"))] {
        collect_described(&tree.join(folder), &import, &mut found)?;
    }
    found.sort();
    Ok(found.join(","))
}

fn collect_described(folder: &Path, import: &str, found: &mut Vec<String>) -> Result<(), ImageError> {
    let mut described = false;
    for entry in fs::read_dir(folder).map_err(ImageError::file(folder))? {
        let entry = entry.map_err(ImageError::file(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect_described(&path, &format!("{import}/{name}"), found)?;
        } else if !described
            && path.extension().is_some_and(|ending| ending == "go")
            && !name.starts_with("zz_generated")
        {
            let text = fs::read(&path).map_err(ImageError::file(&path))?;
            described =
                String::from_utf8_lossy(&text).lines().any(|line| line.trim() == "// +k8s:openapi-gen=true");
        }
    }
    if described {
        found.push(import.to_owned());
    }
    Ok(())
}

/// Moves the programs to the cache. The last rename makes the folder appear complete.
fn keep(build_folder: &Path, kept: &Path) -> Result<(), ImageError> {
    let bin = build_folder.join("bin");
    let kubectl = build_folder.join("client/usr/bin/kubectl");
    fs::rename(&kubectl, bin.join("kubectl")).map_err(ImageError::file(&kubectl))?;
    if let Some(parent) = kept.parent() {
        fs::create_dir_all(parent).map_err(ImageError::file(parent))?;
    }
    clear(kept)?;
    fs::rename(&bin, kept).map_err(ImageError::file(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_sets_the_version_in_the_vendored_package() {
        let stamp = stamp("v1.20.2").unwrap();
        assert!(stamp.contains("vendor/k8s.io/component-base/version.gitVersion=v1.20.2"), "{stamp}");
        assert!(stamp.contains("version.gitMinor=20"), "{stamp}");
    }

    #[test]
    fn packages_that_the_api_describes_are_found() {
        let tree = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let file = tree.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("pkg/apis/one/doc.go", "// +k8s:openapi-gen=true\npackage one\n");
        write("pkg/apis/two/doc.go", "package two\n");
        write("staging/src/k8s.io/api/v1/doc.go", "// +k8s:openapi-gen=true\n\npackage v1\n");
        let expected = "k8s.io/kubernetes/pkg/apis/one,k8s.io/kubernetes/vendor/k8s.io/api/v1";
        assert_eq!(described_packages(tree.path()).unwrap(), expected);
    }
}
