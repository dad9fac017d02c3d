//! Scores, probabilities and classes from a network.

use ndarray::{Array2, ArrayView2, s};

use super::plan::{INPUT, Plan};
use super::{Link, Sequential};
use crate::data::{FeatureStorage, check_finite};
use crate::error::Result;
use crate::layer::Pass;
use crate::linalg::Gemm;
use crate::native::crew::Crew;
use crate::native::rows::{RowBuffer, flat};
use crate::parallelism::{Parallelism, Workers};
use crate::scalar::Scalar;

/// Rows that pass through the network at a time; more would fall out of the caches.
const CHUNK: usize = 1024;
/// Rows of one shard of a chunk.
const SHARD: usize = 64;
/// Parameters times rows below which a prediction is not worth a second thread.
const PARALLEL_WORK: usize = 1 << 20;

impl<F: Scalar> Sequential<F> {
    /// The network's scores for each row of `x`: `(rows, features)` → `(rows, outputs)`.
    ///
    /// Scores are what the last layer gives, before the loss's sigmoid or softmax. `x` is an array, a
    /// view, or a data set.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number of features than the network
    /// takes, [`Error::NonFinite`](crate::Error::NonFinite) for a NaN or an infinity.
    pub fn predict<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>> {
        self.predict_with(x, Parallelism::Auto)
    }

    /// [`Sequential::predict`] on the threads given.
    ///
    /// # Errors
    /// As [`Sequential::predict`], and for zero threads.
    pub fn predict_with<'x>(
        &self,
        x: impl Into<FeatureStorage<'x, F>>,
        parallelism: Parallelism,
    ) -> Result<Array2<F>> {
        let x = x.into();
        let x = x.view();
        self.check_features(x.ncols())?;
        check_finite("feature", x)?;
        let small = x.nrows().saturating_mul(self.parameter_count()) < PARALLEL_WORK;
        let parallelism = if small { Parallelism::Serial } else { parallelism };
        let workers = Workers::new(parallelism)?;
        let mut scores = Array2::zeros((x.nrows(), self.outputs()));
        let mut forward = ForwardPass::new(self, x.nrows());
        workers.run(|crew| forward.run(self, Gemm::default(), crew, x, &mut scores));
        Ok(scores)
    }

    /// The probability of each class: scores through the sigmoid or softmax of the loss that the
    /// network was trained with; after a Poisson regression the expected counts, after another the
    /// scores themselves.
    ///
    /// # Errors
    /// As [`Sequential::predict`].
    pub fn predict_proba<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>> {
        let mut scores = self.predict(x)?;
        self.link().apply(scores.view_mut());
        Ok(scores)
    }

    /// The class of each row: with one output 1 where the probability (or, without a link, the
    /// score) is above 0.5, else the output with the largest score, the first of equal ones. After a regression the
    /// classes mean nothing.
    ///
    /// # Errors
    /// As [`Sequential::predict`].
    pub fn predict_classes<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Vec<usize>> {
        let scores = self.predict(x)?;
        let threshold = match self.link() {
            Link::Identity => F::from_f64(0.5),
            Link::Exp => F::from_f64(-std::f64::consts::LN_2),
            // The sigmoid is above 0.5 just where its argument is above 0.
            _ => F::zero(),
        };
        let class = |row: ndarray::ArrayView1<'_, F>| match row.len() {
            1 => usize::from(row[0] > threshold),
            _ => (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best }),
        };
        Ok(scores.outer_iter().map(class).collect())
    }
}

/// A forward pass over any number of rows, in chunks, with its buffers.
#[derive(Debug)]
pub(crate) struct ForwardPass<F> {
    plan: Plan,
    buffer: RowBuffer<F>,
    scratch: RowBuffer<F>,
    shards: Vec<()>,
}

impl<F: Scalar> ForwardPass<F> {
    /// Buffers for at most `rows` rows at once.
    pub(crate) fn new(network: &Sequential<F>, rows: usize) -> Self {
        let plan = Plan::new(network);
        let rows = rows.min(CHUNK);
        let shards = rows.div_ceil(SHARD).max(1);
        let scratch = plan.scratch(network, rows.div_ceil(shards));
        Self {
            buffer: RowBuffer::new(rows, &plan.widths),
            scratch: RowBuffer::new(shards, &[scratch]),
            shards: vec![(); shards],
            plan,
        }
    }

    /// Overwrites `scores` `(rows, outputs)` for `x` `(rows, features)`.
    pub(crate) fn run(
        &mut self,
        network: &Sequential<F>,
        gemm: Gemm,
        crew: Crew<'_>,
        x: ArrayView2<'_, F>,
        scores: &mut Array2<F>,
    ) {
        self.run_rows(network, (gemm, crew), x.nrows(), |row| row, x, scores);
    }

    /// As [`ForwardPass::run`] for the rows of `x` that `row` names, position by position.
    pub(crate) fn run_rows(
        &mut self,
        network: &Sequential<F>,
        (gemm, crew): (Gemm, Crew<'_>),
        rows: usize,
        row: impl Fn(usize) -> usize + Sync,
        x: ArrayView2<'_, F>,
        scores: &mut Array2<F>,
    ) {
        let seed = u64::from(network.seed());
        for start in (0..rows).step_by(CHUNK) {
            let chunk = CHUNK.min(rows - start);
            let count = chunk.div_ceil(SHARD);
            let (plan, shards) = (&self.plan, &mut self.shards[..count]);
            let scratch = &mut self.scratch;
            self.buffer.for_each_part(scratch, chunk, crew, shards, |mut part, mut own, _| {
                let range = part.rows();
                let mut input = part.slot(INPUT);
                for (i, mut to) in input.outer_iter_mut().enumerate() {
                    to.assign(&x.row(row(start + range.start + i)));
                }
                let pass =
                    Pass { train: false, seed, step: 0, layer: 0, first_row: range.start, gemm };
                let mut scratch = own.slot(0);
                let all = 0..plan.layers.len();
                plan.forward(network, all, pass, &mut part, flat(&mut scratch), |_| &[]);
            });
            let view = self.buffer.view(self.plan.output, chunk);
            scores.slice_mut(s![start..start + chunk, ..]).assign(&view);
        }
    }
}
