//! The stage itself: its namespace, its access to the cluster, and what it keeps for its end.

use std::collections::BTreeSet;
use std::sync::Mutex;

use kube::Client;

use super::pod_profile::PodProfile;
use super::refs::NodeRef;
use super::watch::Recorder;
use crate::cluster::{Images, NodeAccess};
use podproof_core::plan::{Budgets, Manifest, Saboteur};

/// The namespace in which one case runs, and the access to it.
pub struct Stage {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) manifest: Manifest,
    pub(super) pod_profile: PodProfile,
    pub(super) images: Images,
    pub(super) labels: Vec<(String, String)>,
    pub(super) token: String,
    pub(super) budgets: Budgets,
    pub(super) recorder: Recorder,
    pub(super) node_access: NodeAccess,
    pub(super) saboteur: Option<Saboteur>,
    /// Scripts that revert changes on nodes, in the order in which the changes were made.
    pub(super) reverts: Mutex<Vec<(NodeRef, String)>>,
    /// The UIDs of the objects that this stage created.
    pub(super) created_uids: Mutex<BTreeSet<String>>,
}
