//! Values that start at a line of the caches.

use std::collections::TryReserveError;
use std::ops::{Deref, DerefMut};

use crate::scalar::Scalar;

/// Bytes of a line of the caches, and of the widest vectors.
const LINE: usize = 64;

/// Words of a line.
const WORDS: usize = LINE / size_of::<u64>();

/// A slice of its own whose first value starts a line of the caches: each vector that is read from another place but a
/// multiple of its size touches two lines, those of 64 bytes every time.
///
/// It lies inside a larger one of whole words: the allocator would write zeros to one that is aligned so, and memory that
/// nobody touches (most of a gradient that comes in parts) is not taken from the system.
pub(crate) struct Aligned<F> {
    words: Vec<u64>,
    /// Words before the first value.
    start: usize,
    len: usize,
    values: std::marker::PhantomData<F>,
}

/// So many values rounded up to whole lines.
pub(crate) fn whole_lines<F>(len: usize) -> usize {
    len.next_multiple_of(LINE / size_of::<F>())
}

impl<F: Scalar> Aligned<F> {
    /// Zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        Self::inside(vec![0; Self::words(len)], len)
    }

    /// Zeros, if there is memory for them.
    pub(crate) fn try_zeros(len: usize) -> Result<Self, TryReserveError> {
        let mut words = Vec::new();
        words.try_reserve_exact(Self::words(len))?;
        words.resize(words.capacity(), 0);
        Ok(Self::inside(words, len))
    }
}

impl<F> Aligned<F> {
    /// The words that hold so many values from any line on.
    fn words(len: usize) -> usize {
        len.saturating_mul(size_of::<F>()).div_ceil(size_of::<u64>()) + WORDS - 1
    }

    fn inside(words: Vec<u64>, len: usize) -> Self {
        let behind_line = words.as_ptr().addr() % LINE / size_of::<u64>();
        let start = (WORDS - behind_line) % WORDS;
        assert!(words.len() >= Self::words(len), "{} words for {len} values", words.len());
        Self { words, start, len, values: std::marker::PhantomData }
    }
}

impl<F> Clone for Aligned<F> {
    fn clone(&self) -> Self {
        let count = Self::words(self.len);
        let mut copy = Self::inside(vec![0; count], self.len);
        let held = count + 1 - WORDS;
        copy.words[copy.start..][..held].copy_from_slice(&self.words[self.start..][..held]);
        copy
    }
}

/// The values of some slices, one behind the other.
pub(crate) fn joined<F: Scalar>(slices: &[Aligned<F>]) -> Vec<F> {
    slices.iter().flat_map(|slice| slice.iter().copied()).collect()
}

impl<F: Scalar> From<&[F]> for Aligned<F> {
    fn from(values: &[F]) -> Self {
        let mut copy = Self::zeros(values.len());
        copy.copy_from_slice(values);
        copy
    }
}

impl<F: Scalar> Deref for Aligned<F> {
    type Target = [F];

    #[inline]
    fn deref(&self) -> &[F] {
        // SAFETY: behind `start`, at most `WORDS - 1`, the words hold at least `len` values (`inside` asked), any bytes
        // are a floating-point number, and its alignment divides a word's.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().add(self.start).cast(), self.len) }
    }
}

impl<F: Scalar> DerefMut for Aligned<F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [F] {
        // SAFETY: as above, and the words are borrowed mutably.
        unsafe {
            let first = self.words.as_mut_ptr().add(self.start);
            std::slice::from_raw_parts_mut(first.cast(), self.len)
        }
    }
}

impl<F> std::fmt::Debug for Aligned<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aligned").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<F: Scalar>() {
        for len in [0, 1, 7, 8, 9, 16, 1000] {
            let mut values = Aligned::<F>::zeros(len);
            assert_eq!((values.len(), values.as_ptr() as usize % LINE), (len, 0));
            assert!(values.iter().all(|&value| value == F::zero()));
            values.fill(F::one());
            let copy = Aligned::from(&*values);
            assert_eq!((&*copy.clone(), copy.clone().as_ptr() as usize % LINE), (&*values, 0));
            assert_eq!((&*copy, copy.as_ptr() as usize % LINE), (&*values, 0));
            let zeros = Aligned::<F>::try_zeros(len).unwrap();
            assert_eq!((zeros.len(), zeros.as_ptr() as usize % LINE), (len, 0));
            let lines = whole_lines::<F>(len);
            assert!(lines >= len && (lines * size_of::<F>()).is_multiple_of(LINE));
        }
        assert!(Aligned::<F>::try_zeros(usize::MAX / 2).is_err());
    }

    #[test]
    fn values_start_a_line() {
        check::<f32>();
        check::<f64>();
    }
}
