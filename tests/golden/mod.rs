//! What the comparisons with other libraries' numbers share.

use blastrain::data::TargetStorage;
use blastrain::loss::Loss;
use ndarray::{Array2, ArrayView2};
use serde::Deserialize;

/// Both compute in double precision: what is left is the order of sums.
const TOLERANCE: f64 = 1e-11;

/// A loss's value and gradient for some targets, with row weights or without.
#[derive(Deserialize)]
pub struct LossCase {
    pub name: String,
    pub weights: Option<Vec<f64>>,
    pub classes: Option<Vec<usize>>,
    pub values: Option<Vec<Vec<f64>>>,
    pub loss: f64,
    pub gradient: Vec<Vec<f64>>,
}

pub fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let values: Vec<f64> = rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), values).expect("rows of one length")
}

/// The same to a relative 1e-11 of the larger, or of 1e-3 where both are smaller.
pub fn assert_close<'a>(
    what: &str,
    got: impl IntoIterator<Item = &'a f64>,
    want: impl IntoIterator<Item = &'a f64>,
) {
    let (got, want): (Vec<_>, Vec<_>) = (got.into_iter().collect(), want.into_iter().collect());
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.into_iter().zip(want).enumerate() {
        let size = got.abs().max(want.abs()).max(1e-3);
        assert!((got - want).abs() <= TOLERANCE * size, "{what}, {i}: {got} {want}");
    }
}

/// Compares a loss of five rows with the case's numbers, computed in one piece and in two shards.
pub fn assert_loss(loss: &dyn Loss<f64>, logits: ArrayView2<'_, f64>, case: &LossCase) {
    let targets: TargetStorage<'_, f64> = match (&case.classes, &case.values) {
        (Some(classes), _) => classes.clone().into(),
        (_, values) => matrix(values.as_ref().unwrap()).into(),
    };
    loss.check(logits.ncols(), &targets).unwrap();
    for cuts in [&[0, 5][..], &[0, 2, 5]] {
        let weights = case.weights.as_deref();
        let (value, gradient) = evaluate(loss, logits, &targets, weights, cuts);
        let what = format!("{} weighted: {}", case.name, weights.is_some());
        assert_close(&what, [&value], [&case.loss]);
        assert_close(&what, &gradient, case.gradient.iter().flatten());
    }
}

/// Value and gradient of the mean over all rows, computed shard by shard.
fn evaluate(
    loss: &dyn Loss<f64>,
    logits: ArrayView2<'_, f64>,
    targets: &TargetStorage<'_, f64>,
    weights: Option<&[f64]>,
    cuts: &[usize],
) -> (f64, Array2<f64>) {
    let weight_sum = weights.map_or(logits.nrows() as f64, |weights| weights.iter().sum());
    let mut gradient = Array2::from_elem(logits.dim(), f64::NAN);
    let mut total = 0.0;
    for rows in cuts.windows(2).map(|cut| cut[0]..cut[1]) {
        let slice = ndarray::s![rows.clone(), ..];
        let shard: TargetStorage<'_, f64> = match (targets.classes(), targets.values()) {
            (Some(classes), _) => classes.slice(ndarray::s![rows.clone()]).to_owned().into(),
            (_, values) => values.unwrap().slice(slice).to_owned().into(),
        };
        total += loss.value_and_grad(
            logits.slice(slice),
            shard.as_targets().unwrap(),
            weights.map(|weights| &weights[rows]),
            1.0 / weight_sum,
            gradient.slice_mut(slice),
        );
    }
    (total / weight_sum, gradient)
}
