//! Listens on one port for both IPv4 and IPv6.

use std::ffi::c_int;
use std::io;
use std::mem::size_of;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

/// The most pending connections.
const BACKLOG: c_int = 128;

#[expect(clippy::cast_possible_truncation, reason = "address families are small numbers")]
const FAMILY: libc::sa_family_t = libc::AF_INET6 as libc::sa_family_t;

/// Listens on all IPv4 and IPv6 addresses, regardless of the `net.ipv6.bindv6only` setting.
pub(crate) fn dual_stack(port: u16) -> io::Result<TcpListener> {
    // SAFETY: the call has no pointers.
    let raw = unsafe { libc::socket(libc::AF_INET6, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and nothing else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(raw) };
    set(&socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0)?;
    set(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    let address = libc::sockaddr_in6 {
        sin6_family: FAMILY,
        sin6_port: port.to_be(),
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: [0; 16] },
        sin6_scope_id: 0,
    };
    let (pointer, length) = ((&raw const address).cast(), length_of::<libc::sockaddr_in6>());
    // SAFETY: the address outlives the call, and the length is its own.
    done(unsafe { libc::bind(socket.as_raw_fd(), pointer, length) })?;
    // SAFETY: the call has no pointers.
    done(unsafe { libc::listen(socket.as_raw_fd(), BACKLOG) })?;
    Ok(TcpListener::from(socket))
}

/// True if the error means that this machine has no IPv6.
pub(crate) fn is_ipv6_unavailable(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

fn set(socket: &OwnedFd, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
    let (pointer, length) = ((&raw const value).cast(), length_of::<c_int>());
    // SAFETY: the value outlives the call, and the length is its own.
    done(unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, pointer, length) })
}

#[expect(clippy::cast_possible_truncation, reason = "the types are small")]
fn length_of<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

fn done(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
