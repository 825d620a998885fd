//! The IP addresses of this network namespace.

use std::ffi::CStr;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

/// Every IP address with the name of its interface.
pub(crate) fn addresses() -> io::Result<Vec<(Vec<u8>, IpAddr)>> {
    let mut first = ptr::null_mut();
    // SAFETY: the pointer is valid for one pointer.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut next = first;
    // SAFETY: the list is made of valid entries and ends with a null pointer; it lives until it is freed.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: the address belongs to the entry, and so does its name, which is a C string.
        if let Some(address) = unsafe { address(entry.ifa_addr) } {
            // SAFETY: as above.
            let name = unsafe { CStr::from_ptr(entry.ifa_name) };
            found.push((name.to_bytes().to_vec(), address));
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list came from getifaddrs, and nothing points into it any longer.
    unsafe { libc::freeifaddrs(first) };
    Ok(found)
}

/// The IP address in a socket address.
///
/// # Safety
///
/// The pointer must be null or valid for its family.
unsafe fn address(raw: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: guaranteed by the caller.
    let family = unsafe { raw.as_ref() }?.sa_family;
    match i32::from(family) {
        libc::AF_INET => {
            // SAFETY: the family determines the type.
            let address = unsafe { raw.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr))))
        }
        libc::AF_INET6 => {
            // SAFETY: the family determines the type.
            let address = unsafe { raw.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(IpAddr::V6(Ipv6Addr::from(address.sin6_addr.s6_addr)))
        }
        _ => None,
    }
}
