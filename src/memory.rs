//! How much memory the process holds and how much it may hold.
//!
//! An [`Allowance`] is asked before a load allocates something large. It reads `/proc/self/statm`, which takes a few
//! microseconds, and adds what other threads have reserved and perhaps not touched yet. Where there is no `/proc`, as on
//! macOS, nothing is limited. [`Allocator`] ends the process with one line where the system refuses memory outright.

use std::alloc::{GlobalAlloc, Layout};
use std::fmt;
use std::path::{Component, Path};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mimalloc::MiMalloc;

/// How much memory a load may take, as bytes that the whole process holds; pages of mapped files are not counted.
#[derive(Debug, Default)]
pub struct Allowance {
    limit: Option<Limit>,
    /// Bytes that running steps have reserved.
    reserved: AtomicU64,
    excess: OnceLock<Excess>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit {
    bytes: u64,
    from: From,
}

/// Where a limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Option,
    Cgroup,
    Machine,
    AddressSpace,
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Option => "--max-memory-total",
            Self::Cgroup => "the memory limit of the cgroup",
            Self::Machine => "90 % of the machine's memory",
            Self::AddressSpace => "the limit of the address space, `ulimit -v`",
        })
    }
}

/// By how much a load would pass its allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    limit: Limit,
    held: u64,
    wanted: u64,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        write!(f, "the process holds {:.1} MB", megabytes(self.held))?;
        if self.wanted > 0 {
            write!(f, ", needs {:.1} MB more", megabytes(self.wanted))?;
        }
        let Limit { bytes, from } = self.limit;
        write!(f, " and may hold {:.1} MB ({from})", megabytes(bytes))
    }
}

/// Bytes that a running step is about to take; they are given back when the step ends, since the process holds them by
/// then or has freed them.
#[derive(Debug)]
#[must_use]
pub struct Reserved<'a> {
    memory: &'a Allowance,
    bytes: u64,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.memory.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Allowance {
    /// The allowance that an option gives; without one, the limit of the cgroup, else 90 % of the machine's memory. A
    /// limit of the address space holds beside either.
    pub fn of_process(option: Option<u64>) -> Self {
        let root = Path::new("/");
        let option = option.map(|bytes| Limit {
            bytes,
            from: From::Option,
        });
        let system = option.or_else(|| limit_of_system(root));
        let limits = system.into_iter().chain(address_space());
        Self {
            limit: limits.min_by_key(|it| it.bytes),
            ..Self::default()
        }
    }

    /// Reserves bytes for a step. `None` if the process would hold too much with them, or did so before: then the load
    /// is to be abandoned.
    pub fn reserve(&self, bytes: usize) -> Option<Reserved<'_>> {
        let bytes = bytes as u64;
        if self.is_passed() {
            return None;
        }
        let before = self.reserved.fetch_add(bytes, Ordering::Relaxed);
        let reserved = Reserved { memory: self, bytes };
        if let Some(limit) = self.limit
            && let Some(held) = held()
            && held.saturating_add(before).saturating_add(bytes) > limit.bytes
        {
            let _ = self.excess.set(Excess {
                limit,
                held,
                wanted: before.saturating_add(bytes),
            });
            return None;
        }
        Some(reserved)
    }

    /// Whether the process still holds no more than it may. Once it is not so, it stays so.
    pub fn holds(&self) -> bool {
        self.reserve(0).is_some()
    }

    /// Whether a reservation failed.
    pub fn is_passed(&self) -> bool {
        self.excess.get().is_some()
    }

    /// Why the load is to be abandoned.
    pub fn excess(&self) -> Option<Excess> {
        self.excess.get().copied()
    }
}

/// Bytes of the process's own memory: what is resident, without pages of files.
#[cfg(target_os = "linux")]
fn held() -> Option<u64> {
    use std::io::Read;
    // On the stack, since it is read often.
    let mut buffer = [0; 128];
    let length = std::fs::File::open("/proc/self/statm")
        .ok()?
        .read(&mut buffer)
        .ok()?;
    let text = std::str::from_utf8(&buffer[..length]).ok()?;
    let mut pages = text.split_ascii_whitespace().map(str::parse::<u64>);
    let (resident, shared) = (pages.nth(1)?.ok()?, pages.next()?.ok()?);
    Some(resident.saturating_sub(shared) * rustix::param::page_size() as u64)
}

#[cfg(not(target_os = "linux"))]
fn held() -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn address_space() -> Option<Limit> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As);
    limit.current.map(|bytes| Limit {
        bytes,
        from: From::AddressSpace,
    })
}

#[cfg(not(target_os = "linux"))]
fn address_space() -> Option<Limit> {
    None
}

/// The limit of the cgroup, unless the machine has less memory anyway, and else 90 % of that.
fn limit_of_system(root: &Path) -> Option<Limit> {
    let machine = std::fs::read_to_string(root.join("proc/meminfo")).ok();
    let machine = machine.and_then(|text| {
        let total = text.lines().find_map(|it| it.strip_prefix("MemTotal:"))?;
        let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kibibytes.checked_mul(1024)
    });
    let cgroup = limit_of_cgroup(root).filter(|limit| machine.is_none_or(|it| *limit < it));
    match (cgroup, machine) {
        (Some(bytes), _) => Some(Limit {
            bytes,
            from: From::Cgroup,
        }),
        (None, Some(bytes)) => Some(Limit {
            bytes: bytes / 10 * 9,
            from: From::Machine,
        }),
        (None, None) => None,
    }
}

/// The lowest limit of the process's cgroup and those above it, version 1 or 2.
fn limit_of_cgroup(root: &Path) -> Option<u64> {
    let own = std::fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let limits = own.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let (mount, file) = if controllers.is_empty() {
            ("sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|it| it == "memory") {
            ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            return None;
        };
        // In a container, the path may be that of the host, and its group is what is mounted.
        let mut folder = root.join(mount);
        let names = Path::new(path).components();
        let names = names.filter_map(|it| match it {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        let limit_in = |folder: &Path| {
            let text = std::fs::read_to_string(folder.join(file)).ok()?;
            // "max" where there is none.
            text.trim().parse::<u64>().ok()
        };
        let mut lowest = limit_in(&folder);
        for name in names {
            folder.push(name);
            lowest = lowest.into_iter().chain(limit_in(&folder)).min();
        }
        lowest
    });
    limits.min()
}

/// mimalloc, with two differences.
///
/// Allocations of 1 MiB and more are mapped and unmapped by the system on Linux. mimalloc keeps what another
/// thread frees until the allocating thread asks again, so that a server that sends long answers would hold several of
/// them at any time. A mapping also grows without being copied.
///
/// A refused allocation ends the process with exit code 1 and one line on standard error instead of an abort, also where
/// `try_reserve` would return an error: neither a load nor an answer can continue without memory, and a file that cannot be
/// read because of it would be reported as broken.
#[derive(Debug)]
pub struct Allocator;

#[allow(unsafe_code, reason = "an allocator cannot be written otherwise")]
// SAFETY: every call is passed to mimalloc or, by the size in its layout alone, to the mappings of the system, so that
// memory goes back to where it came from. What they return is returned unless it is null.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if large::is_large(layout) {
            return granted(large::map(layout.size()), layout.size());
        }
        // SAFETY: the caller's promises are those that mimalloc asks for.
        granted(unsafe { MiMalloc.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if large::is_large(layout) {
            return granted(large::map(layout.size()), layout.size());
        }
        // SAFETY: as above.
        granted(unsafe { MiMalloc.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if large::is_large(layout) {
            // SAFETY: a layout of this size was mapped, and the caller gives up the memory.
            return unsafe { large::unmap(pointer, layout.size()) };
        }
        // SAFETY: as above.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size does not overflow when it is rounded up to the alignment.
        let resized = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if !large::is_large(layout) && !large::is_large(resized) {
            // SAFETY: as above.
            return granted(unsafe { MiMalloc.realloc(pointer, layout, size) }, size);
        }
        // SAFETY: as above.
        unsafe { self.realloc_large(pointer, layout, resized) }
    }
}

impl Allocator {
    /// Reallocates where the old or the new size is large.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`].
    #[cold]
    #[allow(unsafe_code, reason = "part of an allocator")]
    unsafe fn realloc_large(&self, pointer: *mut u8, layout: Layout, resized: Layout) -> *mut u8 {
        if large::is_large(layout) && large::is_large(resized) {
            // SAFETY: the pointer is of a mapping of the old size.
            let moved = unsafe { large::remap(pointer, layout.size(), resized.size()) };
            return granted(moved, resized.size());
        }
        // SAFETY: both layouts are valid, the old memory holds as many bytes as are copied, and the new memory is another.
        unsafe {
            let moved = self.alloc(resized);
            std::ptr::copy_nonoverlapping(pointer, moved, layout.size().min(resized.size()));
            self.dealloc(pointer, layout);
            moved
        }
    }
}

/// Allocations of at least this size are mapped.
pub const LARGE: usize = 1 << 20;

/// Mappings of the system.
#[cfg(target_os = "linux")]
mod large {
    use std::alloc::Layout;
    use std::ptr::null_mut;

    use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap_anonymous, mremap, munmap};

    /// The smallest page of any processor: mappings are aligned to at least this.
    const PAGE: usize = 4 << 10;

    #[inline]
    pub fn is_large(layout: Layout) -> bool {
        layout.size() >= super::LARGE && layout.align() <= PAGE
    }

    /// New memory, all zero; null if there is none.
    #[cold]
    pub fn map(size: usize) -> *mut u8 {
        #[allow(unsafe_code, reason = "part of an allocator")]
        // SAFETY: the system chooses the address, so that nothing else is mapped over.
        let mapped = unsafe {
            mmap_anonymous(
                null_mut(),
                size,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        };
        mapped.map_or(null_mut(), <*mut _>::cast)
    }

    /// # Safety
    /// The pointer is of a mapping of this size, which nobody uses any more.
    #[cold]
    #[allow(unsafe_code, reason = "part of an allocator")]
    pub unsafe fn unmap(pointer: *mut u8, size: usize) {
        // SAFETY: promised by the caller. It cannot fail for a whole mapping.
        let _ = unsafe { munmap(pointer.cast(), size) };
    }

    /// The memory of a mapping in another size, moved if need be; null if there is not enough.
    ///
    /// # Safety
    /// The pointer is of a mapping of the old size, and is not used any more if the result is not null.
    #[cold]
    #[allow(unsafe_code, reason = "part of an allocator")]
    pub unsafe fn remap(pointer: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: promised by the caller.
        let moved = unsafe { mremap(pointer.cast(), old, new, MremapFlags::MAYMOVE) };
        moved.map_or(null_mut(), <*mut _>::cast)
    }
}

/// Elsewhere mimalloc allocates everything.
#[cfg(not(target_os = "linux"))]
mod large {
    use std::alloc::Layout;
    use std::ptr::null_mut;

    pub fn is_large(_: Layout) -> bool {
        false
    }

    pub fn map(_: usize) -> *mut u8 {
        null_mut()
    }

    /// # Safety
    /// Never called.
    #[allow(unsafe_code, reason = "the same signature as elsewhere")]
    pub unsafe fn unmap(_: *mut u8, _: usize) {}

    /// # Safety
    /// Never called.
    #[allow(unsafe_code, reason = "the same signature as elsewhere")]
    pub unsafe fn remap(_: *mut u8, _: usize, _: usize) -> *mut u8 {
        null_mut()
    }
}

#[inline]
fn granted(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        refused(size);
    }
    pointer
}

#[cold]
#[inline(never)]
fn refused(size: usize) -> ! {
    use std::io::Write;
    let mut line = [0; 256];
    let mut rest = &mut line[..];
    let _ = writeln!(
        rest,
        "clew: out of memory: the system refused {size} bytes; allow the process more (see `ulimit -v` and the \
         container's limit), or load a smaller graph"
    );
    let unused = rest.len();
    end_with(&line[..line.len() - unused], 1)
}

/// Writes a line to standard error and ends the process. It allocates nothing, takes no lock and calls only functions that
/// are safe in a signal handler.
#[cfg(unix)]
pub(crate) fn end_with(line: &[u8], code: u8) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);
    #[allow(
        unsafe_code,
        reason = "the standard library takes locks and runs exit handlers"
    )]
    // SAFETY: the pointers are to a local and to the bytes of `line`, which live until the calls return.
    unsafe {
        if ENDING.swap(true, Ordering::Relaxed) {
            // Another thread writes its line.
            loop {
                libc::pause();
            }
        }
        // If the pipe is full and nobody reads it, the line is dropped: the process must not wait.
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
pub(crate) fn end_with(line: &[u8], code: u8) -> ! {
    use std::io::Write;
    let _ = std::io::stderr().write_all(line);
    std::process::exit(code.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of each size around the limit between the two allocators survive being reallocated to each other size.
    #[test]
    #[allow(unsafe_code, reason = "an allocator is called")]
    fn bytes_survive_reallocation_between_all_sizes() {
        let sizes = [1, 4 << 10, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE];
        for from in sizes {
            for to in sizes {
                let layout = Layout::from_size_align(from, 8).expect("a small alignment");
                let resized = Layout::from_size_align(to, 8).expect("a small alignment");
                // SAFETY: the memory is used within its size and freed once, with the layout that it has.
                unsafe {
                    let pointer = Allocator.alloc_zeroed(layout);
                    let bytes = std::slice::from_raw_parts_mut(pointer, from);
                    assert!(bytes.iter().all(|it| *it == 0));
                    bytes
                        .iter_mut()
                        .zip(0_u32..)
                        .for_each(|(byte, no)| *byte = (no % 251) as u8);
                    let pointer = Allocator.realloc(pointer, layout, to);
                    let bytes = std::slice::from_raw_parts(pointer, from.min(to));
                    assert!(
                        bytes
                            .iter()
                            .zip(0_u32..)
                            .all(|(byte, no)| *byte == (no % 251) as u8),
                        "{from} to {to}"
                    );
                    Allocator.dealloc(pointer, resized);
                }
            }
        }
    }

    const GIB: u64 = 1 << 30;

    /// The limit of a system with 8 GiB of memory and some files.
    fn limit(files: &[(&str, &str)]) -> Option<Limit> {
        let root = tempfile::tempdir().unwrap();
        let memory = ("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
        for (name, content) in files.iter().chain([&memory]) {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        limit_of_system(root.path())
    }

    fn cgroup(bytes: u64) -> Limit {
        Limit {
            bytes,
            from: From::Cgroup,
        }
    }

    #[test]
    fn the_lowest_limit_of_the_cgroups_above_counts() {
        let own = ("proc/self/cgroup", "0::/system.slice/clew.service\n");
        let files = [
            own,
            ("sys/fs/cgroup/system.slice/memory.max", "2147483648\n"),
            ("sys/fs/cgroup/system.slice/clew.service/memory.max", "max\n"),
        ];
        assert_eq!(limit(&files), Some(cgroup(2 * GIB)));
        let files = [own, ("sys/fs/cgroup/memory.max", "1073741824\n")];
        assert_eq!(limit(&files), Some(cgroup(GIB)), "the group of a container");
    }

    #[test]
    fn version_1_of_cgroups_is_read_too() {
        let own = (
            "proc/self/cgroup",
            "5:cpu,memory:/docker/ab\n1:name=systemd:/\n0::/\n",
        );
        let unlimited = (
            "sys/fs/cgroup/memory/memory.limit_in_bytes",
            "9223372036854771712\n",
        );
        let files = [
            own,
            unlimited,
            (
                "sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes",
                "1073741824\n",
            ),
        ];
        assert_eq!(limit(&files), Some(cgroup(GIB)));
        let files = [
            own,
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n"),
        ];
        assert_eq!(limit(&files), Some(cgroup(2 * GIB)), "the path is the host's");
        let machine = Some(Limit {
            bytes: 8 * GIB / 10 * 9,
            from: From::Machine,
        });
        assert_eq!(limit(&[own, unlimited]), machine);
        assert_eq!(limit(&[]), machine);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_budget_that_was_passed_stays_passed() {
        let memory = Allowance::of_process(Some(held().unwrap() + GIB));
        let first = memory.reserve(GIB as usize / 2).expect("there is room");
        drop(first);
        assert!(memory.holds());
        assert!(memory.reserve(2 * GIB as usize).is_none());
        assert!(!memory.holds() && memory.is_passed());
        let excess = memory.excess().unwrap().to_string();
        assert!(excess.contains("needs 2147.5 MB more"), "{excess}");
        assert!(excess.contains("--max-memory-total"), "{excess}");
        assert!(Allowance::default().reserve(usize::MAX).is_some(), "no limit");
    }
}
