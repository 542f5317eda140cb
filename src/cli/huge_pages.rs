//! Huge pages of the system's memory, which loading uses and serving does not.

/// While this value exists, the system may use huge pages for new memory. They make lookups in a large graph faster.
/// After loading they are switched off: temporary allocations would leave most of each page unused, and the system
/// would take freed memory again to complete a page.
pub(super) struct HugePages;

impl HugePages {
    pub fn allowed() -> Self {
        Self::allow(true);
        Self
    }

    fn allow(allowed: bool) {
        #[cfg(target_os = "linux")]
        // A system without huge pages needs no call.
        let _ = rustix::thread::disable_transparent_huge_pages(!allowed);
        #[cfg(not(target_os = "linux"))]
        let _ = allowed;
    }
}

impl Drop for HugePages {
    fn drop(&mut self) {
        Self::allow(false);
    }
}
