//! What tells one search from another, so that a journal is not taken up by the wrong one.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::fit_and_score::Scoring;
use super::grid::Candidate;
use super::rung::Rung;
use crate::data::{Dataset, Fold};
use crate::scalar::Scalar;

/// Everything that the scores of a search depend on, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    version: String,
    scalar: String,
    data: String,
    folds: String,
    /// Absent in a search of one rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rungs: Option<String>,
    /// One digest each.
    candidates: Vec<String>,
    /// Their settings, for words: a journal does not have them.
    #[serde(skip)]
    settings: Vec<String>,
    metrics: Vec<String>,
    train_scores: bool,
    /// Not written where it is off: so are journals of versions that knew no curves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    learning_curves: bool,
}

impl Fingerprint {
    pub(super) fn new<F: Scalar, E: std::fmt::Debug>(
        candidates: &[Candidate<E>],
        data: &Dataset<'_, F>,
        (folds, rungs): (&[Fold], &[Rung]),
        scoring: &Scoring<'_, F>,
    ) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scalar: std::any::type_name::<F>().to_owned(),
            data: data_digest(data),
            folds: folds_digest(folds),
            rungs: rungs_digest(rungs),
            candidates: candidates.iter().map(candidate_digest).collect(),
            settings: candidates.iter().map(|candidate| candidate.params.to_string()).collect(),
            metrics: scoring.metrics.iter().map(|metric| format!("{metric:?}")).collect(),
            train_scores: scoring.train_scores,
            learning_curves: scoring.learning_curves,
        }
    }

    /// The first thing in which a journal's search differs from another, and more of it where there is more to
    /// say.
    pub(super) fn difference(&self, other: &Self) -> Option<(&'static str, Option<String>)> {
        let what = [
            ("the crate's version", self.version != other.version),
            ("the scalar type", self.scalar != other.scalar),
            ("the data", self.data != other.data),
            ("the folds", self.folds != other.folds),
            ("the rounds of halving", self.rungs != other.rungs),
            ("the candidates", self.candidates != other.candidates),
            ("the metrics", self.metrics != other.metrics),
            ("train_scores", self.train_scores != other.train_scores),
            ("learning_curves", self.learning_curves != other.learning_curves),
        ]
        .into_iter()
        .find_map(|(what, differs)| differs.then_some(what))?;
        Some((what, (what == "the candidates").then(|| self.candidates_difference(other))))
    }

    fn candidates_difference(&self, other: &Self) -> String {
        let (there, here) = (&self.candidates, &other.candidates);
        if there.len() != here.len() {
            return format!("{} there, {} here", there.len(), here.len());
        }
        let first = there.iter().zip(here).position(|(there, here)| there != here).unwrap_or(0);
        match other.settings.get(first) {
            Some(settings) if !settings.is_empty() => format!("the first is here {settings}"),
            _ => format!("the first is number {}", first + 1),
        }
    }
}

/// The rows seen with their targets and weights, and the number of classes.
fn data_digest<F: Scalar>(data: &Dataset<'_, F>) -> String {
    let mut digest = Digest::new();
    let features = data.storage_features();
    digest.number(data.len());
    digest.number(data.features());
    digest.number(data.classes().unwrap_or(usize::MAX));
    for position in 0..data.len() {
        let row = features.row(data.row(position));
        row.iter().for_each(|value| digest.word(value.as_f64().to_bits()));
    }
    data.class_targets().into_iter().flatten().for_each(|class| digest.number(class));
    if let Some(values) = data.value_targets() {
        digest.number(values.ncols());
        values.iter().for_each(|value| digest.word(value.as_f64().to_bits()));
    }
    let weights = data.row_weights().into_iter().flatten();
    weights.for_each(|weight| digest.word(weight.as_f64().to_bits()));
    digest.finish()
}

fn folds_digest(folds: &[Fold]) -> String {
    let mut digest = Digest::new();
    for rows in folds.iter().flat_map(|fold| [&fold.train, &fold.test]) {
        digest.number(rows.len());
        rows.iter().for_each(|&row| digest.number(row));
    }
    digest.finish()
}

/// Candidates, resources and rows of each rung, where there may be several.
fn rungs_digest(rungs: &[Rung]) -> Option<String> {
    let mut digest = Digest::new();
    for Rung { candidates, folds, epochs, resources } in rungs {
        digest.number(*candidates);
        digest.number(epochs.unwrap_or(usize::MAX));
        digest.number((*resources)?);
        let _ = digest.write_str(&folds_digest(folds));
    }
    Some(digest.finish())
}

/// Names and values of the settings, and the estimator's `Debug`, which has the settings that all share.
fn candidate_digest<E: std::fmt::Debug>(Candidate { params, estimator }: &Candidate<E>) -> String {
    let mut digest = Digest::new();
    // Writing to a digest cannot fail.
    let _ = write!(digest, "{params}\n{estimator:?}\n");
    digest.finish()
}

/// A 64-bit digest that stays the same from release to release of compiler and crate: no protection against
/// malice. Each word goes through the finaliser of SplitMix64 (Steele, Lea & Flood 2014).
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    fn word(&mut self, word: u64) {
        let mut mixed = (self.0 ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self.0 = mixed ^ (mixed >> 31);
    }

    fn number(&mut self, number: usize) {
        self.word(number as u64);
    }

    fn finish(self) -> String {
        format!("{:016x}", self.0)
    }
}

impl std::fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        // Byte by byte, for the pieces that a formatter writes may differ.
        text.bytes().for_each(|byte| self.word(u64::from(byte)));
        Ok(())
    }
}
