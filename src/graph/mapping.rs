//! A mapped file, and a signal handler in case the file shrinks.
//!
//! The kernel answers an access beyond the end of a mapped file with SIGBUS, which kills a process without a message.
//! The first mapping installs a handler that writes one line to standard error and exits with [`FILE_LOST`].

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::Mmap;

/// The exit code of a process whose mapped graph file was truncated or could not be read: `EX_IOERR` of `sysexits.h`.
pub const FILE_LOST: u8 = 74;

/// The read-only bytes of a file. A [`super::Snapshot`] keeps the mapping as long as any of its arrays uses it.
pub(super) struct Mapping(Mmap);

impl Deref for Mapping {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Mapping {
    pub fn new(file: &File) -> io::Result<Self> {
        #[cfg(unix)]
        handler::install()?;
        #[allow(unsafe_code, reason = "memmap2 has no safe way to map a file")]
        // SAFETY: the map is read only, and `save` never writes into an existing file. If another program truncates the
        // file, the handler ends the process. If another program overwrites it, the bytes change while they are used.
        // The documentation forbids that, and opening the file checked all values that keep the code inside its arrays.
        let map = unsafe { Mmap::map(file)? };
        Ok(Self(map))
    }
}

#[cfg(unix)]
mod handler {
    use std::io;
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::{Mutex, OnceLock, PoisonError};

    use libc::{c_int, c_void, siginfo_t};

    use super::FILE_LOST;

    const LINE: &[u8] =
        b"clew: the graph file was truncated or cannot be read any more while it was in use; \
        replace a graph file with `clew compile --out`, which never changes it in place, and start again\n";

    /// The previous handler of SIGBUS: the standard library's, which reports stack overflows.
    static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

    /// Installs the handler, once for the process.
    #[allow(unsafe_code, reason = "a signal handler cannot be installed otherwise")]
    pub fn install() -> io::Result<()> {
        static INSTALLING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        if BEFORE.get().is_some() {
            return Ok(());
        }
        let mut before = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: without a new action, `sigaction` only writes the current one to `before`.
        let before = unsafe {
            if libc::sigaction(libc::SIGBUS, ptr::null(), before.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            before.assume_init()
        };
        // The handler may run as soon as it is installed.
        BEFORE.get_or_init(|| before);
        let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_sigbus;
        let mut action = before;
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: `action` is a valid `sigaction`, and `on_sigbus` calls only async-signal-safe functions.
        if unsafe { libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    #[allow(unsafe_code, reason = "the kernel passes a pointer")]
    extern "C" fn on_sigbus(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: the kernel passes a valid `siginfo_t`.
        if unsafe { (*info).si_code } == libc::BUS_ADRERR {
            crate::graph::exit_with(LINE, FILE_LOST);
        }
        // The fault is not an access beyond the end of a file. After this function returns, it happens again, and the
        // previous handler handles it.
        if let Some(before) = BEFORE.get() {
            // SAFETY: `sigaction` is async-signal-safe, and `before` is a value that it returned.
            unsafe { libc::sigaction(libc::SIGBUS, before, ptr::null_mut()) };
        }
    }
}
