//! The objects a case applies, as data.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::too_deep;
use super::tree::{ManifestError, Tree};

/// The objects of one case manifest, by name, in the order of the file.
///
/// As one JSON object keyed by `metadata.name`, so that a mutant's patch addresses `/mc1/spec/containers/0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    names: Vec<String>,
    objects: Value,
}

impl Manifest {
    /// Reads the file at `path` of `tree`; each document must be a named object, each name must be used once.
    pub fn read(tree: &Tree, path: &str) -> Result<Self, ManifestError> {
        Self::parse(&tree.name(path), &tree.read(path)?)
    }

    /// Parses `text`; `file` is how messages call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, ManifestError> {
        if let Some(problem) = too_deep(text) {
            return Err(ManifestError::invalid(file, problem));
        }
        let mut names = Vec::new();
        let mut objects = Map::new();
        for document in serde_yaml::Deserializer::from_str(text) {
            let object = Value::deserialize(document)
                .map_err(|source| ManifestError::yaml(file.to_owned(), &source))?;
            let name = object
                .pointer("/metadata/name")
                .and_then(Value::as_str)
                .ok_or_else(|| ManifestError::invalid(file, "an object has no metadata.name"))?
                .to_owned();
            if objects.insert(name.clone(), object).is_some() {
                return Err(ManifestError::invalid(file, format!("two objects are named `{name}`")));
            }
            names.push(name);
        }
        if names.is_empty() {
            return Err(ManifestError::invalid(file, "no object in it"));
        }
        Ok(Self { names, objects: Value::Object(objects) })
    }

    /// The objects' names in the order of the file.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The object called `name`.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Value> {
        self.objects.get(name)
    }

    /// The object called `name` once under each of `names`.
    #[must_use]
    pub fn copies(&self, name: &str, names: &[String]) -> Option<Self> {
        let object = self.object(name)?;
        let copy = |new: &String| {
            let mut object = object.clone();
            *object.pointer_mut("/metadata/name")? = Value::String(new.clone());
            Some((new.clone(), object))
        };
        let objects: Map<_, _> = names.iter().map(copy).collect::<Option<_>>()?;
        Some(Self { names: names.to_vec(), objects: Value::Object(objects) })
    }

    /// This manifest with an RFC 6902 patch applied; paths begin with an object's name. Objects that the patch
    /// adds come last.
    pub fn patched(&self, patch: &json_patch::Patch) -> Result<Self, json_patch::PatchError> {
        let mut changed = self.clone();
        json_patch::patch(&mut changed.objects, patch)?;
        // What a patch adds comes last.
        let objects = changed.objects.as_object().into_iter().flatten();
        let added = objects.map(|(name, _)| name).filter(|name| !self.names.contains(name));
        changed.names.retain(|name| changed.objects.get(name).is_some());
        changed.names.extend(added.cloned());
        Ok(changed)
    }
}
