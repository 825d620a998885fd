//! Kubernetes from Debian's source package, compiled by Debian's Go inside a plain Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::builder::{Builder, Plan};
use super::error::ImageError;
use super::packages::Packages;
use super::recipe::digest;
use crate::cluster::Host;
use crate::cluster::program::Program;
use crate::cluster::progress::step;
use crate::cluster::versions::{VERSIONS, Version};

/// What is left out: cloud providers, the old Docker runtime.
pub(super) const TAGS: &str = "providerless,dockerless,selinux";

const PATIENCE: Duration = Duration::from_secs(1800);
const TREE: &str = "k8s.io/kubernetes";
/// Needs nothing that is generated first.
const FIRST: [&str; 5] = ["kubelet", "kubeadm", "kube-controller-manager", "kube-scheduler", "kube-proxy"];
/// Needs the generated API description.
const LAST: &str = "kube-apiserver";

/// Kubernetes on its way from sources to programs.
pub(super) enum Sources {
    /// The programs are in this folder already.
    Compiled(PathBuf),
    /// The sources are in `workshop`; the programs will be in `kept`.
    Fetched {
        /// Where the work is done.
        workshop: PathBuf,
        /// Where the programs are kept.
        kept: PathBuf,
    },
}

/// Fetches and unpacks the sources, unless they were compiled before.
pub(super) async fn fetch(host: &Host) -> Result<Sources, ImageError> {
    let packages = Packages::of(host)?;
    let (go, go_source) = (format!("golang-{}-go", VERSIONS.go), format!("golang-{}-src", VERSIONS.go));
    let reflect = "golang-github-modern-go-reflect2-dev";
    // The client package is made from the same source, so its version is that of the source.
    let versions = packages.versions(&["kubernetes-client", &go, reflect]).await?;
    let stamp = stamp(VERSIONS.kubernetes)?;
    let key = digest(&[versions.as_bytes(), TAGS.as_bytes(), stamp.as_bytes()]);
    let kept = host.folders.images(&format!("kubernetes-{key}"));
    if kept.join(LAST).exists() {
        return Ok(Sources::Compiled(kept));
    }
    let workshop = host.folders.build().join("kubernetes");
    clear(&workshop)?;
    let unpacked = async {
        let suite = VERSIONS.debian_suite;
        let tree = packages.source("kubernetes", suite).await?;
        let client = packages.binary("kubernetes-client", suite).await?;
        for package in [&go, &go_source, reflect] {
            packages.unpack(&packages.binary(package, suite).await?, &workshop.join("root")).await?;
        }
        packages.unpack(&client, &workshop.join("client")).await?;
        unpack_tree(host, &tree, &workshop).await?;
        replace_reflect(&workshop)
    };
    step("fetching the sources of Kubernetes", unpacked).await?;
    Ok(Sources::Fetched { workshop, kept })
}

impl Sources {
    /// The folder with the programs; compiles them in a container of `debian` if they are not there.
    pub(super) async fn compiled(self, host: &Host, debian: &str) -> Result<PathBuf, ImageError> {
        let (workshop, kept) = match self {
            Self::Compiled(folder) => return Ok(folder),
            Self::Fetched { workshop, kept } => (workshop, kept),
        };
        let mounts: [(&Path, &str); 1] = [(&workshop, "/build")];
        // The generator finds vendored packages only from inside the tree.
        let folder = format!("/build/go/src/{TREE}");
        let plan =
            Plan { purpose: "kubernetes", image: debian, mounts: &mounts, folder: &folder, network: false };
        let builder = Builder::start(host, &plan).await?;
        let compiled = step("compiling Kubernetes", compile(&builder, &workshop)).await;
        builder.end().await;
        compiled?;
        keep(&workshop, &kept)?;
        clear(&workshop)?;
        Ok(kept)
    }
}

fn clear(folder: &Path) -> Result<(), ImageError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ImageError::file(folder)(error)),
        _ => Ok(()),
    }
}

fn tree(workshop: &Path) -> PathBuf {
    workshop.join("go/src").join(TREE)
}

async fn unpack_tree(host: &Host, archive: &Path, workshop: &Path) -> Result<(), ImageError> {
    let folder = tree(workshop);
    fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
    let unpack =
        Program::new("tar").arg("-xzf").arg(archive).args(["--strip-components=1", "-C"]).arg(&folder);
    let step = ImageError::step("unpack the sources of Kubernetes");
    unpack.deadline(PATIENCE).run(&host.cancel).await.map_err(step).map(|_| ())
}

/// The vendored `reflect2` panics when it was compiled by Go 1.18 or later; Debian's does not.
fn replace_reflect(workshop: &Path) -> Result<(), ImageError> {
    let vendored = tree(workshop).join("vendor/github.com/modern-go/reflect2");
    let debian = workshop.join("root/usr/share/gocode/src/github.com/modern-go/reflect2");
    clear(&vendored)?;
    fs::rename(&debian, &vendored).map_err(ImageError::file(&vendored))
}

async fn compile(builder: &Builder<'_>, workshop: &Path) -> Result<(), ImageError> {
    let described = described_packages(&tree(workshop))?;
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

/// The package does not hold the generated description of the API, without which the API server is not built.
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
        // The compiler's processes are short: with memory enough they are faster without collecting garbage.
        ("GOGC", if plenty { "off" } else { "100" }),
    ]
}

/// In KiB.
fn available_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Tells the programs their version. Without it they call themselves `v0.0.0`.
fn stamp(version: &str) -> Result<String, ImageError> {
    let Version { major, minor, .. } = Version::find(version)?;
    // The aggregator in front of the API server, whose answer clients see, has it from the second place.
    let places = ["component-base/version", "client-go/pkg/version"].map(|package| {
        let place = format!("-X {TREE}/vendor/k8s.io/{package}");
        format!("{place}.gitVersion={version} {place}.gitMajor={major} {place}.gitMinor={minor}")
    });
    Ok(format!("-s -w {}", places.join(" ")))
}

/// The packages whose types the API describes, as import paths with commas between.
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

/// Moves the programs to where they are kept; the last rename makes the folder whole.
fn keep(workshop: &Path, kept: &Path) -> Result<(), ImageError> {
    let bin = workshop.join("bin");
    let kubectl = workshop.join("client/usr/bin/kubectl");
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
    fn the_stamp_names_the_version_in_its_vendored_place() {
        let stamp = stamp("v1.20.2").unwrap();
        assert!(stamp.contains("vendor/k8s.io/component-base/version.gitVersion=v1.20.2"), "{stamp}");
        assert!(stamp.contains("version.gitMinor=20"), "{stamp}");
    }

    #[test]
    fn finds_the_packages_that_are_described() {
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
