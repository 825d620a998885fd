//! The watches on objects other than pods.

use futures::StreamExt as _;
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use serde_json::Value;

use super::refusals::Refusals;
use super::resource::resources;
use super::sink::{Sink, StartedWatches};
use podproof_core::evidence::{Kind, SeenObject, WatchChange};
use podproof_core::plan::Budgets;

/// The reason why a watch ended.
enum Ended {
    /// The API server does not have this resource version.
    NotServed,
    /// The watch cannot be restarted. Everything observed before is kept.
    Broken,
}

/// The current state of an object, as the API server just returned it.
pub fn seen_now(kind: Kind, change: WatchChange, mut object: DynamicObject) -> SeenObject {
    object.metadata.managed_fields = None;
    SeenObject {
        at: podproof_core::evidence::now(),
        change,
        kind,
        name: object.metadata.name.clone().unwrap_or_default(),
        uid: object.metadata.uid.clone().unwrap_or_default(),
        object: serde_json::to_value(&object).unwrap_or(Value::Null),
    }
}

/// Records every state of the namespace's objects of one kind, in the newest version that the API server has.
pub(super) async fn watch_objects(
    (client, namespace, kind): (Client, String, Kind),
    sink: Sink,
    begun: StartedWatches,
    budgets: Budgets,
) {
    for resource in resources(kind) {
        let objects = Api::namespaced_with(client.clone(), &namespace, &resource);
        if let Ended::Broken = watch_one(objects, &resource, &sink, (kind, &begun), budgets).await {
            return;
        }
    }
    // The API server does not have the kind at all. A judge that needs an object of it finds that missing.
    begun.send_if_modified(|begun| begun.insert(Some(kind)));
}

async fn watch_one(
    objects: Api<DynamicObject>,
    resource: &ApiResource,
    sink: &Sink,
    (kind, begun): (Kind, &StartedWatches),
    budgets: Budgets,
) -> Ended {
    let mut stream = watcher(objects, watcher::Config::default()).default_backoff().boxed();
    let mut refusals = Refusals::within(budgets);
    while let Some(item) = stream.next().await {
        refusals.note(&item);
        let (change, object) = match item {
            Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object)) => {
                (WatchChange::Applied, object)
            }
            Ok(watcher::Event::Delete(object)) => (WatchChange::Deleted, object),
            Ok(watcher::Event::Init) => continue,
            Ok(watcher::Event::InitDone) => {
                begun.send_if_modified(|begun| begun.insert(Some(kind)));
                continue;
            }
            Err(error) if not_served(&error) && !refusals.have_succeeded() => return Ended::NotServed,
            Err(error) => match refusals.final_reason(&error) {
                Some(why) => {
                    let why = format!("{}: {why}", resource.plural);
                    sink.send_modify(|observed| observed.watch_error = Some(why));
                    return Ended::Broken;
                }
                // The watcher lists again by itself after a pause.
                None => continue,
            },
        };
        let seen = seen_now(kind, change, object);
        sink.send_modify(|observed| {
            // A repeated list contains known states.
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
