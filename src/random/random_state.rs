//! NumPy's legacy generator.

use std::convert::Infallible;
use std::fmt;

use ndarray::Array2;
use rand::rand_core::utils::fill_bytes_via_next_word;
use rand::{SeedableRng, TryRng};
use serde::{Deserialize, Serialize};

use super::mersenne_twister::{MersenneTwister, WORDS};
use crate::error::{Error, Result};

/// NumPy's `numpy.random.RandomState`, number for number.
///
/// NumPy has frozen this generator (as of its version 1.16), so the same seed gives the same
/// numbers there and here for ever: whole numbers, and `double` and `uniform`, on every platform;
/// normals to the last bit where the platform's natural logarithm is that of NumPy's (as with
/// glibc), and within a few units in the last place elsewhere.
///
/// It is not for cryptography.
///
/// ```
/// use blastrain::RandomState;
///
/// let mut random = RandomState::new(42);
/// assert_eq!(random.permutation(10), [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]);
/// let weights = RandomState::new(42).randn(2, 3); // numpy.random.RandomState(42).randn(2, 3)
/// assert!((weights[(0, 0)] - 0.4967141530112327).abs() < 1e-15);
/// ```
///
/// Distributions of the crate rand draw from it as well, though with other numbers than NumPy's:
///
/// ```
/// use blastrain::RandomState;
/// use rand::RngExt;
///
/// let mut random = RandomState::new(7);
/// let die: u32 = random.random_range(1..=6);
/// assert!((1..=6).contains(&die));
/// ```
///
/// Source of the methods: NumPy's documentation of the legacy generator; Matsumoto & Nishimura
/// 1998 (words), Marsaglia & Bray 1964 (normals).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SavedRandomState", into = "SavedRandomState")]
pub struct RandomState {
    words: MersenneTwister,
    /// Normals are made in pairs: the second waits here.
    cached_gaussian: Option<f64>,
}

/// The whole state of a [`RandomState`]: what NumPy's `get_state()` shows.
///
/// ```
/// use blastrain::RandomState;
///
/// let mut random = RandomState::new(3);
/// random.standard_normal();
/// let saved = random.state();
/// let next = random.standard_normal();
/// assert_eq!(RandomState::from_state(saved)?.standard_normal(), next);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedRandomState {
    /// The 624 words of the Mersenne Twister.
    pub key: Vec<u32>,
    /// How many of the words are used up, 0 to 624.
    pub position: usize,
    /// The second normal of a pair, if it has not been handed out.
    pub cached_gaussian: Option<f64>,
}

impl RandomState {
    /// NumPy's `RandomState(seed)`.
    ///
    /// For a 64-bit seed see [`SeedableRng::seed_from_u64`].
    pub fn new(seed: u32) -> Self {
        Self { words: MersenneTwister::from_word(seed), cached_gaussian: None }
    }

    /// The state, to be stored; it comes back by [`RandomState::from_state`]. Serde does the same.
    pub fn state(&self) -> SavedRandomState {
        SavedRandomState {
            key: self.words.key.to_vec(),
            position: self.words.position,
            cached_gaussian: self.cached_gaussian,
        }
    }

    /// The generator that goes on from a stored state.
    ///
    /// # Errors
    /// [`Error::Shape`] unless `key` has 624 words; [`Error::Param`] if they are all zero (then
    /// every number would be), if `position` is above 624, or the cached normal is not finite.
    pub fn from_state(state: SavedRandomState) -> Result<Self> {
        let found = state.key.len();
        let key: [u32; WORDS] = state.key.try_into().map_err(|_| {
            Error::shape("random state key", format!("{WORDS} words"), format!("{found} words"))
        })?;
        if key.iter().all(|&word| word == 0) {
            return Err(Error::param("key", "all zero", "not all zero"));
        }
        if state.position > WORDS {
            return Err(Error::param("position", state.position, format!("at most {WORDS}")));
        }
        if let Some(value) = state.cached_gaussian.filter(|value| !value.is_finite()) {
            return Err(Error::param("cached_gaussian", value, "finite"));
        }
        let words = MersenneTwister { key, position: state.position };
        Ok(Self { words, cached_gaussian: state.cached_gaussian })
    }

    /// A whole number, uniform over all of `u32`.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.words.next_u32()
    }

    /// A whole number, uniform over all of `u64`: two words, the first one high, as NumPy has it.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        (high << 32) | u64::from(self.next_u32())
    }

    /// A number in `[0, 1)`, a multiple of 2⁻⁵³. NumPy: `random_sample()`.
    #[inline]
    pub fn double(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A number between `low` and `high`: `low + (high − low)·double()`. NumPy: `uniform(low, high)`.
    ///
    /// `high` itself can come out by rounding. Nothing is checked: bounds that are not finite give
    /// a number that is not finite.
    #[inline]
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.double()
    }

    /// A normal number of mean 0 and standard deviation 1. NumPy: `standard_normal()`.
    ///
    /// Made in pairs by the polar method (Marsaglia & Bray 1964): every second call only hands
    /// out the number kept back by the one before.
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(cached) = self.cached_gaussian.take() {
            return cached;
        }
        loop {
            let x = 2.0 * self.double() - 1.0;
            let y = 2.0 * self.double() - 1.0;
            let square = x * x + y * y;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.cached_gaussian = Some(factor * x);
                return factor * y;
            }
        }
    }

    /// A normal number: `mean + deviation·standard_normal()`. NumPy: `normal(mean, deviation)`.
    ///
    /// Nothing is checked: a negative deviation mirrors.
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        mean + deviation * self.standard_normal()
    }

    /// A matrix `(rows, cols)` of standard normals, drawn row by row. NumPy: `randn(rows, cols)`.
    ///
    /// # Panics
    /// As every ndarray constructor, if `rows·cols` exceeds what memory can address.
    pub fn randn(&mut self, rows: usize, cols: usize) -> Array2<f64> {
        let mut matrix = Array2::zeros((rows, cols));
        for value in &mut matrix {
            *value = self.standard_normal();
        }
        matrix
    }

    /// A whole number from 0 to `max`, both included, all equally likely.
    ///
    /// Draws words, masked to the bits of `max`, until one is not above it; for 0 it draws none.
    #[inline]
    pub fn interval(&mut self, max: u64) -> u64 {
        if max == 0 {
            return 0;
        }
        let mask = u64::MAX >> max.leading_zeros();
        loop {
            let word = match max <= u64::from(u32::MAX) {
                true => u64::from(self.next_u32()),
                false => self.next_u64(),
            };
            if word & mask <= max {
                return word & mask;
            }
        }
    }

    /// A whole number from `low` to `high − 1`. NumPy: `randint(low, high)`, of 64 bits.
    ///
    /// # Errors
    /// [`Error::Param`] unless `low < high`.
    pub fn randint(&mut self, low: i64, high: i64) -> Result<i64> {
        if low >= high {
            return Err(Error::param("low", low, format!("below high, {high}")));
        }
        let above = self.interval(high.abs_diff(low) - 1);
        Ok(low.wrapping_add_unsigned(above))
    }

    /// Puts the values in random order, in place and without allocating. NumPy: `shuffle`.
    ///
    /// From the back, each value changes places with one at or before it (Durstenfeld 1964).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        let mut last = values.len().saturating_sub(1);
        while last > u32::MAX as usize {
            let other = self.interval(last as u64) as usize;
            values.swap(last, other);
            last -= 1;
        }
        while last > 0 {
            // As long as the mask is the same: a word above `last` swaps nothing, which needs no branch that
            // the processor would guess wrongly.
            let mask = u32::MAX >> (last as u32).leading_zeros();
            while last > (mask >> 1) as usize {
                let other = (self.next_u32() & mask) as usize;
                values.swap(last, other.min(last));
                last -= usize::from(other <= last);
            }
        }
    }

    /// The numbers `0..n` in random order. NumPy: `permutation(n)`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }

    /// `k` different numbers of `0..n`. NumPy: `choice(n, k, replace=False)`.
    ///
    /// Like NumPy's it permutes all `n` and keeps the first `k`.
    ///
    /// # Errors
    /// [`Error::Param`] if `k > n`.
    pub fn choice(&mut self, n: usize, k: usize) -> Result<Vec<usize>> {
        if k > n {
            return Err(Error::param("k", k, format!("at most n, {n}")));
        }
        let mut chosen = self.permutation(n);
        chosen.truncate(k);
        Ok(chosen)
    }
}

impl fmt::Debug for RandomState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A digest, so that generators which differ are seen to.
        let digest =
            |digest: u32, &word: &u32| (digest.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9);
        f.debug_struct("RandomState")
            .field("key", &format_args!("{:08x}", self.words.key.iter().fold(0, digest)))
            .field("position", &self.words.position)
            .field("cached_gaussian", &self.cached_gaussian)
            .finish_non_exhaustive()
    }
}

impl From<RandomState> for SavedRandomState {
    fn from(random: RandomState) -> Self {
        random.state()
    }
}

impl TryFrom<SavedRandomState> for RandomState {
    type Error = Error;

    fn try_from(state: SavedRandomState) -> Result<Self> {
        Self::from_state(state)
    }
}

/// 64-bit words have the first 32-bit word high, as NumPy's; bytes are those of 32-bit words, low
/// byte first.
impl TryRng for RandomState {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_u32())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next_u64())
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(dst, || Ok(self.next_u32()))
    }
}

/// A seed below 2³² gives NumPy's `RandomState(seed)`, a larger one NumPy's `RandomState([seed % 2**32,
/// seed >> 32])`. The eight bytes of [`SeedableRng::from_seed`] are such a number, low byte first.
impl SeedableRng for RandomState {
    type Seed = [u8; 8];

    fn from_seed(seed: [u8; 8]) -> Self {
        Self::seed_from_u64(u64::from_le_bytes(seed))
    }

    fn seed_from_u64(seed: u64) -> Self {
        match u32::try_from(seed) {
            Ok(word) => Self::new(word),
            Err(_) => {
                let words = MersenneTwister::from_words([seed as u32, (seed >> 32) as u32]);
                Self { words, cached_gaussian: None }
            }
        }
    }
}
