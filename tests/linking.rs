//! The library behind the matrix products: linked, described, and on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blastrain::linalg::with_openblas_threads;
use blastrain::{Error, blas_info};

/// The number of threads belongs to the process, so these tests take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn threads() -> usize {
    blas_info().unwrap().threads
}

#[test]
fn the_library_describes_itself_on_one_line() {
    let _turn = turn();
    let info = blas_info().unwrap();
    let line = info.to_string();
    assert!(!line.contains('\n'));
    assert!(line.starts_with(&format!("{} {}, ", info.vendor, info.version)), "{line}");
    assert!(
        line.contains(&format!("kernel {}, 1 thread, {}", info.kernel, info.parallel)),
        "{line}"
    );
    assert!(!info.kernel.is_empty() && !info.config.is_empty());
    if cfg!(feature = "openblas") {
        assert_eq!(info.vendor, "OpenBLAS");
        assert!(info.config.contains(&info.version), "{line}");
    } else {
        assert_eq!(info.vendor, "matrixmultiply (pure Rust)");
    }
}

#[test]
fn every_thread_sees_one_thread() {
    let _turn = turn();
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(threads)).collect();
        assert!(callers.into_iter().all(|caller| caller.join().unwrap() == 1));
    });
}

#[test]
fn threads_of_zero_or_beyond_reason_are_refused_by_name() {
    let _turn = turn();
    for asked in [0, usize::MAX] {
        let error = with_openblas_threads(asked, || ()).unwrap_err();
        assert!(
            matches!(&error, Error::Param { name: "threads", got, .. } if *got == asked.to_string()),
            "{error}"
        );
        assert_eq!(threads(), 1);
    }
}

#[cfg(feature = "openblas")]
#[test]
fn own_threads_end_with_the_call() {
    let _turn = turn();
    assert_eq!(with_openblas_threads(2, threads).unwrap(), 2);
    assert_eq!(threads(), 1);

    let nested = with_openblas_threads(2, || with_openblas_threads(2, || ())).unwrap();
    assert!(matches!(nested, Err(Error::Unavailable { .. })));
    assert_eq!(threads(), 1);

    let panicked =
        catch_unwind(AssertUnwindSafe(|| with_openblas_threads(2, || panic!("on purpose"))));
    assert!(panicked.is_err());
    assert_eq!(threads(), 1);
    assert_eq!(with_openblas_threads(2, threads).unwrap(), 2, "the panic must not leave it taken");
}

#[cfg(not(feature = "openblas"))]
#[test]
fn without_openblas_there_are_no_own_threads() {
    let _turn = turn();
    let error = with_openblas_threads(2, || ()).unwrap_err();
    assert!(matches!(error, Error::Param { name: "threads", .. }), "{error}");
    let panicked =
        catch_unwind(AssertUnwindSafe(|| with_openblas_threads(1, || panic!("on purpose"))));
    assert!(panicked.is_err());
    assert_eq!(with_openblas_threads(1, threads).unwrap(), 1);
}

/// LAPACK comes from the same library.
#[cfg(feature = "openblas")]
#[test]
fn lapack_is_linked() {
    use ndarray::array;
    use ndarray_linalg::QR;

    let matrix = array![[3.0_f64, 1.0], [4.0, 2.0]];
    let (q, r) = matrix.qr().unwrap();
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert!(close(r[[0, 0]].abs(), 5.0), "the length of the first column is 5, not {r}");
    assert!(q.dot(&r).iter().zip(&matrix).all(|(&product, &value)| close(product, value)));
}
