//! Memory that the process uses, and its limit.
//!
//! A load asks an [`Allowance`] before it allocates something large. The allowance reads `/proc/self/statm`, which
//! takes a few microseconds, and adds the bytes that other threads have reserved but perhaps not touched yet. Without
//! `/proc`, as on macOS, there is no limit.

use std::fmt;
use std::path::{Component, Path};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Allocations of at least this size are mapped and unmapped by the system, on Linux.
pub const LARGE: usize = 1 << 20;

/// How much memory a load may use, as a limit of the whole process. Pages of mapped files are not counted.
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

/// Origin of a limit.
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

/// A load that would exceed its allowance, and by how much.
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

/// Bytes that a running step is about to allocate. They are released when the step ends, since the process then uses
/// them or has freed them.
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
    /// limit of the address space applies in both cases.
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

    /// Reserves bytes for a step. `None` if the process would exceed the limit with them, or has done so before: then
    /// the load has to be abandoned.
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

    /// Whether the process has not exceeded the limit so far.
    pub fn holds(&self) -> bool {
        self.reserve(0).is_some()
    }

    /// Whether a reservation failed.
    pub fn is_passed(&self) -> bool {
        self.excess.get().is_some()
    }

    /// Why the load has to be abandoned.
    pub fn excess(&self) -> Option<Excess> {
        self.excess.get().copied()
    }
}

/// Bytes of a step between two checks. Reading the memory of the process takes a few microseconds.
const BETWEEN_CHECKS: usize = 1 << 20;

/// Counts the small allocations of a long step, and checks the memory from time to time.
#[derive(Debug)]
pub struct Meter<'a> {
    memory: &'a Allowance,
    /// Bytes since the last check.
    unchecked: usize,
}

impl<'a> Meter<'a> {
    /// A meter for a step.
    pub fn new(memory: &'a Allowance) -> Self {
        Self { memory, unchecked: 0 }
    }

    /// Counts bytes that were allocated, or are about to be. Returns `false` if the step has to be abandoned.
    pub fn takes(&mut self, bytes: usize) -> bool {
        self.unchecked = self.unchecked.saturating_add(bytes);
        if self.unchecked < BETWEEN_CHECKS {
            return !self.memory.is_passed();
        }
        let bytes = std::mem::take(&mut self.unchecked);
        self.memory.reserve(bytes).is_some()
    }
}

/// Resident memory of the process, without pages of files, in bytes.
#[cfg(target_os = "linux")]
fn held() -> Option<u64> {
    use std::io::Read;
    // A buffer on the stack, since the file is read often.
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

/// The limit of the cgroup; if there is none, or the machine has less memory, 90 % of the machine's memory.
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

/// The lowest limit of the process's cgroup and its ancestors, version 1 or 2.
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
        // In a container, the path may be that of the host, and the mounted folder is the process's own group.
        let mut folder = root.join(mount);
        let names = Path::new(path).components();
        let names = names.filter_map(|it| match it {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        let limit_in = |folder: &Path| {
            let text = std::fs::read_to_string(folder.join(file)).ok()?;
            // The text is "max" if there is no limit.
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

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    /// The limit of a system with 8 GiB of memory and the given files.
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

    #[test]
    #[cfg(target_os = "linux")]
    fn small_pieces_are_checked_together() {
        let memory = Allowance::of_process(Some(1));
        let mut meter = Meter::new(&memory);
        assert!((0..BETWEEN_CHECKS - 1).all(|_| meter.takes(1)));
        assert!(!meter.takes(1), "the process holds more than a byte");
        assert!(!meter.takes(0), "it stays so");
    }
}
