//! The time budgets. Whatever ends a wait inside a cluster is defined here and scaled by `--stretch`.
//!
//! [`pause`](super::pause) has the pauses between attempts, which end no wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A longer time without a renewal means that the holder of a lease was not alive. Kubelets renew a lease of 40 s every
/// ten seconds, the controller manager renews its own every two. Not scaled: it measures a wait and does not end one.
pub const LONGEST_LEASE_SILENCE: Duration = Duration::from_secs(20);

/// The maximum durations of waits, all scaled by one factor for slow machines.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    stretch: f64,
}

impl Budgets {
    /// Budgets multiplied by `stretch`, which is clamped to 0.1 … 100.
    #[must_use]
    pub fn stretched(stretch: f64) -> Self {
        Self { stretch: stretch.clamp(0.1, 100.0) }
    }

    /// The age from which `sweep` removes a namespace, because only a killed run can have left it. At least two hours,
    /// even if the other budgets are smaller.
    #[must_use]
    pub fn lifetime(self) -> Duration {
        Self::stretched(self.stretch.max(1.0)).seconds(7200.0)
    }

    /// For a pod's containers to run; the images are already on the node.
    #[must_use]
    pub fn pod_running(self) -> Duration {
        self.seconds(90.0)
    }

    /// For a pod to end by itself.
    #[must_use]
    pub fn pod_done(self) -> Duration {
        self.seconds(90.0)
    }

    /// For a container to be restarted (the first restart has no back-off).
    #[must_use]
    pub fn restart(self) -> Duration {
        self.seconds(60.0)
    }

    /// For a container to start once nothing precedes it any more. This is not only an upper bound: a container that
    /// has not started by then counts as held back.
    #[must_use]
    pub fn next_start(self) -> Duration {
        self.seconds(30.0)
    }

    /// For a deleted pod to be gone from the API. A kubelet that misses the end of a container notices it only at its
    /// next relist, which old kubelets do once a minute.
    #[must_use]
    pub fn pod_gone(self) -> Duration {
        self.seconds(150.0)
    }

    /// For the pods of a finished case to terminate gracefully before they are deleted by force.
    #[must_use]
    pub fn orderly_removal(self) -> Duration {
        self.seconds(10.0)
    }

    /// For a namespace to be gone after its deletion was accepted.
    #[must_use]
    pub fn namespace_gone(self) -> Duration {
        self.seconds(120.0)
    }

    /// For a controller to react to a change: an endpoint slice to a pod, a job to its containers.
    #[must_use]
    pub fn controller(self) -> Duration {
        self.seconds(30.0)
    }

    /// For a line to appear in a container's log.
    #[must_use]
    pub fn log_line(self) -> Duration {
        self.seconds(60.0)
    }

    /// For one command in a container, or one HTTP request to it.
    #[must_use]
    pub fn exec(self) -> Duration {
        self.seconds(20.0)
    }

    /// For a container to be restarted at the maximum back-off.
    #[must_use]
    pub fn capped_restart(self) -> Duration {
        self.seconds(420.0)
    }

    /// For a container to run so long that the kubelet resets its back-off.
    #[must_use]
    pub fn long_run(self) -> Duration {
        self.seconds(660.0)
    }

    /// For one command on a node, including the stop or start of a service.
    #[must_use]
    pub fn node_command(self) -> Duration {
        self.seconds(60.0)
    }

    /// For a node to report that it is ready after one of its services was started.
    #[must_use]
    pub fn node_ready(self) -> Duration {
        self.seconds(60.0)
    }

    /// For a volume to be gone from its node after its pod has ended.
    #[must_use]
    pub fn volume_gone(self) -> Duration {
        self.seconds(60.0)
    }

    /// For a node to reboot and its cluster to answer again.
    #[must_use]
    pub fn reboot(self) -> Duration {
        self.seconds(240.0)
    }

    /// For the API server to answer after its node was restarted; part of the time for a reboot.
    #[must_use]
    pub fn api_server_restart(self) -> Duration {
        self.seconds(120.0)
    }

    /// How long refusals are tolerated from an API server that has answered before: after a restart it may not know
    /// its RBAC rules or resources at first.
    #[must_use]
    pub fn refusals(self) -> Duration {
        self.seconds(60.0)
    }

    /// For a pod to be evicted for its disk usage. Kubelets measure volumes once a minute.
    #[must_use]
    pub fn eviction(self) -> Duration {
        self.seconds(180.0)
    }

    /// For one request to the API server.
    #[must_use]
    pub fn request(self) -> Duration {
        self.seconds(30.0)
    }

    /// For the first answer of a cluster.
    #[must_use]
    pub fn connect(self) -> Duration {
        self.seconds(10.0)
    }

    /// For the cluster to be identified at the start and at the end of a run, if it does not answer at once. At most ten
    /// seconds: a longer wait would change no verdict.
    #[must_use]
    pub fn identification(self) -> Duration {
        self.request().min(Duration::from_secs(10))
    }

    /// For a watch to report what a list already shows.
    #[must_use]
    pub fn watch_delay(self) -> Duration {
        self.seconds(10.0)
    }

    /// For a kubelet to have the log of a container that it reported as started.
    #[must_use]
    pub fn log_start(self) -> Duration {
        self.seconds(2.0)
    }

    /// For the log of an ended container to end.
    #[must_use]
    pub fn log_end(self) -> Duration {
        self.seconds(10.0)
    }

    /// For the end of a container to be reported after its log has ended. Then the log is read again.
    #[must_use]
    pub fn end_reported(self) -> Duration {
        self.seconds(10.0)
    }

    /// For a kubelet to say why it could not connect to a pod's port, after the connection has failed.
    #[must_use]
    pub fn port_error(self) -> Duration {
        self.seconds(3.0)
    }

    /// For a node to become unready after its container runtime stops responding. Kubelets wait half a minute for the
    /// runtime and report every ten seconds.
    #[must_use]
    pub fn runtime_missed(self) -> Duration {
        self.seconds(45.0)
    }

    /// How long something is observed that must *not* change. This is not an upper bound: the wait always takes this
    /// long.
    #[must_use]
    pub fn quiet_window(self) -> Duration {
        self.seconds(3.0)
    }

    /// For an event to arrive. Kubelets send few events per second and queue those of all pods.
    #[must_use]
    pub fn event(self) -> Duration {
        self.seconds(30.0)
    }

    /// How long nothing must happen in a pod with running programs before it counts as hung. As with the quiet window,
    /// the wait always takes this long.
    #[must_use]
    pub fn stall(self) -> Duration {
        self.seconds(10.0)
    }

    fn seconds(self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.stretch)
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Self { stretch: 1.0 }
    }
}
