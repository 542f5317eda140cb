//! Arrays and texts of a graph, stored in memory or in a mapped file.
//!
//! A mapped part keeps the file mapped. Reading tests which of the two it is, and copies nothing.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytemuck::Pod;
use yoke::Yoke;

use super::mapping::Mapping;

/// An array of values of a fixed size.
pub(super) enum Stored<T: 'static> {
    Owned(Vec<T>),
    Mapped(Yoke<&'static [T], Arc<Mapping>>),
}

impl<T> Default for Stored<T> {
    fn default() -> Self {
        Self::Owned(Vec::new())
    }
}

impl<T> From<Vec<T>> for Stored<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Owned(values)
    }
}

impl<T> FromIterator<T> for Stored<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::Owned(values.into_iter().collect())
    }
}

impl<T> Deref for Stored<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(values) => values,
            Self::Mapped(values) => values.get(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Pod> Stored<T> {
    /// A range of a file's bytes; `None` if it is outside the file, or does not have complete, aligned values.
    pub fn mapped(file: &Arc<Mapping>, range: std::ops::Range<usize>) -> Option<Self> {
        let attached = Yoke::try_attach_to_cart(file.clone(), |file: &Mapping| {
            let bytes = file.get(range).ok_or(())?;
            bytemuck::try_cast_slice(bytes).map_err(|_| ())
        });
        attached.ok().map(Self::Mapped)
    }
}

impl<T: Clone> Stored<T> {
    /// The values as a vector that can grow. Values in a mapped file are copied into it first.
    pub fn values(&mut self) -> &mut Vec<T> {
        if let Self::Mapped(values) = self {
            *self = Self::Owned(values.get().to_vec());
        }
        match self {
            Self::Owned(values) => values,
            Self::Mapped(_) => unreachable!("they were copied"),
        }
    }

    pub fn push(&mut self, value: T) {
        self.values().push(value);
    }
}

impl<T> Stored<T> {
    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        let count = match self {
            Self::Owned(values) => values.capacity(),
            Self::Mapped(values) => values.get().len(),
        };
        count * size_of::<T>()
    }
}

/// A text in one piece.
pub(super) enum StoredText {
    Owned(String),
    Mapped(Yoke<&'static str, Arc<Mapping>>),
}

impl Default for StoredText {
    fn default() -> Self {
        Self::Owned(String::new())
    }
}

impl Deref for StoredText {
    type Target = str;

    #[inline(always)]
    fn deref(&self) -> &str {
        match self {
            Self::Owned(text) => text,
            Self::Mapped(text) => text.get(),
        }
    }
}

impl fmt::Debug for StoredText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl StoredText {
    /// A range of a file's bytes; `None` if it is outside the file or is not UTF-8.
    pub fn mapped(file: &Arc<Mapping>, range: std::ops::Range<usize>) -> Option<Self> {
        let attached = Yoke::try_attach_to_cart(file.clone(), |file: &Mapping| {
            let bytes = file.get(range).ok_or(())?;
            std::str::from_utf8(bytes).map_err(|_| ())
        });
        attached.ok().map(Self::Mapped)
    }

    /// The text as a string that can grow. A text in a mapped file is copied into it first.
    pub fn text(&mut self) -> &mut String {
        if let Self::Mapped(text) = self {
            *self = Self::Owned((*text.get()).to_owned());
        }
        match self {
            Self::Owned(text) => text,
            Self::Mapped(_) => unreachable!("it was copied"),
        }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Owned(text) => text.capacity(),
            Self::Mapped(text) => text.get().len(),
        }
    }
}
