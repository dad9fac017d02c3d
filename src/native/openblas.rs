//! Thread control of OpenBLAS: checked and pinned to one thread once a process.

// Links the library for every user of the crate.
extern crate blas_src as _;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::error::{Error, Result};
use crate::linalg::{BlasInfo, ParallelModel};

unsafe extern "C" {
    fn openblas_set_num_threads(threads: c_int);
    fn openblas_get_num_threads() -> c_int;
    fn openblas_get_parallel() -> c_int;
    fn openblas_get_config() -> *const c_char;
    fn openblas_get_corename() -> *const c_char;
}

/// What the library says of itself.
#[derive(Debug)]
struct Loaded {
    version: String,
    kernel: String,
    config: String,
    parallel: ParallelModel,
}

/// Nobody has asked yet.
const UNKNOWN: u8 = 0;
/// One thread, set for the whole process.
const PINNED: u8 = 1;
/// OpenMP keeps the number of threads per calling thread: each is to be pinned.
const PER_THREAD: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
static LOADED: OnceLock<Result<Loaded, String>> = OnceLock::new();
/// OpenMP builds rearrange their buffers whenever the number is set, without a lock of their own.
static SETTING: Mutex<()> = Mutex::new(());
static OWN_THREADS: AtomicBool = AtomicBool::new(false);

thread_local! {
    static THIS_THREAD_PINNED: Cell<bool> = const { Cell::new(false) };
}

/// Pins OpenBLAS to one thread, once a process, and says whether several threads may call it. Cheap after the first call.
///
/// # Errors
/// [`Error::Unavailable`] for a build that isn't known to be safe, see [`judge`].
pub(crate) fn ensure_ready() -> Result<()> {
    loaded().map(|_| ())
}

/// Makes the products that this thread is about to call run on this thread alone.
///
/// A load and a compare for a pthreads build. It refuses nothing: [`ensure_ready`] does.
#[inline]
pub(crate) fn pin_this_thread() {
    if STATE.load(Ordering::Acquire) != PINNED {
        pin_slowly();
    }
}

#[inline(never)]
fn pin_slowly() {
    let _ = loaded();
    if STATE.load(Ordering::Acquire) == PER_THREAD && !THIS_THREAD_PINNED.replace(true) {
        set_threads(1);
    }
}

/// The library linked, and what it does now.
///
/// # Errors
/// As [`ensure_ready`].
pub(crate) fn info() -> Result<BlasInfo> {
    let loaded = loaded()?;
    pin_this_thread();
    Ok(BlasInfo {
        vendor: "OpenBLAS",
        version: loaded.version.clone(),
        kernel: loaded.kernel.clone(),
        threads: threads(),
        parallel: loaded.parallel,
        config: loaded.config.clone(),
    })
}

/// Whether its kernels are written for AVX2 or wider vectors. A release takes its oldest ones on processors newer than
/// itself: 0.3.21 those of SSE3 on some that have AVX-512.
pub(crate) fn has_wide_kernels() -> bool {
    const WIDE: [&str; 5] = ["Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"];
    let wide = |kernel: &str| WIDE.iter().any(|name| name.eq_ignore_ascii_case(kernel));
    loaded().is_ok_and(|loaded| wide(&loaded.kernel))
}

fn loaded() -> Result<&'static Loaded> {
    LOADED.get_or_init(load).as_ref().map_err(|why| Error::Unavailable {
        what: "training with the linked OpenBLAS".to_owned(),
        why: why.clone(),
    })
}

fn load() -> Result<Loaded, String> {
    // SAFETY: a function without arguments that returns a constant.
    let code = unsafe { openblas_get_parallel() };
    set_threads(1);
    // A code that is not known is treated with the greater care.
    STATE.store(if matches!(code, 0 | 1) { PINNED } else { PER_THREAD }, Ordering::Release);
    // SAFETY: OpenBLAS returns a static, zero-ended string. It writes it anew at every call, and
    // `LOADED` lets only one thread come here, once.
    let config = unsafe { text(openblas_get_config()) };
    // SAFETY: OpenBLAS returns a constant, zero-ended string.
    let kernel = unsafe { text(openblas_get_corename()) };
    let (version, parallel) = judge(&config, code)?;
    Ok(Loaded { version, kernel, config, parallel })
}

/// Copies a C string.
///
/// # Safety
/// `string` is null or points to a zero-ended string that nobody changes during the call.
unsafe fn text(string: *const c_char) -> String {
    if string.is_null() {
        return String::new();
    }
    // SAFETY: by this function's contract.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().trim().to_owned()
}

/// Version and model of a build that several threads may call, or why they may not.
///
/// Refused are: versions before 0.3.7 (races in the buffer allocator; 0.3.7 brought the thread-safety test
/// and `USE_LOCKING`); single-threaded builds that do not report `USE_LOCKING` (their allocator takes no
/// lock then; versions before 0.3.28 never report it, so it cannot be known); and 64-bit integers,
/// for the arguments passed here have 32.
fn judge(config: &str, parallel: c_int) -> Result<(String, ParallelModel), String> {
    const INSTEAD: &str = "install a build with threads (Debian, Ubuntu: libopenblas0-pthread) or choose \
                           --no-default-features for pure Rust";
    let version = config.strip_prefix("OpenBLAS ").and_then(|rest| rest.split(' ').next());
    let has = |flag: &str| config.split(' ').any(|word| word == flag);
    let Some(version) = version.filter(|version| numbers(version) >= [0, 3, 7]) else {
        return Err(format!(
            "OpenBLAS before 0.3.7 is not safe to call from several threads; {INSTEAD} (found: {config})"
        ));
    };
    if has("USE64BITINT") {
        return Err(format!(
            "it takes 64-bit integers, and 32-bit ones are passed; {INSTEAD} (found: {config})"
        ));
    }
    let model = match parallel {
        0 if has("USE_LOCKING") => ParallelModel::SingleThreaded,
        0 => {
            return Err(format!(
                "it was built single-threaded and does not report USE_LOCKING, so several threads \
                 cannot call it safely; {INSTEAD} (found: {config})"
            ));
        }
        1 => ParallelModel::Pthreads,
        2 => ParallelModel::OpenMp,
        other => {
            return Err(format!(
                "its parallel model {other} is not known; {INSTEAD} (found: {config})"
            ));
        }
    };
    Ok((version.to_owned(), model))
}

/// "0.3.21.dev" as `[0, 3, 21]`; what is no number counts as 0.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

/// The most threads that this build can use: "MAX_THREADS=64"; 1 where it names none.
fn most_threads(config: &str) -> usize {
    let mut words = config.split(' ').filter_map(|word| word.strip_prefix("MAX_THREADS="));
    words.next().and_then(|most| most.parse().ok()).unwrap_or(1)
}

fn threads() -> usize {
    // SAFETY: a function without arguments that reads one number.
    usize::try_from(unsafe { openblas_get_num_threads() }).unwrap_or(1)
}

fn set_threads(threads: c_int) {
    let _alone = SETTING.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: takes any number (and clamps it); the lock keeps two calls apart.
    unsafe { openblas_set_num_threads(threads) }
}

/// OpenBLAS's own threads are on until this is dropped. At most one exists.
pub(super) struct OwnThreads;

impl OwnThreads {
    pub(super) fn start(threads: usize) -> Result<Self> {
        let refuse = |most| Err(Error::param("threads", threads, format!("at most {most}")));
        // Asking for too many would first start as many as there can be.
        let most = most_threads(&loaded()?.config);
        let Some(wanted) = c_int::try_from(threads).ok().filter(|_| threads <= most) else {
            return refuse(most);
        };
        if OWN_THREADS.swap(true, Ordering::AcqRel) {
            return Err(Error::Unavailable {
                what: "with_openblas_threads".to_owned(),
                why: "another call of it has not returned yet".to_owned(),
            });
        }
        let started = Self;
        set_threads(wanted);
        match self::threads() {
            most if most < threads => refuse(most),
            _ => Ok(started),
        }
    }
}

impl Drop for OwnThreads {
    fn drop(&mut self) {
        set_threads(1);
        OWN_THREADS.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cblas_sys::{CBLAS_LAYOUT, CBLAS_TRANSPOSE, cblas_dgemm, cblas_sgemm};

    const CALLERS: usize = 8;

    /// (m, n, k): a training step's, odd ones, and one that OpenBLAS would split over its own threads.
    const SHAPES: [(usize, usize, usize); 8] = [
        (32, 128, 784),
        (784, 128, 32),
        (1, 1, 1),
        (7, 3, 5),
        (33, 129, 65),
        (64, 1, 100),
        (10, 10, 257),
        (300, 300, 300),
    ];

    fn numbers_from<T>(seed: usize, length: usize, make: impl Fn(f32) -> T) -> Vec<T> {
        (0..length).map(|i| make(((i * 7919 + seed) % 1009) as f32 / 1009.0 - 0.5)).collect()
    }

    /// All callers start together, each at another shape; every result must have the serial one's bits.
    fn check<T: Sync + PartialEq>(product: impl Fn((usize, usize, usize)) -> Vec<T> + Sync) {
        ensure_ready().unwrap();
        // Set by hand, so that a pin that does nothing cannot hide in the oracle too.
        set_threads(1);
        let serial: Vec<Vec<T>> = SHAPES.iter().map(|&shape| product(shape)).collect();
        let start = std::sync::Barrier::new(CALLERS);
        std::thread::scope(|scope| {
            for caller in 0..CALLERS {
                let (start, serial, product) = (&start, &serial, &product);
                scope.spawn(move || {
                    start.wait();
                    for call in 0..4 * SHAPES.len() {
                        let which = (caller + call) % SHAPES.len();
                        assert!(product(SHAPES[which]) == serial[which], "{:?}", SHAPES[which]);
                    }
                });
            }
        });
    }

    macro_rules! concurrent_self_check {
        ($name:ident, $gemm:ident, $float:ty) => {
            #[test]
            fn $name() {
                check(|(m, n, k)| {
                    let a = numbers_from(1, m * k, <$float>::from);
                    let b = numbers_from(2, k * n, <$float>::from);
                    let mut c = vec![<$float>::NAN; m * n];
                    let [rows, columns, inner] = [m, n, k].map(|size| size as c_int);
                    pin_this_thread();
                    // SAFETY: row-major a (m, k), b (k, n), c (m, n) have exactly the lengths that the sizes say.
                    unsafe {
                        $gemm(
                            CBLAS_LAYOUT::CblasRowMajor,
                            CBLAS_TRANSPOSE::CblasNoTrans,
                            CBLAS_TRANSPOSE::CblasNoTrans,
                            rows,
                            columns,
                            inner,
                            1.0,
                            a.as_ptr(),
                            inner,
                            b.as_ptr(),
                            columns,
                            0.0,
                            c.as_mut_ptr(),
                            columns,
                        );
                    }
                    c.iter().map(|value| value.to_bits()).collect()
                });
            }
        };
    }
    concurrent_self_check!(concurrent_sgemm_has_the_bits_of_serial, cblas_sgemm, f32);
    concurrent_self_check!(concurrent_dgemm_has_the_bits_of_serial, cblas_dgemm, f64);

    #[test]
    fn builds_known_to_be_safe_are_taken() {
        let cases = [
            ("OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Zen MAX_THREADS=64", 1, "0.3.21"),
            ("OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY USE_OPENMP Zen MAX_THREADS=64", 2, "0.3.21"),
            ("OpenBLAS 0.3.29 USE_LOCKING DYNAMIC_ARCH Haswell SINGLE_THREADED", 0, "0.3.29"),
            ("OpenBLAS 0.3.27.dev DYNAMIC_ARCH SkylakeX MAX_THREADS=8", 1, "0.3.27.dev"),
            ("OpenBLAS 0.3.7 DYNAMIC_ARCH Haswell MAX_THREADS=8", 1, "0.3.7"),
            ("OpenBLAS 1.0 Haswell MAX_THREADS=8", 1, "1.0"),
        ];
        let models =
            [ParallelModel::SingleThreaded, ParallelModel::Pthreads, ParallelModel::OpenMp];
        for (config, parallel, version) in cases {
            let expected = (version.to_owned(), models[parallel as usize]);
            assert_eq!(judge(config, parallel), Ok(expected), "{config}");
        }
    }

    #[test]
    fn builds_not_known_to_be_safe_are_refused_with_the_reason() {
        let cases = [
            (
                "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Zen SINGLE_THREADED",
                0,
                "USE_LOCKING",
            ),
            ("OpenBLAS 0.3.28 DYNAMIC_ARCH NO_AFFINITY Zen SINGLE_THREADED", 0, "USE_LOCKING"),
            ("OpenBLAS 0.3.6 DYNAMIC_ARCH Haswell MAX_THREADS=8", 1, "before 0.3.7"),
            ("OpenBLAS 0.2.20 USE_LOCKING Haswell SINGLE_THREADED", 0, "before 0.3.7"),
            ("NO_AFFINITY Haswell", 1, "before 0.3.7"),
            ("", 1, "before 0.3.7"),
            ("OpenBLAS 0.3.21 USE64BITINT DYNAMIC_ARCH Zen MAX_THREADS=64", 1, "64-bit"),
            ("OpenBLAS 0.3.40 DYNAMIC_ARCH Zen MAX_THREADS=64", 3, "model 3"),
        ];
        for (config, parallel, reason) in cases {
            let why = judge(config, parallel).unwrap_err();
            assert!(why.contains(reason) && why.contains("--no-default-features"), "{why}");
        }
    }

    #[test]
    fn the_config_tells_the_most_threads() {
        assert_eq!(most_threads("OpenBLAS 0.3.21 NO_AFFINITY Zen MAX_THREADS=64"), 64);
        assert_eq!(most_threads("OpenBLAS 0.3.29 USE_LOCKING Zen SINGLE_THREADED"), 1);
    }

    #[test]
    fn a_null_string_is_empty() {
        // SAFETY: null is allowed.
        assert_eq!(unsafe { text(std::ptr::null()) }, "");
    }
}
