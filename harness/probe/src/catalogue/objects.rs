//! The article's programs, message queues, shared memory, semaphores.

use crate::article::{Consumer, Producer};
use crate::limits::Limits;
use crate::message::MessageVerb;
use crate::posix::PosixVerb;
use crate::queue::QueueVerb;
use crate::semaphore::SemaphoreVerb;
use crate::shm::ShmVerb;
use crate::verb::{Entry, entry};

pub(super) const VERBS: &[Entry] = &[
    entry(
        "produce",
        "be the article's producer: 500 messages, then `done`, then unlink",
        &["queue", "count", "duplicate", "drop", "delay-open"],
        &["checked", "unchecked"],
        Producer::read,
    ),
    entry(
        "consume",
        "be the article's consumer: receive until `done`",
        &["queue", "retry-for"],
        &["checked"],
        Consumer::read,
    ),
    entry(
        "steal",
        "wait for the queue and receive --count messages",
        &["queue", "count", "retry-for"],
        &[],
        QueueVerb::steal,
    ),
    entry(
        "mq-send",
        "create the queue and send without waiting",
        &["queue", "text", "count", "priority", "maxmsg", "msgsize", "mode"],
        &["if-absent"],
        QueueVerb::send,
    ),
    entry("mq-receive", "receive all there is, without waiting", &["queue"], &[], QueueVerb::receive),
    entry("mq-look", "tell the attributes of the queue", &["queue"], &[], QueueVerb::look),
    entry("mq-unlink", "take the queue's name away", &["queue"], &[], QueueVerb::unlink),
    entry(
        "mq-create",
        "create queues until there are --count or it fails",
        &["queue", "count", "maxmsg", "msgsize", "mode"],
        &[],
        Limits::create,
    ),
    entry("mq-open", "tell whether the queue can be opened", &["queue", "access"], &[], Limits::open),
    entry("wait-queue", "wait until the queue exists", &["queue"], &[], QueueVerb::wait_for),
    entry(
        "shm-put",
        "write into a System V segment, created if need be",
        &["key", "text"],
        &["if-absent"],
        ShmVerb::put,
    ),
    entry(
        "shm-hold",
        "write into a System V segment and stay attached",
        &["key", "text"],
        &["private"],
        ShmVerb::hold,
    ),
    entry("shm-look", "read a System V segment", &["key"], &[], ShmVerb::look),
    entry("shm-remove", "remove a System V segment", &["key"], &[], ShmVerb::remove),
    entry("sem-create", "create a System V semaphore", &["key", "value"], &[], SemaphoreVerb::create),
    entry("sem-wait", "wait for a System V semaphore", &["key"], &[], SemaphoreVerb::wait),
    entry("sem-post", "add one to a System V semaphore", &["key"], &[], SemaphoreVerb::post),
    entry("sem-look", "tell value and waiters of a System V semaphore", &["key"], &[], SemaphoreVerb::look),
    entry("sem-remove", "remove a System V semaphore", &["key"], &[], SemaphoreVerb::remove),
    entry(
        "msg-send",
        "send into a System V message queue, created if need be",
        &["key", "text"],
        &[],
        MessageVerb::send,
    ),
    entry("msg-receive", "receive all there is, without waiting", &["key"], &[], MessageVerb::receive),
    entry("msg-look", "tell what waits in a System V message queue", &["key"], &[], MessageVerb::look),
    entry("msg-remove", "remove a System V message queue", &["key"], &[], MessageVerb::remove),
    entry("pshm-put", "write into POSIX shared memory", &["name", "text"], &[], PosixVerb::put_memory),
    entry("pshm-look", "read POSIX shared memory", &["name"], &[], PosixVerb::look_at_memory),
    entry("pshm-remove", "remove POSIX shared memory", &["name"], &[], PosixVerb::remove_memory),
    entry("psem-create", "create a POSIX semaphore", &["name", "value"], &[], PosixVerb::create_semaphore),
    entry("psem-wait", "wait for a POSIX semaphore", &["name"], &[], PosixVerb::wait_for_semaphore),
    entry("psem-post", "add one to a POSIX semaphore", &["name"], &[], PosixVerb::post_semaphore),
    entry("psem-look", "tell the value of a POSIX semaphore", &["name"], &[], PosixVerb::look_at_semaphore),
    entry("psem-remove", "remove a POSIX semaphore", &["name"], &[], PosixVerb::remove_semaphore),
];
