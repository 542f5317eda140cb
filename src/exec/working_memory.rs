//! Working memory: lists, sets and sorts that are counted before they are allocated.
//!
//! Allocations that depend on the data or on the request are counted with [`Run::hold`] while they exist.
//! [`Run::scope`] releases the memory of a field, also if the field failed. The size of [`VisitedSet`] and [`Marks`] is linear
//! in their entries, and never more than a bit or a value for each entity of the graph.

use std::cmp::Ordering;
use std::hash::Hash;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Failure, Run, Written};
use crate::budget::{Clock, Stop};
use crate::graph::{EntityNo, EntitySet, View};

/// A list of more bytes than this grows by half; a shorter list doubles.
const LONG_LIST: usize = 64 << 10;

impl Run<'_> {
    /// Calls a function, and then releases the working memory that it held, whether or not it failed.
    pub(super) fn scope<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let held = self.working;
        let done = work(self);
        self.working = held;
        done
    }

    /// Appends to a list that is counted as working memory.
    #[inline]
    pub(super) fn push<T>(&mut self, list: &mut Vec<T>, item: T) -> Written {
        if list.len() == list.capacity() {
            self.grow_list(list)?;
        }
        list.push(item);
        Ok(())
    }

    #[cold]
    fn grow_list<T>(&mut self, list: &mut Vec<T>) -> Written {
        let now = list.capacity() * size_of::<T>();
        let more = if now < LONG_LIST {
            list.capacity().max(16)
        } else {
            list.capacity() / 2
        };
        // The old list exists until it has been copied.
        self.hold(now + more * size_of::<T>())?;
        list.reserve_exact(more);
        self.release(now);
        Ok(())
    }

    /// An empty list with room for `capacity` items.
    pub(super) fn list_of<T>(&mut self, capacity: usize) -> Result<Vec<T>, Failure> {
        self.hold(capacity.saturating_mul(size_of::<T>()))?;
        Ok(Vec::with_capacity(capacity))
    }

    /// A list of `len` equal values.
    pub(super) fn array<T: Clone>(&mut self, value: T, len: usize) -> Result<Vec<T>, Failure> {
        self.hold(len.saturating_mul(size_of::<T>()))?;
        Ok(vec![value; len])
    }

    /// Frees a list and releases its memory.
    pub(super) fn free<T>(&mut self, list: Vec<T>) {
        let bytes = list.capacity() * size_of::<T>();
        drop(list);
        self.release(bytes);
    }

    /// An empty set of entities.
    pub(super) fn entity_set(&mut self) -> Result<EntitySet, Failure> {
        self.hold(self.set_bytes())?;
        Ok(EntitySet::of(self.view.snapshot()))
    }

    /// Size of a set of entities in bytes.
    pub(super) fn set_bytes(&self) -> usize {
        self.entities() / 8 + size_of::<EntitySet>()
    }

    /// Number of entities of the graph, including hidden ones.
    pub(super) fn entities(&self) -> usize {
        self.view.slots()
    }

    /// Reserves capacity for another entry of a hash set.
    pub(super) fn grow_set<T: Hash + Eq>(&mut self, set: &mut FxHashSet<T>) -> Written {
        if set.len() < set.capacity() {
            return Ok(());
        }
        let (now, next) = tables::<T>(set.capacity());
        self.hold(next)?;
        set.reserve(1);
        self.release(now);
        Ok(())
    }
}

/// Size in bytes of a hash table of a capacity, and of the next larger one.
pub(super) fn tables<T>(capacity: usize) -> (usize, usize) {
    // The layout of hashbrown, which the standard library uses: a power of two of buckets, 7 of 8 of them full.
    let buckets = match capacity {
        0 => 0,
        1..4 => 4,
        4..8 => 8,
        more => (more * 8 / 7).next_power_of_two(),
    };
    let bytes = |buckets: usize| buckets * (size_of::<T>() + 1);
    (bytes(buckets), bytes((buckets * 2).max(4)))
}

/// A set of visited entities: a hash set while it is small, then a bit for each entity of the graph.
#[derive(Default)]
pub(super) struct VisitedSet {
    few: FxHashSet<EntityNo>,
    all: Option<EntitySet>,
}

impl VisitedSet {
    /// Inserts an entity. Returns whether it is new.
    #[inline]
    pub fn insert(&mut self, run: &mut Run, entity: EntityNo) -> Result<bool, Failure> {
        if self.all.is_none() && self.few.len() == self.few.capacity() {
            self.grow(run)?;
        }
        Ok(match &mut self.all {
            Some(all) => all.add(entity),
            None => self.few.insert(entity),
        })
    }

    #[cold]
    fn grow(&mut self, run: &mut Run) -> Written {
        let (now, next) = tables::<EntityNo>(self.few.capacity());
        if next <= run.set_bytes() {
            return run.grow_set(&mut self.few);
        }
        let mut all = run.entity_set()?;
        for entity in std::mem::take(&mut self.few) {
            all.add(entity);
        }
        run.release(now);
        self.all = Some(all);
        Ok(())
    }

    /// Whether the set has an entity.
    #[inline]
    pub fn has(&self, entity: EntityNo) -> bool {
        match &self.all {
            Some(all) => all.has(entity),
            None => self.few.contains(&entity),
        }
    }

    /// Number of entities.
    pub fn len(&self) -> usize {
        self.all.as_ref().map_or(self.few.len(), EntitySet::len)
    }

    /// All entities of the set, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = EntityNo> {
        self.few
            .iter()
            .copied()
            .chain(self.all.iter().flat_map(EntitySet::iter))
    }
}

/// A value for each of some entities: in a hash map while they are few, then in an array.
pub(super) struct Marks<T> {
    /// Marks a missing value in the array.
    none: T,
    few: FxHashMap<EntityNo, T>,
    all: Vec<T>,
}

impl<T: Copy + PartialEq> Marks<T> {
    pub fn new(none: T) -> Self {
        Self {
            none,
            few: FxHashMap::default(),
            all: Vec::new(),
        }
    }

    #[inline]
    pub fn get(&self, entity: EntityNo) -> Option<T> {
        match self.all.get(entity.slot()) {
            Some(value) => Some(*value).filter(|it| *it != self.none),
            None => self.few.get(&entity).copied(),
        }
    }

    #[inline]
    pub fn set(&mut self, run: &mut Run, entity: EntityNo, value: T) -> Written {
        if self.all.is_empty() && self.few.len() == self.few.capacity() {
            self.grow(run)?;
        }
        match self.all.get_mut(entity.slot()) {
            Some(at) => *at = value,
            None => {
                self.few.insert(entity, value);
            }
        }
        Ok(())
    }

    #[cold]
    fn grow(&mut self, run: &mut Run) -> Written {
        let (now, next) = tables::<(EntityNo, T)>(self.few.capacity());
        if next > run.entities() * size_of::<T>() {
            let mut all = run.array(self.none, run.entities())?;
            for (entity, value) in std::mem::take(&mut self.few) {
                all[entity.slot()] = value;
            }
            self.all = all;
        } else {
            run.hold(next)?;
            self.few.reserve(1);
        }
        run.release(now);
        Ok(())
    }

    /// All entities with a value, in no particular order.
    pub fn iter<'m>(&'m self, view: View<'m>) -> impl Iterator<Item = (EntityNo, T)> {
        let few = self.few.iter().map(|(entity, value)| (*entity, *value));
        let all = self.all.iter().enumerate();
        few.chain(
            all.filter(|(_, value)| **value != self.none)
                .map(move |(slot, value)| (view.entity_in(slot), *value)),
        )
    }
}

/// Length of the parts that are sorted at once.
const SORTED_AT_ONCE: usize = 512;

/// Comparisons between two checks of the clock.
const COMPARED_AT_ONCE: u32 = 2048;

/// Sorts a list in place as far as its positions `wanted` are concerned: they get the items that they would have if the
/// whole list were sorted. `compare` must be a total order in which only identical items are equal, since the sort is
/// unstable.
pub(crate) fn sort<T>(
    list: &mut [T],
    wanted: Range<usize>,
    clock: &Clock,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<(), Stop> {
    let mut compared = 0;
    let mut checked = |a: &T, b: &T| {
        compared += 1;
        if compared % COMPARED_AT_ONCE == 0 {
            clock.check()?;
        }
        Ok(compare(a, b))
    };
    let mut parts = Vec::from([Range {
        start: 0,
        end: list.len(),
    }]);
    let mut seed = list.len() as u64 | 1;
    while let Some(part) = parts.pop() {
        if part.end <= wanted.start || part.start >= wanted.end {
            continue;
        }
        let base = part.start;
        let items = &mut list[part];
        if items.len() <= SORTED_AT_ONCE {
            let mut stopped = Ok(());
            // The comparison must stay consistent to the end, or the sort may panic. So a stop is only recorded.
            items.sort_unstable_by(|a, b| {
                checked(a, b).unwrap_or_else(|stop| {
                    stopped = Err(stop);
                    compare(a, b)
                })
            });
            stopped?;
            continue;
        }
        if is_sorted(items, &mut checked)? {
            continue;
        }
        let pivot = base + split(items, &mut seed, &mut checked)?;
        let (before, after) = (base..pivot, pivot + 1..base + items.len());
        // The shorter part is next, so that the stack stays small.
        if before.len() < after.len() {
            parts.extend([after, before]);
        } else {
            parts.extend([before, after]);
        }
    }
    Ok(())
}

type Compared = Result<Ordering, Stop>;

fn is_sorted<T>(items: &[T], compare: &mut impl FnMut(&T, &T) -> Compared) -> Result<bool, Stop> {
    for pair in items.windows(2) {
        if compare(&pair[0], &pair[1])? == Ordering::Greater {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Moves smaller items before an item and greater ones after it. Returns its position.
fn split<T>(
    items: &mut [T],
    seed: &mut u64,
    compare: &mut impl FnMut(&T, &T) -> Compared,
) -> Result<usize, Stop> {
    // The median of three positions that the data does not determine.
    let mut place = || {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        (*seed % items.len() as u64) as usize
    };
    let (mut a, mut b, c) = (place(), place(), place());
    if compare(&items[a], &items[b])? == Ordering::Greater {
        std::mem::swap(&mut a, &mut b);
    }
    let pivot = if compare(&items[c], &items[a])? == Ordering::Less {
        a
    } else if compare(&items[c], &items[b])? == Ordering::Greater {
        b
    } else {
        c
    };
    items.swap(0, pivot);
    let (mut low, mut high) = (1, items.len() - 1);
    loop {
        while low <= high && compare(&items[low], &items[0])? == Ordering::Less {
            low += 1;
        }
        while low <= high && compare(&items[high], &items[0])? == Ordering::Greater {
            high -= 1;
        }
        if low >= high {
            break;
        }
        items.swap(low, high);
        low += 1;
        high -= 1;
    }
    items.swap(0, high);
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::OnceLock;
    use std::time::Duration;

    fn sorted(list: &mut [(u16, u32)], wanted: Range<usize>, time: Duration) -> Result<(), Stop> {
        let started = OnceLock::new();
        let clock = Clock {
            started: &started,
            time,
            cancelled: None,
        };
        sort(list, wanted, &clock, Ord::cmp)
    }

    proptest! {
        #[test]
        fn what_is_wanted_stands_where_a_whole_sort_puts_it(
            keys in prop::collection::vec(0_u16..50, 0..3000),
            a: prop::sample::Index,
            b: prop::sample::Index,
        ) {
            let mut list: Vec<(u16, u32)> = keys.into_iter().zip(0..).collect();
            let (a, b) = (a.index(list.len() + 1), b.index(list.len() + 1));
            let wanted = a.min(b)..a.max(b);
            let mut expected = list.clone();
            expected.sort_unstable();
            sorted(&mut list, wanted.clone(), Duration::from_hours(1)).unwrap();
            prop_assert_eq!(&list[wanted.clone()], &expected[wanted]);
        }
    }

    #[test]
    fn a_sort_ends_at_the_deadline() {
        let mut list: Vec<(u16, u32)> = (0..100_000).map(|it| ((it * 7 % 1000) as u16, it)).collect();
        let all = 0..list.len();
        assert_eq!(sorted(&mut list, all, Duration::ZERO), Err(Stop::Timeout));
    }

    #[test]
    fn a_sort_of_one_part_ends_at_the_deadline() {
        let mut random = 1_u64;
        for _ in 0..1000 {
            let mut list: Vec<(u16, u32)> = (0..SORTED_AT_ONCE as u32)
                .map(|it| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    ((random % 50_000) as u16, it)
                })
                .collect();
            let all = 0..list.len();
            assert_eq!(sorted(&mut list, all, Duration::ZERO), Err(Stop::Timeout));
        }
    }

    #[test]
    fn the_size_of_a_table_is_that_of_the_standard_librarys() {
        let mut set: FxHashSet<u64> = FxHashSet::default();
        for _ in 0..12 {
            let (_, next) = tables::<u64>(set.capacity());
            set.reserve(set.capacity() + 1 - set.len());
            assert_eq!(tables::<u64>(set.capacity()).0, next);
            while set.len() < set.capacity() {
                set.insert(set.len() as u64);
            }
        }
    }
}
