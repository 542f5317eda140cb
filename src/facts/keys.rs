//! The keys of a mapping, to find duplicates.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use smallvec::SmallVec;

use super::{Batch, Str};

/// Up to this number of keys, comparing with each is faster than hashing.
const FEW: usize = 16;

/// Keys in the order of the file. Adding one takes constant time.
#[derive(Default)]
pub(super) struct Keys {
    all: SmallVec<[Str; FEW]>,
    /// The positions by the keys' texts, where there are more than a few. Hashes are random, so that no file can make
    /// them collide.
    table: Option<Box<(HashTable<u32>, RandomState)>>,
}

impl Keys {
    /// Adds a key, or gives the position of the one that is the same.
    pub fn add(&mut self, batch: &Batch, key: Str) -> Option<usize> {
        let text = batch.text(key);
        let all = &self.all;
        let same = |at: &u32| batch.text(all[*at as usize]) == text;
        if all.len() < FEW {
            let known = (0..all.len() as u32).find(same);
            if known.is_none() {
                self.all.push(key);
            }
            return known.map(|at| at as usize);
        }
        let (table, hashes) = &mut **self.table.get_or_insert_with(|| {
            let hashes = RandomState::new();
            let mut table = HashTable::new();
            for (at, key) in (0..).zip(all) {
                let hash = hashes.hash_one(batch.text(*key));
                table.insert_unique(hash, at, |at: &u32| {
                    hashes.hash_one(batch.text(all[*at as usize]))
                });
            }
            Box::new((table, hashes))
        });
        let hash = hashes.hash_one(text);
        if let Some(at) = table.find(hash, same) {
            return Some(*at as usize);
        }
        let at = all.len() as u32;
        table.insert_unique(hash, at, |at| hashes.hash_one(batch.text(all[*at as usize])));
        self.all.push(key);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::SourceText;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_of_equal_keys_is_found(texts in prop::collection::vec("[a-c]{1,3}", 0..60)) {
            let mut batch = Batch::new(SourceText::whole("test", String::new()));
            let mut keys = Keys::default();
            let mut expected: Vec<&str> = Vec::new();
            for text in &texts {
                let key = batch.keep(text);
                let known = expected.iter().position(|it| it == text);
                if known.is_none() {
                    expected.push(text);
                }
                prop_assert_eq!(keys.add(&batch, key), known);
            }
        }
    }
}
