//! Memory for the copies that large products make, two pieces for each thread.

use std::cell::{Cell, OnceCell, UnsafeCell};
use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::LocalKey;

use ndarray::ArrayView2;

use super::columns::COLUMNS_BYTES;

/// A line of the caches.
#[repr(C, align(64))]
struct Line([MaybeUninit<u8>; 64]);

type Room = Cell<Vec<Line>>;

thread_local! {
    static LEFT: Room = const { Cell::new(Vec::new()) };
    static RIGHT: Room = const { Cell::new(Vec::new()) };
    /// What the copy in `RIGHT` is of, where that is known.
    static HELD: Cell<Option<CopyOf>> = const { Cell::new(None) };
    static COLUMNS: OnceCell<Box<[UnsafeCell<Line>]>> = const { OnceCell::new() };
}

/// A matrix that stays as it is for a while, the right factor of several products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Of the while.
    number: NonZeroU64,
    address: usize,
}

/// What a copy is of, and its shape.
pub(super) type CopyOf = (Key, (usize, usize));

impl Key {
    /// The number of a while that nobody has had.
    pub(crate) fn new_number() -> NonZeroU64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX)
    }

    /// That of a matrix that nobody writes, or gives its memory back, until all products of this number are done.
    pub(crate) fn new<F>(number: NonZeroU64, matrix: &ArrayView2<'_, F>) -> Self {
        Self { number, address: matrix.as_ptr().addr() }
    }

    /// What a copy of `matrix` is of, if the key is that of its memory and it has no gaps: not of another one that a layer
    /// made of it.
    pub(super) fn copy_of<F>(self, matrix: &ArrayView2<'_, F>) -> Option<CopyOf> {
        let is_same = matrix.is_standard_layout() && self == Self::new(self.number, matrix);
        is_same.then_some((self, matrix.dim()))
    }
}

/// Bytes for parts of a left factor …
pub(super) const LEFT_BYTES: usize = 9 << 17;
/// … and of a right one. What is never written takes no memory.
pub(super) const RIGHT_BYTES: usize = 1 << 23;

/// Calls `work` with this thread's room for left factors, whose content means nothing. It is allocated at the first call.
pub(super) fn with_left<F: Copy, R>(work: impl FnOnce(&mut [MaybeUninit<F>]) -> R) -> R {
    with_room(&LEFT, LEFT_BYTES, work)
}

/// As [`with_left`], for right factors.
pub(super) fn with_right<F: Copy, R>(work: impl FnOnce(&mut [MaybeUninit<F>]) -> R) -> R {
    HELD.set(None);
    with_room(&RIGHT, RIGHT_BYTES, work)
}

/// As [`with_right`], and tells whether the room still holds what the last caller on this thread left there under this
/// key: nobody has used it since.
pub(super) fn with_right_of<F: Copy, R>(
    key: Option<CopyOf>,
    work: impl FnOnce(&mut [MaybeUninit<F>], bool) -> R,
) -> R {
    // Nobody else's while this one works: it may unwind, or call for room itself.
    let held = HELD.take();
    let result = with_room(&RIGHT, RIGHT_BYTES, |room| work(room, key.is_some() && held == key));
    HELD.set(key);
    result
}

/// This thread's [`COLUMNS_BYTES`] bytes for columns of a right factor. They live as long as the thread, so that small
/// products need not look for room on their stack; nothing is allocated after the first call.
#[inline(never)]
pub(super) fn columns_room() -> *mut u8 {
    let lines = || {
        let line = || UnsafeCell::new(Line([const { MaybeUninit::uninit() }; 64]));
        (0..COLUMNS_BYTES / size_of::<Line>()).map(|_| line()).collect()
    };
    COLUMNS.with(|columns| UnsafeCell::raw_get(columns.get_or_init(lines).as_ptr()).cast())
}

/// Allocates this thread's room, if it has none yet.
pub(crate) fn reserve() {
    columns_room();
    with_left::<f32, _>(|_| with_right::<f32, _>(|_| ()));
}

fn with_room<F: Copy, R>(
    room: &'static LocalKey<Room>,
    bytes: usize,
    work: impl FnOnce(&mut [MaybeUninit<F>]) -> R,
) -> R {
    // Taken out, so that a product inside another one finds none and makes its own.
    let mut lines = room.take();
    let count = bytes / size_of::<Line>();
    if lines.len() < count {
        lines = Vec::with_capacity(count);
        // SAFETY: a line need not be initialised.
        unsafe { lines.set_len(count) };
    }
    // SAFETY: so many bytes are there, borrowed mutably through `lines`; values that need not be initialised
    // may have any bytes, and a line's alignment is enough for the floating-point types.
    let values = unsafe {
        std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), bytes / size_of::<F>())
    };
    let result = work(values);
    room.set(lines);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_and_one_inside_another_is_its_own() {
        let first = with_left::<f64, _>(|room| {
            room[0].write(1.0);
            with_left::<f32, _>(|inner| {
                assert_ne!(inner.as_ptr().cast(), room.as_ptr());
                assert_eq!(inner.len(), LEFT_BYTES / 4);
            });
            assert_eq!(room.as_ptr() as usize % 64, 0);
            room.as_ptr() as usize
        });
        assert_eq!(with_left::<f64, _>(|room| room.as_ptr() as usize), first);
    }
}
