//! The generator of 32-bit words under `RandomState`.

/// Words of state.
pub(super) const WORDS: usize = 624;
const MIDDLE: usize = 397;
const UPPER_BIT: u32 = 0x8000_0000;

/// MT19937: period 2^19937 − 1. Source: Matsumoto & Nishimura 1998, with the 2002 seeding.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct MersenneTwister {
    pub(super) key: [u32; WORDS],
    /// Words of `key` already handed out, 0 to `WORDS`.
    pub(super) position: usize,
}

impl MersenneTwister {
    /// The paper's `init_genrand`.
    pub(super) fn from_word(seed: u32) -> Self {
        let mut key = [seed; WORDS];
        for i in 1..WORDS {
            let previous = key[i - 1] ^ (key[i - 1] >> 30);
            key[i] = previous.wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Self { key, position: WORDS }
    }

    /// The paper's `init_by_array` for a seed of two words; it works for any length up to `WORDS`.
    pub(super) fn from_words(seed: [u32; 2]) -> Self {
        let mut twister = Self::from_word(19_650_218);
        let key = &mut twister.key;
        let mut i = 1;
        for round in 0..WORDS {
            let word = round % seed.len();
            let mixed = (key[i - 1] ^ (key[i - 1] >> 30)).wrapping_mul(1_664_525);
            key[i] = (key[i] ^ mixed).wrapping_add(seed[word]).wrapping_add(word as u32);
            i = next_after_first(key, i);
        }
        for _ in 1..WORDS {
            let mixed = (key[i - 1] ^ (key[i - 1] >> 30)).wrapping_mul(1_566_083_941);
            key[i] = (key[i] ^ mixed).wrapping_sub(i as u32);
            i = next_after_first(key, i);
        }
        key[0] = UPPER_BIT;
        twister
    }

    /// The next word, uniform over all of `u32`.
    #[inline]
    pub(super) fn next_u32(&mut self) -> u32 {
        if self.position >= WORDS {
            self.twist();
        }
        let mut word = self.key[self.position];
        self.position += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn twist(&mut self) {
        let key = &mut self.key;
        for i in 0..WORDS - MIDDLE {
            key[i] = key[i + MIDDLE] ^ twisted(key[i], key[i + 1]);
        }
        for i in WORDS - MIDDLE..WORDS - 1 {
            key[i] = key[i + MIDDLE - WORDS] ^ twisted(key[i], key[i + 1]);
        }
        key[WORDS - 1] = key[MIDDLE - 1] ^ twisted(key[WORDS - 1], key[0]);
        self.position = 0;
    }
}

#[inline]
fn twisted(upper: u32, lower: u32) -> u32 {
    let joined = (upper & UPPER_BIT) | (lower & !UPPER_BIT);
    (joined >> 1) ^ (if joined & 1 == 1 { 0x9908_b0df } else { 0 })
}

/// Steps through words 1 to 623 in a ring; word 0 follows the last.
fn next_after_first(key: &mut [u32; WORDS], i: usize) -> usize {
    if i + 1 < WORDS {
        return i + 1;
    }
    key[0] = key[WORDS - 1];
    1
}
