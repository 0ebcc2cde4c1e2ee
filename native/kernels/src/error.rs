//! The one error type of the kernels. Its code says what the caller does next, as `src/errors.ts` defines.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    InvalidArgument,
    Corrupt,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Aborted,
    Unavailable,
    Internal,
}

/// Displayed as `Code: message`, the form that `fromNative` in `src/native.ts` reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: Code,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(Code::Corrupt, message)
    }

    /// An error of the file system on `path`.
    pub fn io(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let code = match (error.raw_os_error(), error.kind()) {
            (Some(libc::ENOMEM | libc::EMFILE | libc::ENFILE | libc::EDQUOT | libc::ENOLCK), _) => {
                Code::ResourceExhausted
            }
            (_, ErrorKind::NotFound | ErrorKind::NotADirectory) => Code::NotFound,
            (_, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => Code::PermissionDenied,
            (_, ErrorKind::StorageFull | ErrorKind::FileTooLarge) => Code::ResourceExhausted,
            (_, ErrorKind::IsADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename) => {
                Code::InvalidArgument
            }
            _ => Code::Unavailable,
        };
        Self::new(code, format!("cannot {action} {}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

/// The result of `work`; a panic in it becomes an Internal error instead of ending the thread or the process.
pub fn catch_panic<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::new(Code::Internal, format!("a panic: {}", text(&*panic)))))
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let index = std::hint::black_box(3);
        let error = catch_panic(|| Ok([1, 2][index])).unwrap_err();
        assert_eq!(error.code, Code::Internal);
        assert!(error.to_string().starts_with("Internal: a panic: index out of bounds"), "{error}");
        assert_eq!(catch_panic::<()>(|| panic!("plain")).unwrap_err().message, "a panic: plain");
        assert_eq!(catch_panic(|| Ok(1)), Ok(1));
    }
}
