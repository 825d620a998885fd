//! Names and messages of system errors: `ENOENT`, "no such file or directory".

use std::borrow::Cow;
use std::io;

/// The name of the errno. `None` if the error did not come from the system.
pub(crate) fn name(error: &io::Error) -> Option<Cow<'static, str>> {
    match (error.raw_os_error(), error.kind()) {
        (Some(code), _) => Some(name_of(code)),
        // `TcpStream::connect_timeout` returns this error without an errno.
        (None, io::ErrorKind::TimedOut) => Some(Cow::Borrowed("ETIMEDOUT")),
        (None, _) => None,
    }
}

/// The error message in lowercase and without the errno.
pub(crate) fn message(error: &io::Error) -> String {
    let full = error.to_string();
    let text = match full.rfind(" (os error ") {
        Some(end) => &full[..end],
        None => &full,
    };
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::from("unknown error"),
    }
}

/// True for `ENOENT`.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOENT)
}

fn name_of(code: i32) -> Cow<'static, str> {
    let name = match code {
        libc::E2BIG => "E2BIG",
        libc::EACCES => "EACCES",
        libc::EADDRINUSE => "EADDRINUSE",
        libc::EADDRNOTAVAIL => "EADDRNOTAVAIL",
        libc::EAFNOSUPPORT => "EAFNOSUPPORT",
        libc::EAGAIN => "EAGAIN",
        libc::EALREADY => "EALREADY",
        libc::EBADF => "EBADF",
        libc::EBUSY => "EBUSY",
        libc::ECHILD => "ECHILD",
        libc::ECONNABORTED => "ECONNABORTED",
        libc::ECONNREFUSED => "ECONNREFUSED",
        libc::ECONNRESET => "ECONNRESET",
        libc::EDEADLK => "EDEADLK",
        libc::EDQUOT => "EDQUOT",
        libc::EEXIST => "EEXIST",
        libc::EFAULT => "EFAULT",
        libc::EFBIG => "EFBIG",
        libc::EHOSTUNREACH => "EHOSTUNREACH",
        libc::EIDRM => "EIDRM",
        libc::EINTR => "EINTR",
        libc::EINVAL => "EINVAL",
        libc::EIO => "EIO",
        libc::EISDIR => "EISDIR",
        libc::ELOOP => "ELOOP",
        libc::EMFILE => "EMFILE",
        libc::EMLINK => "EMLINK",
        libc::EMSGSIZE => "EMSGSIZE",
        libc::ENAMETOOLONG => "ENAMETOOLONG",
        libc::ENETUNREACH => "ENETUNREACH",
        libc::ENFILE => "ENFILE",
        libc::ENODEV => "ENODEV",
        libc::ENOENT => "ENOENT",
        libc::ENOMEM => "ENOMEM",
        libc::ENOMSG => "ENOMSG",
        libc::ENOSPC => "ENOSPC",
        libc::ENOSYS => "ENOSYS",
        libc::ENOTCONN => "ENOTCONN",
        libc::ENOTDIR => "ENOTDIR",
        libc::ENOTEMPTY => "ENOTEMPTY",
        libc::ENOTSOCK => "ENOTSOCK",
        libc::ENXIO => "ENXIO",
        libc::EOPNOTSUPP => "EOPNOTSUPP",
        libc::EOVERFLOW => "EOVERFLOW",
        libc::EPERM => "EPERM",
        libc::EPIPE => "EPIPE",
        libc::EPROTOTYPE => "EPROTOTYPE",
        libc::ERANGE => "ERANGE",
        libc::EROFS => "EROFS",
        libc::ESPIPE => "ESPIPE",
        libc::ESRCH => "ESRCH",
        libc::ESTALE => "ESTALE",
        libc::ETIMEDOUT => "ETIMEDOUT",
        libc::ETXTBSY => "ETXTBSY",
        libc::EXDEV => "EXDEV",
        other => return Cow::Owned(format!("ERRNO_{other}")),
    };
    Cow::Borrowed(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_numbers_have_names() {
        assert_eq!(name(&io::Error::from_raw_os_error(libc::ENOENT)).as_deref(), Some("ENOENT"));
        assert_eq!(name(&io::Error::from_raw_os_error(4095)).as_deref(), Some("ERRNO_4095"));
        assert_eq!(name(&io::Error::other("two match")), None);
    }

    #[test]
    fn messages_are_lowercase_and_without_the_number() {
        assert_eq!(message(&io::Error::from_raw_os_error(libc::ENOENT)), "no such file or directory");
        assert_eq!(message(&io::Error::other("Two match")), "two match");
    }
}
