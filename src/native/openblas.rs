#[inline(always)]
pub(crate) fn pin_this_thread() {}
