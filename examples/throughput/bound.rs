//! What the matrix products of a training step take when nothing else is done.

use std::time::{Duration, Instant};

use blastrain::Scalar;
use blastrain::linalg::Gemm;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

/// How a product is shared between two callers.
#[derive(Clone, Copy, Debug)]
enum Split {
    Serial,
    Rows,
    Columns,
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

    fn run(&mut self, gemm: Gemm, split: Split) {
        let a = if self.a_transposed { self.a.t() } else { self.a.view() };
        let b = if self.b_transposed { self.b.t() } else { self.b.view() };
        let c = self.c.view_mut();
        match split {
            Split::Serial => product(gemm, a, b, c),
            Split::Rows => {
                let half = c.nrows() / 2;
                let (top, bottom) = c.split_at(Axis(0), half);
                let (a_top, a_bottom) = a.split_at(Axis(0), half);
                rayon::join(|| product(gemm, a_top, b, top), || product(gemm, a_bottom, b, bottom));
            }
            Split::Columns => {
                let half = c.ncols() / 2;
                let (left, right) = c.split_at(Axis(1), half);
                let (b_left, b_right) = b.split_at(Axis(1), half);
                rayon::join(|| product(gemm, a, b_left, left), || product(gemm, a, b_right, right));
            }
        }
    }

    /// The median time of a run, over about 20 ms.
    fn time(&mut self, gemm: Gemm, split: Split) -> f64 {
        self.run(gemm, split);
        let mut times = Vec::new();
        let start = Instant::now();
        while times.len() < 7 || start.elapsed() < Duration::from_millis(20) {
            let start = Instant::now();
            self.run(gemm, split);
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

/// Rows per second of the products of a training step over dense layers of these sizes, in `F`.
///
/// For L layers 3L − 1 products: forward, weight gradients, and input gradients but the first.
pub fn samples_per_second<F: Scalar>(sizes: &[usize], batch: usize, threads: usize) -> f64 {
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
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    // Each product by whoever is quicker: the library alone, or the crate's own kernels beside it.
    let gemms = [Gemm::default(), Gemm::default().native_kernels(false)];
    let ways: Vec<_> =
        gemms.iter().flat_map(|&gemm| splits.iter().map(move |&split| (gemm, split))).collect();
    let mut best = |product: &mut Product<F>| {
        // Two rounds, so that a disturbance does not decide which way looks best.
        let times = (0..2).flat_map(|_| &ways).map(|&(gemm, split)| product.time(gemm, split));
        times.fold(f64::INFINITY, f64::min)
    };
    let mut total = || products.iter_mut().map(&mut best).sum::<f64>();
    let seconds = match pool {
        Ok(pool) => pool.install(&mut total),
        Err(_) => total(),
    };
    batch as f64 / seconds
}
