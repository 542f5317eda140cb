//! A compiled graph with changed bytes. Each eight bytes of the input are one change, and the last byte says whether the
//! checksums are corrected for some of them. A file with a wrong checksum is refused unless it is unchanged. A file with
//! correct checksums is refused or may give wrong answers.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use clew::graph::Snapshot;
use clew_fuzz::ENGINE;
use libfuzzer_sys::fuzz_target;
use xxhash_rust::xxh3::xxh3_64;

/// The file that is changed, and what it holds.
static FILE: LazyLock<(PathBuf, Vec<u8>)> = LazyLock::new(|| {
    let path = clew_fuzz::scratch_file("graph.clew");
    ENGINE.snapshot().save(&path).expect("it can be saved");
    let bytes = std::fs::read(&path).expect("it can be read");
    (path, bytes)
});

const HEADER: usize = 64;
const ENTRY: usize = 32;

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u64::from_le_bytes(*bytes)).ok()
}

fn put(bytes: &mut [u8], at: usize, sum: u64) {
    bytes[at..at + 8].copy_from_slice(&sum.to_le_bytes());
}

/// Makes the checksums fit, as `docs/snapshot-format.md` has them.
fn seal(bytes: &mut [u8]) {
    let length = bytes.len() as u64;
    put(bytes, 16, length);
    let table = number(bytes, 24).filter(|it| *it <= bytes.len());
    let Some(table) = table else { return };
    for entry in (table..bytes.len().saturating_sub(ENTRY - 1)).step_by(ENTRY) {
        let (start, length) = (number(bytes, entry), number(bytes, entry + 8));
        let section = start
            .zip(length)
            .and_then(|(start, length)| bytes.get(start..start.checked_add(length)?));
        if let Some(sum) = section.map(xxh3_64) {
            put(bytes, entry + 24, sum);
        }
    }
    let sum = xxh3_64(&bytes[table..]);
    put(bytes, 40, sum);
    let sum = xxh3_64(&bytes[..HEADER - 8]);
    put(bytes, 56, sum);
}

fuzz_target!(init: { LazyLock::force(&FILE); }, |input: &[u8]| {
    let (path, saved) = &*FILE;
    let mut bytes = saved.clone();
    let (changes, rest) = input.as_chunks::<8>();
    for [kind, a, b, c, value @ ..] in changes {
        let at = u32::from_le_bytes([*a, *b, *c, 0]) as usize % bytes.len();
        match kind % 4 {
            0 => bytes[at] ^= value[0],
            1 => {
                let at = at & !3;
                if let Some(place) = bytes.get_mut(at..at + 4) {
                    place.copy_from_slice(value);
                }
            }
            2 => {
                let at = at & !3;
                if let Some(place) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                    let sum = u32::from_le_bytes(*place).wrapping_add(u32::from(value[0]));
                    *place = sum.to_le_bytes();
                }
            }
            _ => bytes.truncate(at.max(HEADER)),
        }
    }
    let is_sealed = rest.last().is_some_and(|it| it % 2 == 1);
    if is_sealed {
        seal(&mut bytes);
    }
    // A new file: the one before may still be mapped.
    let _ = std::fs::remove_file(path);
    std::fs::write(path, &bytes).expect("the file can be written");
    match Snapshot::open(path) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(snapshot) => {
            assert!(is_sealed || bytes == *saved, "a changed file was opened");
            clew_fuzz::ask(snapshot);
        }
    }
});
