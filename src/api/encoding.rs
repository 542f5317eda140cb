//! Content encodings of answers. Compressing takes time linear in the answer; the memory of an encoder is bounded.

use std::io::{self, Write};

use crate::budget::Stop;

/// Shorter answers are sent as they are: their head is about as long.
pub const SHORTEST: usize = 1 << 10;
/// Longer answers are compressed by a run of their own, within its budget.
pub(super) const LONGEST_QUICK: usize = 64 << 10;
/// Bytes that are compressed between two checks of the budget.
const CHUNK: usize = 64 << 10;
/// Bytes that an encoder takes at most beside what it writes, and what a vector has in addition until it is mapped.
const ENCODER: usize = 9 << 20;

/// A content encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Zstandard (RFC 8878).
    Zstd,
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// All encodings, in the order of preference.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// The encoding of a name in HTTP.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|it| name.eq_ignore_ascii_case(it.name()))
            .or_else(|| name.eq_ignore_ascii_case("x-gzip").then_some(Self::Gzip))
    }

    /// Its name in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// Its place in [`Self::ALL`].
    pub fn rank(self) -> usize {
        self as usize
    }

    /// Compresses bytes. `check` is called before each part with the bytes of memory that are needed until then.
    ///
    /// # Errors
    /// When `check` fails.
    pub(super) fn compress(
        self,
        bytes: &[u8],
        check: impl Fn(usize) -> Result<(), Stop>,
    ) -> Result<Vec<u8>, Stop> {
        let out = Vec::with_capacity((bytes.len() / 4).min(CHUNK));
        // Writing to a vector cannot fail, so an encoder that fails is out of memory.
        let failed = |_: io::Error| Stop::Bytes;
        match self {
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, 3).map_err(failed)?;
                let _ = encoder.set_pledged_src_size(Some(bytes.len() as u64));
                write(&mut encoder, bytes, |it| it.get_ref().len(), check)?;
                encoder.finish().map_err(failed)
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(out, 4 << 10, 4, 20);
                write(&mut encoder, bytes, |it| it.get_ref().len(), check)?;
                Ok(encoder.into_inner())
            }
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::new(5));
                write(&mut encoder, bytes, |it| it.get_ref().len(), check)?;
                encoder.finish().map_err(failed)
            }
        }
    }
}

fn write<W: Write>(
    encoder: &mut W,
    bytes: &[u8],
    written: impl Fn(&W) -> usize,
    check: impl Fn(usize) -> Result<(), Stop>,
) -> Result<(), Stop> {
    for chunk in bytes.chunks(CHUNK) {
        // Incompressible data grow by less than a chunk.
        check(ENCODER + written(encoder) + 2 * CHUNK)?;
        encoder.write_all(chunk).map_err(|_| Stop::Bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn plain(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match encoding {
            Encoding::Zstd => zstd::stream::read::Decoder::new(bytes)
                .unwrap()
                .read_to_end(&mut plain),
            Encoding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
            Encoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        }
        .unwrap();
        plain
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_is_compressed_is_the_same_when_it_is_read(bytes in prop::collection::vec(any::<u8>(), 0..3000), times in 1usize..100) {
            let bytes = bytes.repeat(times);
            for encoding in Encoding::ALL {
                let packed = encoding.compress(&bytes, |_| Ok(())).unwrap();
                prop_assert_eq!(plain(encoding, &packed), &bytes[..]);
            }
        }
    }

    #[test]
    fn each_part_is_within_the_budget() {
        for encoding in Encoding::ALL {
            let parts = std::cell::Cell::new(0);
            let check = |_| {
                parts.set(parts.get() + 1);
                if parts.get() == 3 {
                    Err(Stop::Timeout)
                } else {
                    Ok(())
                }
            };
            assert_eq!(encoding.compress(&vec![0; 10 * CHUNK], check), Err(Stop::Timeout));
            assert_eq!(parts.get(), 3);
        }
    }
}
