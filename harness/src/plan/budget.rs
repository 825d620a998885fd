//! Named durations, the only place with literals for time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long each kind of waiting may take, all scaled by one factor for slow machines.
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

    /// A namespace to be in use at the longest; what is older was left by a run that was killed. Never shorter than two
    /// hours, whatever the other budgets are.
    #[must_use]
    pub fn lifetime(self) -> Duration {
        Self::stretched(self.stretch.max(1.0)).seconds(7200.0)
    }

    /// A pod's containers to run, images being present.
    #[must_use]
    pub fn pod_running(self) -> Duration {
        self.seconds(90.0)
    }

    /// A pod to reach its end by itself.
    #[must_use]
    pub fn pod_done(self) -> Duration {
        self.seconds(90.0)
    }

    /// A container to be restarted (the first restart has no back-off).
    #[must_use]
    pub fn restart(self) -> Duration {
        self.seconds(60.0)
    }

    /// A container to be started once nothing stands before it any more, its image being present. Not only an upper
    /// bound: who has not begun by then counts as held up.
    #[must_use]
    pub fn next_start(self) -> Duration {
        self.seconds(30.0)
    }

    /// A deleted pod to be gone from the API. A kubelet that misses the end of a container collects it only with
    /// its next round, which old ones make once a minute.
    #[must_use]
    pub fn pod_gone(self) -> Duration {
        self.seconds(150.0)
    }

    /// Pods of a finished case to end in an orderly way, before they are deleted by force.
    #[must_use]
    pub fn orderly_removal(self) -> Duration {
        self.seconds(10.0)
    }

    /// A namespace to be gone after its deletion was accepted.
    #[must_use]
    pub fn namespace_gone(self) -> Duration {
        self.seconds(120.0)
    }

    /// A controller to follow a change: endpoint slices a pod, a job its containers.
    #[must_use]
    pub fn controller(self) -> Duration {
        self.seconds(30.0)
    }

    /// A line to appear in a container's log.
    #[must_use]
    pub fn log_line(self) -> Duration {
        self.seconds(60.0)
    }

    /// One command in a container, or one HTTP request to it.
    #[must_use]
    pub fn exec(self) -> Duration {
        self.seconds(20.0)
    }

    /// A container to be restarted that has failed so often that its restart is put off for as long as it gets.
    #[must_use]
    pub fn capped_restart(self) -> Duration {
        self.seconds(420.0)
    }

    /// A container to run for so long that its failures before are forgotten.
    #[must_use]
    pub fn long_run(self) -> Duration {
        self.seconds(660.0)
    }

    /// One command on a node. A service that is stopped or started takes its time.
    #[must_use]
    pub fn node_command(self) -> Duration {
        self.seconds(60.0)
    }

    /// A volume to be gone from its node once its pod has ended.
    #[must_use]
    pub fn volume_gone(self) -> Duration {
        self.seconds(60.0)
    }

    /// A node to be stopped and started again, until its cluster answers.
    #[must_use]
    pub fn reboot(self) -> Duration {
        self.seconds(240.0)
    }

    /// A pod to be evicted for what it keeps on the disk. Kubelets measure volumes once a minute.
    #[must_use]
    pub fn eviction(self) -> Duration {
        self.seconds(180.0)
    }

    /// One request to the API server.
    #[must_use]
    pub fn request(self) -> Duration {
        self.seconds(30.0)
    }

    /// The first answer of a cluster.
    #[must_use]
    pub fn connect(self) -> Duration {
        self.seconds(10.0)
    }

    /// A node to say that it is not ready whose container runtime does not answer: kubelets give it half a minute, and
    /// report six times a minute.
    #[must_use]
    pub fn runtime_missed(self) -> Duration {
        self.seconds(45.0)
    }

    /// How long something is watched that must *not* change. Not an upper bound: the whole of it is waited.
    #[must_use]
    pub fn quiet_window(self) -> Duration {
        self.seconds(3.0)
    }

    /// An event to arrive. Kubelets send few in a second, and those of all pods stand in one queue.
    #[must_use]
    pub fn event(self) -> Duration {
        self.seconds(30.0)
    }

    /// How long nothing may happen in a pod whose programs run before it counts as hung. Like the quiet window, the
    /// whole of it is waited.
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
