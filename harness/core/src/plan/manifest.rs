//! The objects that a case creates.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::too_deep;
use super::tree::{ManifestError, Tree};

/// The objects of one case manifest, in file order.
///
/// Stored as one JSON object keyed by `metadata.name`, so that a mutant's patch can address `/mc1/spec/containers/0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    names: Vec<String>,
    objects: Value,
}

impl Manifest {
    /// Reads the file at `path` of `tree`. Every document must be an object with a unique name.
    pub fn read(tree: &Tree, path: &str) -> Result<Self, ManifestError> {
        Self::parse(&tree.name(path), &tree.read(path)?)
    }

    /// Parses `text`. `file` is the name for error messages.
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
            return Err(ManifestError::invalid(file, "contains no object"));
        }
        Ok(Self { names, objects: Value::Object(objects) })
    }

    /// The names of the objects in file order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The object with this name.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Value> {
        self.objects.get(name)
    }

    /// A manifest with one copy of the object `name` for each of `names`; `None` if the object does not exist.
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

    /// This manifest with an RFC 6902 patch applied. The paths start with the name of an object. Added objects come
    /// last.
    pub fn patched(&self, patch: &json_patch::Patch) -> Result<Self, json_patch::PatchError> {
        let mut changed = self.clone();
        json_patch::patch(&mut changed.objects, patch)?;
        let objects = changed.objects.as_object().into_iter().flatten();
        let added = objects.map(|(name, _)| name).filter(|name| !self.names.contains(name));
        changed.names.retain(|name| changed.objects.get(name).is_some());
        changed.names.extend(added.cloned());
        Ok(changed)
    }
}
