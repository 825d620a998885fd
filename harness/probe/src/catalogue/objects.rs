//! Verbs for the article's programs, message queues, shared memory and semaphores.

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
        "act as the article's producer: send 500 messages and `done`, unlink",
        &["queue", "count", "duplicate", "drop", "delay-open"],
        &["checked", "unchecked"],
        Producer::parse,
    ),
    entry(
        "consume",
        "act as the article's consumer: receive until `done`",
        &["queue", "retry-for"],
        &["checked"],
        Consumer::parse,
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
        "create or open the queue, send without blocking",
        &["queue", "text", "count", "priority", "maxmsg", "msgsize", "mode"],
        &["if-absent"],
        QueueVerb::send,
    ),
    entry("mq-receive", "receive all messages without blocking", &["queue"], &[], QueueVerb::receive),
    entry("mq-look", "report the attributes of the queue", &["queue"], &[], QueueVerb::look),
    entry("mq-unlink", "unlink the queue", &["queue"], &[], QueueVerb::unlink),
    entry(
        "mq-create",
        "create --count queues, stop at the first error",
        &["queue", "count", "maxmsg", "msgsize", "mode"],
        &[],
        Limits::create,
    ),
    entry("mq-open", "check whether the queue can be opened", &["queue", "access"], &[], Limits::open),
    entry("wait-queue", "wait until the queue exists", &["queue"], &[], QueueVerb::wait_for),
    entry(
        "shm-put",
        "create or open a System V segment and write",
        &["key", "text"],
        &["if-absent"],
        ShmVerb::put,
    ),
    entry(
        "shm-hold",
        "write to a System V segment and stay attached",
        &["key", "text"],
        &["private"],
        ShmVerb::hold,
    ),
    entry("shm-look", "read a System V segment", &["key"], &[], ShmVerb::look),
    entry("shm-remove", "remove a System V segment", &["key"], &[], ShmVerb::remove),
    entry("sem-create", "create a System V semaphore", &["key", "value"], &[], SemaphoreVerb::create),
    entry("sem-wait", "wait for a System V semaphore", &["key"], &[], SemaphoreVerb::wait),
    entry("sem-post", "increment a System V semaphore", &["key"], &[], SemaphoreVerb::post),
    entry("sem-look", "report value and waiters of a System V semaphore", &["key"], &[], SemaphoreVerb::look),
    entry("sem-remove", "remove a System V semaphore", &["key"], &[], SemaphoreVerb::remove),
    entry(
        "msg-send",
        "create or open a System V message queue and send",
        &["key", "text"],
        &[],
        MessageVerb::send,
    ),
    entry("msg-receive", "receive all messages without blocking", &["key"], &[], MessageVerb::receive),
    entry("msg-look", "report the messages in a System V message queue", &["key"], &[], MessageVerb::look),
    entry("msg-remove", "remove a System V message queue", &["key"], &[], MessageVerb::remove),
    entry("pshm-put", "write to POSIX shared memory", &["name", "text"], &[], PosixVerb::put_memory),
    entry("pshm-look", "read POSIX shared memory", &["name"], &[], PosixVerb::look_at_memory),
    entry("pshm-remove", "remove POSIX shared memory", &["name"], &[], PosixVerb::remove_memory),
    entry("psem-create", "create a POSIX semaphore", &["name", "value"], &[], PosixVerb::create_semaphore),
    entry("psem-wait", "wait for a POSIX semaphore", &["name"], &[], PosixVerb::wait_for_semaphore),
    entry("psem-post", "increment a POSIX semaphore", &["name"], &[], PosixVerb::post_semaphore),
    entry("psem-look", "report the value of a POSIX semaphore", &["name"], &[], PosixVerb::look_at_semaphore),
    entry("psem-remove", "remove a POSIX semaphore", &["name"], &[], PosixVerb::remove_semaphore),
];
