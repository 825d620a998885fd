//! The probe as a process: every test runs the built program and reads what it writes.

mod article;
mod chain;
mod changes;
mod ending;
mod files;
mod names;
mod network;
mod objects;
mod pipes;
mod posix;
mod processes;
mod queues;
mod replace_loop;
mod semaphores;
mod sockets;
mod space;
mod support;
