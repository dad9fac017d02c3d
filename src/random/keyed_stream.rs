//! A counter-based generator for the inside of a training step.

use std::convert::Infallible;

use rand::rand_core::utils::{fill_bytes_via_next_word, next_u64_via_u32};
use rand::{SeedableRng, TryRng};

/// 2⁶⁴ divided by the golden ratio, odd: SplitMix64's step from one counter to the next.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Random numbers that follow from where they are used: seed, layer, step and row.
///
/// Value `i` is a pure function of the key and `i`. So dropout's backward pass draws its mask again
/// instead of storing it, and shards and threads cannot change it.
///
/// ```
/// use blastrain::random::KeyedStream;
///
/// let row = KeyedStream::new(42, 1, 1000, 7); // seed, layer, step, row
/// let mut mask = [0; 4];
/// row.fill_u32(0, &mut mask);
/// assert_eq!(mask[3], row.value(3));
/// ```
///
/// As rand's generator it hands its values out in order:
///
/// ```
/// use blastrain::random::KeyedStream;
/// use rand::Rng;
///
/// let mut row = KeyedStream::new(42, 1, 1000, 7);
/// assert_eq!(row.next_u32(), row.value(0));
/// assert_eq!(row.next_u32(), row.value(1));
/// ```
///
/// The generator is SplitMix64 (Steele, Lea & Flood 2014, with Stafford's mixer 13): 64-bit word
/// `k` is the mixed value of `key + (k + 1)·γ`, and gives values `2k` (its low half) and `2k + 1`. The key is
/// chained from seed, layer, step and position by the same mixer. It is about one multiplication a
/// value and vectorises. It is not for cryptography.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedStream {
    key: u64,
    next: u64,
}

impl KeyedStream {
    /// The stream of one place: `position` is usually the row in the batch.
    ///
    /// Any change of an argument gives an unrelated stream. Different places share one of the 2⁶⁴
    /// streams only by chance.
    #[inline]
    pub fn new(seed: u64, layer: u32, step: u64, position: u64) -> Self {
        let key = [u64::from(layer), step, position]
            .into_iter()
            .fold(mix(seed.wrapping_add(GAMMA)), |key, part| mix(key.wrapping_add(GAMMA) ^ part));
        Self { key, next: 0 }
    }

    /// Value `index` of the stream, uniform over all of `u32`. The stream stays where it is.
    #[inline]
    pub fn value(&self, index: u64) -> u32 {
        let word = self.word(index / 2);
        if index.is_multiple_of(2) { word as u32 } else { (word >> 32) as u32 }
    }

    /// Writes values `start`, `start + 1` … into `out`, overwriting it. The stream stays where it is.
    ///
    /// Indices must stay below 2⁶⁴: past that the numbers are still random, but not those of
    /// [`KeyedStream::value`].
    #[inline]
    pub fn fill_u32(&self, start: u64, out: &mut [u32]) {
        let mut start = start;
        let mut out = out;
        if start % 2 == 1
            && let Some((first, rest)) = std::mem::take(&mut out).split_first_mut()
        {
            *first = self.value(start);
            start = start.wrapping_add(1);
            out = rest;
        }
        let mut pairs = out.chunks_exact_mut(2);
        let mut counter = self.counter(start / 2);
        for pair in &mut pairs {
            let word = mix(counter);
            pair[0] = word as u32;
            pair[1] = (word >> 32) as u32;
            counter = counter.wrapping_add(GAMMA);
        }
        if let [last] = pairs.into_remainder() {
            *last = mix(counter) as u32;
        }
    }

    #[inline]
    fn word(&self, index: u64) -> u64 {
        mix(self.counter(index))
    }

    #[inline]
    fn counter(&self, index: u64) -> u64 {
        self.key.wrapping_add(GAMMA.wrapping_mul(index.wrapping_add(1)))
    }
}

/// A one-to-one scrambling of 64 bits: each output bit depends on every input bit.
#[inline]
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Hands out values in order. A 64-bit word is two of them, the first one low.
impl TryRng for KeyedStream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let value = self.value(self.next);
        self.next = self.next.wrapping_add(1);
        Ok(value)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        next_u64_via_u32(self)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(dst, || self.try_next_u32())
    }
}

/// The stream of this seed with layer, step and position 0. The eight bytes of
/// [`SeedableRng::from_seed`] are the seed, low byte first.
impl SeedableRng for KeyedStream {
    type Seed = [u8; 8];

    fn from_seed(seed: [u8; 8]) -> Self {
        Self::seed_from_u64(u64::from_le_bytes(seed))
    }

    fn seed_from_u64(seed: u64) -> Self {
        Self::new(seed, 0, 0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_splitmix64() {
        // The sequence that the published SplitMix64 gives from state 1234567.
        let stream = KeyedStream { key: 1_234_567, next: 0 };
        let words: Vec<u64> = (0..3).map(|index| stream.word(index)).collect();
        assert_eq!(
            words,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}
