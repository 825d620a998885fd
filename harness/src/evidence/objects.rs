//! The watches on objects that are no pods.

use futures::StreamExt as _;
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use serde_json::Value;

use super::kind::Kind;
use super::recorder::{Begun, Sink};
use super::refusal::Refusals;
use super::seen::{Change, SeenObject};

/// How a watch ended.
enum Ended {
    /// The API server does not have such objects.
    NotServed,
    /// It cannot be mended; what was seen until then is kept.
    Broken,
}

impl SeenObject {
    /// What the API server answered or told of an object just now.
    #[must_use]
    pub fn now(kind: Kind, change: Change, mut object: DynamicObject) -> Self {
        object.metadata.managed_fields = None;
        Self {
            at: super::clock::now(),
            change,
            kind,
            name: object.metadata.name.clone().unwrap_or_default(),
            uid: object.metadata.uid.clone().unwrap_or_default(),
            object: serde_json::to_value(&object).unwrap_or(Value::Null),
        }
    }
}

/// Keeps every state of the namespace's objects of one kind, in the first version that the API server has.
pub(super) async fn watch_objects(
    (client, namespace, kind): (Client, String, Kind),
    sink: Sink,
    begun: Begun,
) {
    for resource in kind.resources() {
        let objects = Api::namespaced_with(client.clone(), &namespace, &resource);
        if let Ended::Broken = watch_one(objects, &resource, kind, &sink, &begun).await {
            return;
        }
    }
    // That there are none of the kind is known now. A judge that needs one finds it missing.
    begun.send_if_modified(|begun| begun.insert(Some(kind)));
}

async fn watch_one(
    objects: Api<DynamicObject>,
    resource: &ApiResource,
    kind: Kind,
    sink: &Sink,
    begun: &Begun,
) -> Ended {
    let mut stream = watcher(objects, watcher::Config::default()).default_backoff().boxed();
    let mut refusals = Refusals::default();
    while let Some(item) = stream.next().await {
        refusals.note(&item);
        let (change, object) = match item {
            Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object)) => {
                (Change::Applied, object)
            }
            Ok(watcher::Event::Delete(object)) => (Change::Deleted, object),
            Ok(watcher::Event::Init) => continue,
            Ok(watcher::Event::InitDone) => {
                begun.send_if_modified(|begun| begun.insert(Some(kind)));
                continue;
            }
            Err(error) if not_served(&error) && !refusals.have_worked() => return Ended::NotServed,
            Err(error) => match refusals.incurable(&error) {
                Some(why) => {
                    let why = format!("{}: {why}", resource.plural);
                    sink.send_modify(|observed| observed.broken = Some(why));
                    return Ended::Broken;
                }
                // The watcher lists again by itself.
                None => continue,
            },
        };
        let seen = SeenObject::now(kind, change, object);
        sink.send_modify(|observed| {
            // A re-list repeats what is already known.
            let known = observed.objects.iter().rev().find(|known| known.uid == seen.uid);
            if known.is_none_or(|known| known.change != seen.change || known.object != seen.object) {
                observed.objects.push(seen);
            }
        });
    }
    Ended::Broken
}

fn not_served(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::InitialListFailed(kube::Error::Api(status)) if status.code == 404)
}
