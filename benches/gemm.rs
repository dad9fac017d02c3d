//! Matrix products over the shapes that training uses, by every backend.
//!
//! `cargo bench --bench gemm` takes some minutes; `-- 512x512x512` picks a shape, `-- f32` a type. Throughput is
//! in floating-point operations, 2·m·k·n a product: Gelem/s are GFLOP/s.

use std::hint::black_box;
use std::thread::available_parallelism;
use std::time::Duration;

use blastrain::linalg::{Backend, Gemm, with_openblas_threads};
use blastrain::{RandomState, Scalar};
use criterion::measurement::WallTime;
use criterion::{Bencher, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

/// Which factor is stored transposed.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// None: x·W.
    Forward,
    /// The first: xᵀ·dz.
    WeightGradient,
    /// The second: dz·Wᵀ.
    InputGradient,
}

/// c `(m, n)` from `(m, k)` and `(k, n)`.
type Shape = (Layout, usize, usize, usize);

/// The dense layers of 784-128-10 at batch 32, 784-512-512-10 at 128 and 784-2048-2048-10 at 512, and a cube.
const SHAPES: [Shape; 12] = [
    (Layout::Forward, 32, 784, 128),
    (Layout::Forward, 32, 128, 10),
    (Layout::Forward, 128, 784, 512),
    (Layout::Forward, 512, 784, 2048),
    (Layout::Forward, 512, 2048, 2048),
    (Layout::WeightGradient, 784, 32, 128),
    (Layout::WeightGradient, 784, 128, 512),
    (Layout::WeightGradient, 784, 512, 2048),
    (Layout::WeightGradient, 2048, 512, 2048),
    (Layout::InputGradient, 32, 10, 128),
    (Layout::InputGradient, 128, 512, 512),
    (Layout::InputGradient, 512, 2048, 2048),
];
const CUBE: usize = 512;

/// Operations that the naive loops do at most: each row of c costs them the same, so a few rows tell.
const NAIVE_OPERATIONS: usize = 60_000_000;

fn random<F: Scalar>(rows: usize, columns: usize, random: &mut RandomState) -> Array2<F> {
    Array2::from_shape_simple_fn((rows, columns), || F::from_f64(random.uniform(-1.0, 1.0)))
}

fn threads() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// The factors and the result of one product.
struct Product<F> {
    a: Array2<F>,
    b: Array2<F>,
    c: Array2<F>,
    layout: Layout,
}

impl<F: Scalar> Product<F> {
    fn new((layout, m, k, n): Shape) -> Self {
        let mut state = RandomState::new(1);
        let (a, b) = match layout {
            Layout::Forward => (random(m, k, &mut state), random(k, n, &mut state)),
            Layout::WeightGradient => (random(k, m, &mut state), random(k, n, &mut state)),
            Layout::InputGradient => (random(m, k, &mut state), random(n, k, &mut state)),
        };
        Self { a, b, c: Array2::zeros((m, n)), layout }
    }

    /// The factors as `(m, k)` and `(k, n)`, and c.
    fn views(&mut self) -> (ArrayView2<'_, F>, ArrayView2<'_, F>, ArrayViewMut2<'_, F>) {
        let (a, b) = match self.layout {
            Layout::Forward => (self.a.view(), self.b.view()),
            Layout::WeightGradient => (self.a.t(), self.b.view()),
            Layout::InputGradient => (self.a.view(), self.b.t()),
        };
        (a, b, self.c.view_mut())
    }

    /// Times the product of the first `rows` rows of a.
    fn bench(&mut self, bencher: &mut Bencher<'_, WallTime>, gemm: Gemm, rows: usize) {
        let (a, b, mut c) = self.views();
        let (a, mut c) = (a.slice(s![..rows, ..]), c.slice_mut(s![..rows, ..]));
        bencher.iter(|| gemm.product(F::one(), black_box(a), b, F::zero(), c.view_mut()));
    }

    /// Times the product with the rows of c shared out among rayon's threads.
    fn bench_sharded(&mut self, bencher: &mut Bencher<'_, WallTime>, gemm: Gemm) {
        let (a, b, mut c) = self.views();
        // Inside the pool once, as a fit is: joins from outside would wake it each time.
        rayon::scope(|_| bencher.iter(|| sharded(gemm, threads(), black_box(a), b, c.view_mut())));
    }
}

fn sharded<F: Scalar>(
    gemm: Gemm,
    shards: usize,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    c: ArrayViewMut2<'_, F>,
) {
    if shards <= 1 {
        return gemm.product(F::one(), a, b, F::zero(), c);
    }
    let first = shards / 2;
    let cut = a.nrows() * first / shards;
    let ((a_top, a_rest), (c_top, c_rest)) = (a.split_at(Axis(0), cut), c.split_at(Axis(0), cut));
    rayon::join(
        || sharded(gemm, first, a_top, b, c_top),
        || sharded(gemm, shards - first, a_rest, b, c_rest),
    );
}

/// A product of row-major slices of these sizes `(m, k, n)`.
type OnSlices<F> = fn((usize, usize, usize), &[F], &[F], &mut [F]);

/// c = a·b on row-major slices, a row of a times a column of b for each value of c.
fn ijk<F: Scalar>((m, k, n): (usize, usize, usize), a: &[F], b: &[F], c: &mut [F]) {
    for i in 0..m {
        for j in 0..n {
            let mut sum = F::zero();
            for l in 0..k {
                sum += a[i * k + l] * b[l * n + j];
            }
            c[i * n + j] = sum;
        }
    }
}

/// The same with the loops in the order that walks along rows only.
fn ikj<F: Scalar>((m, k, n): (usize, usize, usize), a: &[F], b: &[F], c: &mut [F]) {
    for i in 0..m {
        let row = &mut c[i * n..(i + 1) * n];
        row.fill(F::zero());
        for l in 0..k {
            let factor = a[i * k + l];
            for (value, &b) in row.iter_mut().zip(&b[l * n..(l + 1) * n]) {
                *value += factor * b;
            }
        }
    }
}

fn operations(m: usize, k: usize, n: usize) -> Throughput {
    Throughput::Elements(2 * (m * k * n) as u64)
}

fn bench_backends<F: Scalar>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    shape: Shape,
    naive_operations: usize,
) {
    let (_, m, k, n) = shape;
    let mut product = Product::<F>::new(shape);
    let naive = Gemm::new(Backend::Naive).expect("plain Rust is always there");
    let rows = (naive_operations / (2 * k * n)).clamp(1, m);
    let of = if rows < m { format!(" ({rows} rows)") } else { String::new() };
    group.throughput(operations(rows, k, n));
    group.bench_function(format!("naive{of}"), |b| product.bench(b, naive, rows));
    group.throughput(operations(m, k, n));
    for (name, backend) in [
        ("blocked", Backend::Blocked),
        ("matrixmultiply", Backend::MatrixMultiply),
        ("own kernels", Backend::Native),
        ("OpenBLAS", Backend::OpenBlas),
    ] {
        // Without OpenBLAS in the build there is nothing to measure.
        let Ok(gemm) = Gemm::new(backend) else { continue };
        group.bench_function(name, |b| product.bench(b, gemm, m));
    }
    let threads = threads();
    if let (Ok(()), Ok(gemm)) =
        (with_openblas_threads(threads, || ()), Gemm::new(Backend::OpenBlas))
    {
        group.bench_function(format!("OpenBLAS, {threads} own threads"), |b| {
            with_openblas_threads(threads, || product.bench(b, gemm, m)).expect("tried above");
        });
        let name = format!("OpenBLAS, {threads} rayon shards");
        group.bench_function(name, |b| product.bench_sharded(b, gemm));
    }
    // What training does.
    let name = format!("default, {threads} rayon shards");
    group.bench_function(name, |b| product.bench_sharded(b, Gemm::default()));
}

fn bench_type<F: Scalar>(criterion: &mut Criterion, type_name: &str) {
    for shape in SHAPES {
        let (layout, m, k, n) = shape;
        let mut group = criterion.benchmark_group(format!("{type_name} {layout:?} {m}x{k}x{n}"));
        bench_backends::<F>(&mut group, shape, NAIVE_OPERATIONS);
        group.finish();
    }
    let mut group = criterion.benchmark_group(format!("{type_name} {CUBE}x{CUBE}x{CUBE}"));
    bench_backends::<F>(&mut group, (Layout::Forward, CUBE, CUBE, CUBE), usize::MAX);
    let Product { a, b, mut c, .. } = Product::<F>::new((Layout::Forward, CUBE, CUBE, CUBE));
    let mut on_slices = |name: &str, product: OnSlices<F>| {
        let (a, b) = (a.as_slice().expect("row-major"), b.as_slice().expect("row-major"));
        let c = c.as_slice_mut().expect("row-major");
        group.bench_function(name, |bencher| {
            bencher.iter(|| product((CUBE, CUBE, CUBE), black_box(a), b, c));
        });
    };
    on_slices("ijk on slices", ijk);
    on_slices("ikj on slices", ikj);
    group.finish();
}

fn gemm(criterion: &mut Criterion) {
    bench_type::<f32>(criterion, "f32");
    bench_type::<f64>(criterion, "f64");
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .nresamples(2000)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    targets = gemm
}
criterion_main!(benches);
