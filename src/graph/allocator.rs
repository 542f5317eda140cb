//! The allocator of the process: mimalloc, and mappings of the system for large allocations.

use std::alloc::{GlobalAlloc, Layout};

use mimalloc::MiMalloc;

use super::exit::exit_with;

/// mimalloc, with two differences.
///
/// On Linux, the system maps and unmaps allocations of 1 MiB and more. mimalloc would keep memory that another thread
/// frees until the allocating thread allocates again, so a server that sends long answers would hold several of them. A
/// mapping can also grow without being copied.
///
/// A failed allocation ends the process with exit code 1 and one line on standard error instead of an abort, even if
/// `try_reserve` would return an error. Neither a load nor an answer can continue without memory, and an unreadable
/// file would be reported as damaged.
#[derive(Debug)]
pub struct Allocator;

#[allow(unsafe_code, reason = "an allocator cannot be written otherwise")]
// SAFETY: every call is passed to mimalloc or to the mappings of the system. The size in the layout alone decides
// which, so memory is freed by the allocator that it came from. The results are returned unless they are null.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if large::is_large(layout) {
            return granted(large::map(layout.size()), layout.size());
        }
        // SAFETY: mimalloc has the same requirements, which the caller fulfills.
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
            // SAFETY: a layout of this size was mapped, and the caller does not use the memory any more.
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
    /// Reallocates if the old or the new size is large.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`].
    #[cold]
    #[allow(unsafe_code, reason = "part of an allocator")]
    unsafe fn realloc_large(&self, pointer: *mut u8, layout: Layout, resized: Layout) -> *mut u8 {
        if large::is_large(layout) && large::is_large(resized) {
            // SAFETY: the pointer belongs to a mapping of the old size.
            let moved = unsafe { large::remap(pointer, layout.size(), resized.size()) };
            return granted(moved, resized.size());
        }
        // SAFETY: both layouts are valid, both blocks have at least the copied length, and they do not overlap.
        unsafe {
            let moved = self.alloc(resized);
            std::ptr::copy_nonoverlapping(pointer, moved, layout.size().min(resized.size()));
            self.dealloc(pointer, layout);
            moved
        }
    }
}

/// Mappings of the system.
#[cfg(target_os = "linux")]
mod large {
    use std::alloc::Layout;
    use std::ptr::null_mut;

    use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap_anonymous, mremap, munmap};

    /// The smallest page size of any supported processor. Mappings are aligned to at least this.
    const PAGE: usize = 4 << 10;

    #[inline]
    pub fn is_large(layout: Layout) -> bool {
        layout.size() >= crate::memory::LARGE && layout.align() <= PAGE
    }

    /// New memory, all zero; null on failure.
    #[cold]
    pub fn map(size: usize) -> *mut u8 {
        #[allow(unsafe_code, reason = "part of an allocator")]
        // SAFETY: the system chooses the address, so it replaces no other mapping.
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
    /// The pointer belongs to a mapping of this size, which is not used any more.
    #[cold]
    #[allow(unsafe_code, reason = "part of an allocator")]
    pub unsafe fn unmap(pointer: *mut u8, size: usize) {
        // SAFETY: guaranteed by the caller. Unmapping a whole mapping cannot fail.
        let _ = unsafe { munmap(pointer.cast(), size) };
    }

    /// Resizes a mapping, and moves it if necessary; null on failure.
    ///
    /// # Safety
    /// The pointer belongs to a mapping of the old size, and is not used any more if the result is not null.
    #[cold]
    #[allow(unsafe_code, reason = "part of an allocator")]
    pub unsafe fn remap(pointer: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: guaranteed by the caller.
        let moved = unsafe { mremap(pointer.cast(), old, new, MremapFlags::MAYMOVE) };
        moved.map_or(null_mut(), <*mut _>::cast)
    }
}

/// On other systems, mimalloc allocates everything.
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
    exit_with(&line[..line.len() - unused], 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::LARGE;

    /// The content of blocks near the limit between the two allocators survives reallocation to every other size.
    #[test]
    #[allow(unsafe_code, reason = "an allocator is called")]
    fn bytes_survive_reallocation_between_all_sizes() {
        let sizes = [1, 4 << 10, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE];
        for from in sizes {
            for to in sizes {
                let layout = Layout::from_size_align(from, 8).expect("a small alignment");
                let resized = Layout::from_size_align(to, 8).expect("a small alignment");
                // SAFETY: the memory is used within its size and freed once, with its current layout.
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
}
