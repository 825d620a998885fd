//! Inter-process communication: which containers share kernel objects, what passes through them, how long they last.

mod article;
mod backlog;
mod devshm;
mod files;
mod init;
mod limits;
mod memory;
mod namespace;
mod node;
mod permissions;
mod processes;
mod queues;
mod replacement;
mod sandbox;
mod semaphores;
mod sockets;
mod survival;
mod userns;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    namespace::SAME_NAMESPACE,
    article::MC2_ARTICLE,
    article::MC2_NO_LOSS_CONTENT,
    survival::SURVIVES_CONTAINER_RESTART,
    survival::RESTART_ALL_KEEPS_IPC,
    replacement::GONE_ON_REPLACEMENT,
    queues::MQUEUE_MOUNT_SHARED,
    backlog::MQ_BLOCKS_AT_MAXMSG,
    backlog::MQ_SURVIVES_PRODUCER_EXIT,
    queues::MQ_PRIORITY,
    permissions::MQ_PERMISSIONS,
    semaphores::SYSV_SEMAPHORE,
    memory::SYSV_MSG,
    memory::SYSV_SHM,
    memory::POSIX_SHM,
    semaphores::POSIX_NAMED_SEM,
    devshm::DEVSHM_SIZE,
    limits::KERNEL_LIMITS,
    limits::UNSAFE_SYSCTL_REJECTED,
    limits::SYSV_RMID_FORCED,
    sockets::UNIX_SOCKET_ON_VOLUME,
    sockets::STALE_SOCKET_FILE,
    sockets::ABSTRACT_SOCKET,
    files::FIFO_AND_FLOCK,
    processes::NO_SIGNALS_BY_DEFAULT,
    processes::SHARE_PROCESS_NAMESPACE,
    backlog::MC2_EXIT_MARKER,
    queues::QUEUE_ATTRIBUTES,
    queues::MQ_NEEDS_NO_MOUNT,
    devshm::DEVSHM_ONE_LIMIT,
    init::INIT_LEAVES_OBJECTS,
    userns::USERNS_POD,
    node::NOT_THE_NODES,
    sandbox::LOST_ON_SANDBOX_RECREATE,
];
