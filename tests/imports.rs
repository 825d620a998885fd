//! Which source file uses which: read from the source with `syn`, so that every form of `use` and every path counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// The crates whose files are read: how other crates call them, and the folder of their source below the root.
const CRATES: [(&str, &str); 4] = [
    ("podproof_core", "harness/core/src"),
    ("podproof", "harness/src"),
    ("podproof_cli", "harness/cli/src"),
    ("podproof_probe", "harness/probe/src"),
];

/// A module: the name of its crate, then its path in the crate.
pub type Module = Vec<String>;

/// The imports of all source files. Code under `#[cfg(test)]` does not count.
#[derive(Debug, Default)]
pub struct Imports {
    /// For each module the modules that it uses, re-exports followed to the file that defines the name.
    pub uses: BTreeMap<Module, BTreeSet<Module>>,
}

/// A source file before its paths are resolved.
struct Source {
    /// The paths in it, absolute: the first segment is a crate.
    paths: Vec<Vec<String>>,
    /// What it re-exports: the name, and the absolute path behind it.
    exports: BTreeMap<String, Vec<String>>,
}

impl Imports {
    /// Reads the source below `root`, the folder of the workspace.
    ///
    /// # Panics
    ///
    /// If a file cannot be read or parsed.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let mut sources = BTreeMap::new();
        for (name, folder) in CRATES {
            let folder = root.join(folder);
            for file in rust_files(&folder) {
                let module = module_of(name, file.strip_prefix(&folder).expect("a file of this folder"));
                sources.insert(module, file);
            }
        }
        let modules: BTreeSet<Module> = sources.keys().cloned().collect();
        let parsed: BTreeMap<Module, Source> =
            sources.iter().map(|(module, file)| (module.clone(), parse(module, file, &modules))).collect();
        let mut uses: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (module, source) in &parsed {
            let resolved = source.paths.iter().filter_map(|path| resolve(path, &parsed, 0));
            uses.insert(module.clone(), resolved.filter(|other| other != module).collect());
        }
        Self { uses }
    }

    /// How many different files each top-level module of a crate uses of each
    /// other one.
    #[must_use]
    pub fn between_modules(&self) -> BTreeMap<Module, BTreeMap<Module, usize>> {
        let mut arrows: BTreeMap<Module, BTreeMap<Module, BTreeSet<&Module>>> = BTreeMap::new();
        for (module, used) in &self.uses {
            let of_module = arrows.entry(top_level(module)).or_default();
            for other in used.iter().filter(|other| top_level(other) != top_level(module)) {
                of_module.entry(top_level(other)).or_default().insert(other);
            }
        }
        let counted = |of_module: BTreeMap<Module, BTreeSet<&Module>>| {
            of_module.into_iter().map(|(other, files)| (other, files.len())).collect()
        };
        arrows.into_iter().map(|(top, of_module)| (top, counted(of_module))).collect()
    }

    /// The circles of files within each top-level module: sets of files of which each uses, directly or not, each other one.
    #[must_use]
    pub fn circles(&self) -> BTreeMap<Module, Vec<Vec<Module>>> {
        let reach: BTreeMap<&Module, BTreeSet<&Module>> =
            self.uses.keys().map(|module| (module, self.reachable(module))).collect();
        let mut circles: BTreeMap<Module, Vec<Vec<Module>>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for module in self.uses.keys() {
            if !seen.contains(module) && reach[module].contains(module) {
                let both = |other: &&&Module| reach[*other].contains(module);
                let circle: Vec<Module> =
                    reach[module].iter().filter(both).map(|other| (*other).clone()).collect();
                seen.extend(circle.clone());
                circles.entry(top_level(module)).or_default().push(circle);
            }
        }
        circles
    }

    /// All files of the top-level module of `from` that it uses, directly or through others of it.
    fn reachable<'i>(&'i self, from: &Module) -> BTreeSet<&'i Module> {
        let mut found = BTreeSet::new();
        let mut next = vec![from];
        while let Some(module) = next.pop() {
            for used in self.uses.get(module).into_iter().flatten() {
                if top_level(used) == top_level(from) && found.insert(used) {
                    next.push(used);
                }
            }
        }
        found
    }
}

/// The top-level module of a module: its crate and the first segment of its path.
#[must_use]
pub fn top_level(module: &Module) -> Module {
    module.iter().take(2).cloned().collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

fn module_of(name: &str, file: &Path) -> Module {
    let parts = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect::<Vec<_>>();
    let inner = parts.iter().filter(|part| !matches!(part.as_str(), "mod" | "lib" | "main"));
    std::iter::once(name.to_owned()).chain(inner.cloned()).collect()
}

fn parse(module: &Module, file: &Path, modules: &BTreeSet<Module>) -> Source {
    let text = fs::read_to_string(file).expect("a source file");
    let parsed = syn::parse_file(&text).expect("a source file that compiles");
    let mut reader = Reader { module: module.clone(), modules, paths: Vec::new(), exports: BTreeMap::new() };
    reader.visit_file(&parsed);
    Source { paths: reader.paths, exports: reader.exports }
}

/// Collects the paths of one file.
struct Reader<'m> {
    /// The module that the reader is in: that of the file, or an inline module of it.
    module: Module,
    modules: &'m BTreeSet<Module>,
    paths: Vec<Vec<String>>,
    exports: BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    /// The absolute form of a path of this file; `None` for a path that leads to a local name or another package.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => self.module[..1].to_vec(),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len().checked_sub(1)?].to_vec(),
            name if CRATES.iter().any(|(known, _)| *known == name) => vec![name.to_owned()],
            name => {
                let child: Module = self.module.iter().cloned().chain([name.to_owned()]).collect();
                self.modules.contains(&child).then_some(child)?
            }
        };
        let mut rest = rest;
        while rest.first().is_some_and(|part| part == "super") {
            base.pop()?;
            rest = &rest[1..];
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    fn collect(&mut self, path: &[String], name: Option<String>, is_export: bool) {
        let Some(absolute) = self.absolute(path) else {
            return;
        };
        if let (true, Some(name)) = (is_export, name) {
            self.exports.insert(name, absolute);
        } else {
            self.paths.push(absolute);
        }
    }

    fn read_tree(&mut self, before: &[String], tree: &syn::UseTree, is_export: bool) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.read_tree(&with(&path.ident), &path.tree, is_export),
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.collect(before, before.last().cloned(), is_export);
            }
            syn::UseTree::Name(name) => {
                self.collect(&with(&name.ident), Some(name.ident.to_string()), is_export);
            }
            syn::UseTree::Rename(name) => {
                self.collect(&with(&name.ident), Some(name.rename.to_string()), is_export);
            }
            syn::UseTree::Glob(_) => self.collect(before, None, false),
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.read_tree(before, item, is_export);
                }
            }
        }
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) || item.content.is_none() {
            return;
        }
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_export = !matches!(item.vis, syn::Visibility::Inherited);
        self.read_tree(&[], &item.tree, is_export);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let parts: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.collect(&parts, None, false);
        }
        syn::visit::visit_path(self, path);
    }
}

/// The module that defines what an absolute path names: the longest module on it, or the one behind a re-export.
fn resolve(path: &[String], sources: &BTreeMap<Module, Source>, depth: usize) -> Option<Module> {
    let length = (1..=path.len()).rev().find(|length| sources.contains_key(&path[..*length]))?;
    let module = path[..length].to_vec();
    // A chain of re-exports is short; a longer one is a circle of them.
    let behind = path.get(length).and_then(|name| sources[&module].exports.get(name));
    match behind {
        Some(behind) if depth < 8 => resolve(behind, sources, depth + 1).or(Some(module)),
        _ => Some(module),
    }
}
