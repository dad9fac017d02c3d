//! What the matrix products of a training step take when nothing else is done.

use std::time::{Duration, Instant};

use blastrain::linalg::Gemm;
use blastrain::{Error, Result, Scalar};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// How a product is shared between two callers.
#[derive(Clone, Copy, Debug)]
enum Split {
    Serial,
    Rows,
    Columns,
}

/// Who splits a product.
#[derive(Clone, Copy)]
enum Caller<'a> {
    /// A thread of the pool.
    Inside,
    /// A thread that is none of this pool's.
    Outside(&'a ThreadPool),
}

impl Caller<'_> {
    fn join(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
        match self {
            Caller::Inside => rayon::join(first, second),
            Caller::Outside(pool) => pool.join(first, second),
        };
    }
}

/// One product of a step: `(m, k)` by `(k, n)`, as the step lays its operands out.
struct Product<F> {
    a: Array2<F>,
    b: Array2<F>,
    c: Array2<F>,
    a_transposed: bool,
    b_transposed: bool,
}

impl<F: Scalar> Product<F> {
    fn new(m: usize, k: usize, n: usize, a_transposed: bool, b_transposed: bool) -> Self {
        let matrix = |rows, columns, transposed| {
            let shape = if transposed { (columns, rows) } else { (rows, columns) };
            let value = |(i, j)| F::from_f64(((i * 7 + j * 3) % 11) as f64 * 0.1 - 0.5);
            Array2::from_shape_fn(shape, value)
        };
        Self {
            a: matrix(m, k, a_transposed),
            b: matrix(k, n, b_transposed),
            c: Array2::zeros((m, n)),
            a_transposed,
            b_transposed,
        }
    }

    fn run(&mut self, gemm: Gemm, split: Split, caller: Caller<'_>) {
        let a = if self.a_transposed { self.a.t() } else { self.a.view() };
        let b = if self.b_transposed { self.b.t() } else { self.b.view() };
        let c = self.c.view_mut();
        match split {
            Split::Serial => product(gemm, a, b, c),
            Split::Rows => {
                let half = c.nrows() / 2;
                let (top, bottom) = c.split_at(Axis(0), half);
                let (a_top, a_bottom) = a.split_at(Axis(0), half);
                caller.join(|| product(gemm, a_top, b, top), || product(gemm, a_bottom, b, bottom));
            }
            Split::Columns => {
                let half = c.ncols() / 2;
                let (left, right) = c.split_at(Axis(1), half);
                let (b_left, b_right) = b.split_at(Axis(1), half);
                caller.join(|| product(gemm, a, b_left, left), || product(gemm, a, b_right, right));
            }
        }
    }

    /// The median time of a run, over about 20 ms.
    fn time(&mut self, gemm: Gemm, split: Split, caller: Caller<'_>) -> f64 {
        self.run(gemm, split, caller);
        let mut times = Vec::new();
        let start = Instant::now();
        while times.len() < 7 || start.elapsed() < Duration::from_millis(20) {
            let start = Instant::now();
            self.run(gemm, split, caller);
            times.push(start.elapsed().as_secs_f64());
        }
        crate::median(times)
    }
}

fn product<F: Scalar>(
    gemm: Gemm,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    c: ArrayViewMut2<'_, F>,
) {
    gemm.product(F::one(), a, b, F::zero(), c);
}

/// Rows per second of the products of a training step, each at the quickest way found for it: serial, or
/// split in two by rows or by columns.
pub struct Bounds {
    /// By the library alone (OpenBLAS in the default build), the halves by rayon from outside its pool: what a
    /// program has that calls the library itself.
    pub library: f64,
    /// By the library or by the crate's own kernels, whichever is quicker, inside the pool: what a step could
    /// reach if nothing but the products took time.
    pub products: f64,
}

/// The bounds of a training step over dense layers of these sizes, in `F`.
///
/// For L layers 3L − 1 products: forward, weight gradients, and input gradients but the first.
///
/// # Errors
///
/// Where the pool of threads cannot be started.
pub fn measure<F: Scalar>(sizes: &[usize], batch: usize, threads: usize) -> Result<Bounds> {
    let mut products = Vec::new();
    for (layer, pair) in sizes.windows(2).enumerate() {
        let &[inputs, outputs] = pair else { continue };
        products.push(Product::<F>::new(batch, inputs, outputs, false, false));
        products.push(Product::new(inputs, batch, outputs, true, false));
        if layer > 0 {
            products.push(Product::new(batch, outputs, inputs, false, true));
        }
    }
    let splits: &[Split] = match threads {
        1 => &[Split::Serial],
        _ => &[Split::Serial, Split::Rows, Split::Columns],
    };
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
        Error::Unavailable { what: format!("a pool of {threads} threads"), why: error.to_string() }
    })?;
    let own = Gemm::default();
    let library = own.native_kernels(false);
    // Two rounds, so that a disturbance does not decide which way looks best.
    let rounds = [(); 2];
    let best = |product: &mut Product<F>, gemms: &[Gemm], caller: Caller<'_>| {
        let ways = gemms.iter().flat_map(|&gemm| splits.iter().map(move |&split| (gemm, split)));
        let ways = rounds.iter().flat_map(|()| ways.clone());
        ways.map(|(gemm, split)| product.time(gemm, split, caller)).fold(f64::INFINITY, f64::min)
    };
    let mut seconds = |gemms: &[Gemm], caller: Caller<'_>| -> f64 {
        products.iter_mut().map(|product| best(product, gemms, caller)).sum()
    };
    let by_library = seconds(&[library], Caller::Outside(&pool));
    let by_either = pool.install(|| seconds(&[own, library], Caller::Inside));
    Ok(Bounds { library: batch as f64 / by_library, products: batch as f64 / by_either })
}
