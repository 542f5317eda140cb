//! Ends a process that cannot continue, with a last line.

#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes a line to standard error and ends the process. Allocates nothing, takes no lock, and calls only functions
/// that are safe in a signal handler.
#[cfg(unix)]
pub(crate) fn exit_with(line: &[u8], code: u8) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);
    #[allow(
        unsafe_code,
        reason = "the standard library takes locks and runs exit handlers"
    )]
    // SAFETY: the pointers are to a local and to the bytes of `line`, which live until the calls return.
    unsafe {
        if ENDING.swap(true, Ordering::Relaxed) {
            // Another thread is writing its line.
            loop {
                libc::pause();
            }
        }
        // If the pipe is full and nobody reads it, the line is lost, because the process must not wait.
        let mut stderr = libc::pollfd {
            fd: libc::STDERR_FILENO,
            events: libc::POLLOUT,
            revents: 0,
        };
        if libc::poll(&raw mut stderr, 1, 0) == 1 && stderr.revents & libc::POLLOUT != 0 {
            libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len());
        }
        libc::_exit(code.into())
    }
}

#[cfg(not(unix))]
pub(crate) fn exit_with(line: &[u8], code: u8) -> ! {
    use std::io::Write;
    let _ = std::io::stderr().write_all(line);
    std::process::exit(code.into())
}
