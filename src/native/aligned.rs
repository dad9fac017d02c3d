//! Values that start at a line of the caches.

use std::collections::TryReserveError;
use std::ops::{Deref, DerefMut};

use crate::scalar::Scalar;

/// Bytes of a line of the caches, and of the widest vectors.
const LINE: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

/// A slice of its own whose first value starts a line of the caches: each vector that is read from another place but a
/// multiple of its size touches two lines, those of 64 bytes every time.
#[derive(Clone)]
pub(crate) struct Aligned<F> {
    lines: Vec<Line>,
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
        let count = (len * size_of::<F>()).div_ceil(LINE);
        Self { lines: vec![Line([0; LINE]); count], len, values: std::marker::PhantomData }
    }

    /// Zeros, if there is memory for them.
    pub(crate) fn try_zeros(len: usize) -> Result<Self, TryReserveError> {
        let count = len.saturating_mul(size_of::<F>()).div_ceil(LINE);
        let mut lines = Vec::new();
        lines.try_reserve_exact(count)?;
        lines.resize(count, Line([0; LINE]));
        Ok(Self { lines, len, values: std::marker::PhantomData })
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
        // SAFETY: the lines hold at least `len` values, all of their bytes are initialised, any bytes are a floating-point
        // number, whose alignment divides a line's.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<F: Scalar> DerefMut for Aligned<F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [F] {
        // SAFETY: as above, and the lines are borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
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
            let copy = Aligned::from(&*values.clone());
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
