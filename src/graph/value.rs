//! Values of properties, as readers see them: a [`ValueRef`] is one value, and where it is stored stays hidden.

use super::column::{Key, Values};

/// A value of an entity's or an edge's property, or that it has none.
#[derive(Debug, Clone, Copy)]
pub struct ValueRef<'a> {
    values: &'a Values,
    at: usize,
}

impl<'a> ValueRef<'a> {
    #[inline]
    pub(super) fn of((values, at): (&'a Values, usize)) -> Self {
        Self { values, at }
    }

    /// The column that it is in, and its position there.
    #[inline]
    pub(super) fn place(self) -> (&'a Values, usize) {
        (self.values, self.at)
    }

    /// Whether there is none.
    pub fn is_null(self) -> bool {
        self.values.is_null(self.at)
    }

    /// What it is ordered by; `None` where there is none.
    #[inline]
    pub fn key(self) -> Option<Key<'a>> {
        self.values.key(self.at)
    }

    /// Writes it as JSON, `null` where there is none. `languages` chooses among texts in several.
    #[inline]
    pub fn write(self, languages: &[String], out: &mut Vec<u8>) {
        self.values.write(self.at, languages, out);
    }
}
