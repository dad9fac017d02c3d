//! Scores, probabilities and classes from a network.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, s};

use super::plan::{INPUT, Plan};
use super::{Link, Sequential};
use crate::data::{FeatureStorage, check_finite};
use crate::error::Result;
use crate::layer::Pass;
use crate::linalg::{Gemm, norms};
use crate::native::crew::Crew;
use crate::native::rows::{PartRows, RowBuffer, flat, flat_ref};
use crate::parallelism::{Parallelism, Workers};
use crate::scalar::Scalar;

/// Rows that pass through the network at a time; more would fall out of the caches.
const CHUNK: usize = 2048;
/// Rows that are worth a shard: each one packs the weights anew.
const SHARD: usize = 64;
/// Shards that a few rows are cut in at most, and from how many rows a shard has on it is cut again.
const FEW_SHARDS: usize = 4;
const LONG_SHARD: usize = 256;
/// Parameters times rows below which a prediction is not worth a second thread.
const PARALLEL_WORK: usize = 1 << 22;

/// The shards of a chunk: by its rows alone, so that the bits do not depend on who works.
fn shard_count(rows: usize) -> usize {
    (rows / SHARD).clamp(1, FEW_SHARDS.max(rows.div_ceil(LONG_SHARD)))
}

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
        let workers = Workers::new(parallelism)?;
        let small = x.nrows().saturating_mul(self.parameter_count()) < PARALLEL_WORK
            || shard_count(x.nrows()) == 1;
        let mut scores = Array2::zeros((x.nrows(), self.outputs()));
        let mut forward = ForwardPass::new(self, x.nrows(), !x.is_standard_layout());
        let mut run = |crew: Crew<'_>| forward.run(self, (Gemm::default(), crew), x, &mut scores);
        let finite = if small { run(Crew::Alone) } else { workers.run(run) };
        if !finite {
            check_finite("feature", x)?;
        }
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
    plan: Arc<Plan>,
    buffer: RowBuffer<F>,
    scratch: RowBuffer<F>,
    /// For each shard, whether its features were finite.
    shards: Vec<bool>,
}

impl<F: Scalar> ForwardPass<F> {
    /// Buffers for at most `rows` rows at once; with room for their features if these are to be gathered.
    pub(crate) fn new(network: &Sequential<F>, rows: usize, gathers: bool) -> Self {
        let plan = network.plan().clone();
        let rows = rows.min(CHUNK);
        let shards = shard_count(rows);
        let scratch = plan.scratch(network, rows.div_ceil(shards));
        let mut widths = plan.widths.clone();
        if !gathers {
            widths[INPUT] = 0;
        }
        Self {
            buffer: RowBuffer::new(rows, &widths),
            scratch: RowBuffer::new(shards, &[scratch]),
            shards: vec![true; shards],
            plan,
        }
    }

    /// Overwrites `scores` `(rows, outputs)` for `x` `(rows, features)`; says whether all features are finite.
    /// Rows of `x` with gaps are gathered.
    pub(crate) fn run(
        &mut self,
        network: &Sequential<F>,
        workers: (Gemm, Crew<'_>),
        x: ArrayView2<'_, F>,
        scores: &mut Array2<F>,
    ) -> bool {
        if !x.is_standard_layout() {
            return self.run_rows(network, workers, x.nrows(), |row| row, x, scores);
        }
        let place = |rows: Range<usize>, _: &mut PartRows<'_, F>| Some(x.slice(s![rows, ..]));
        self.chunks(network, workers, x.nrows(), place, scores)
    }

    /// As [`ForwardPass::run`] for the rows of `x` that `row` names, position by position; to be called where
    /// there is room for them.
    pub(crate) fn run_rows(
        &mut self,
        network: &Sequential<F>,
        workers: (Gemm, Crew<'_>),
        rows: usize,
        row: impl Fn(usize) -> usize + Sync,
        x: ArrayView2<'_, F>,
        scores: &mut Array2<F>,
    ) -> bool {
        let place = |rows: Range<usize>, part: &mut PartRows<'_, F>| {
            for (mut to, position) in part.slot(INPUT).outer_iter_mut().zip(rows) {
                to.assign(&x.row(row(position)));
            }
            None
        };
        self.chunks(network, workers, rows, place, scores)
    }

    /// `place` says where the features of some rows are, or puts them into their slot.
    fn chunks<'x>(
        &mut self,
        network: &Sequential<F>,
        (gemm, crew): (Gemm, Crew<'_>),
        rows: usize,
        place: impl Fn(Range<usize>, &mut PartRows<'_, F>) -> Option<ArrayView2<'x, F>> + Sync,
        scores: &mut Array2<F>,
    ) -> bool
    where
        F: 'x,
    {
        let seed = u64::from(network.seed());
        let mut finite = true;
        for start in (0..rows).step_by(CHUNK) {
            let chunk = CHUNK.min(rows - start);
            let (plan, shards) = (&self.plan, &mut self.shards[..shard_count(chunk)]);
            let scratch = &mut self.scratch;
            self.buffer.for_each_part(scratch, chunk, crew, shards, |mut part, mut own, finite| {
                let range = part.rows();
                let features = place(start + range.start..start + range.end, &mut part);
                *finite = match features {
                    Some(features) => norms::all_finite(flat_ref(&features)),
                    None => norms::all_finite(flat(&mut part.slot(INPUT))),
                };
                let pass =
                    Pass { train: false, seed, step: 0, layer: 0, first_row: range.start, gemm };
                let mut scratch = own.slot(0);
                let all = 0..plan.layers.len();
                let scratch = flat(&mut scratch);
                plan.forward(network, all, pass, (&mut part, features), scratch, |_| &[]);
            });
            finite &= self.shards[..shard_count(chunk)].iter().all(|&finite| finite);
            let view = self.buffer.view(self.plan.output, chunk);
            scores.slice_mut(s![start..start + chunk, ..]).assign(&view);
        }
        finite
    }
}
