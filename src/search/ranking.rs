//! Which candidate is better.

use std::cmp::Ordering;

use super::results::CandidateResult;

/// Where a candidate stands: lower is better, and equals share a rank.
#[derive(Clone, Copy)]
struct Standing {
    /// 0 with a score, 1 without, 2 where a failed fit has only what counts for it.
    class: u8,
    /// The mean, or its negative where higher is better.
    cost: f64,
}

impl Standing {
    fn new(candidate: &CandidateResult, metric: usize, higher_is_better: bool) -> Self {
        let mean = candidate.mean(metric);
        if mean.is_nan() {
            return Self { class: 1, cost: 0.0 };
        }
        // Adding 0 makes one zero of two.
        let cost = if higher_is_better { -mean } else { mean } + 0.0;
        Self { class: if candidate.failed() { 2 } else { 0 }, cost }
    }

    fn compare(self, other: Self) -> Ordering {
        self.class.cmp(&other.class).then(self.cost.total_cmp(&other.cost))
    }
}

/// Ranks by a metric, 1 for the best; ties share the lowest.
pub(super) fn ranks(
    candidates: &[CandidateResult],
    metric: usize,
    higher_is_better: bool,
) -> Vec<usize> {
    let standing = |candidate| Standing::new(candidate, metric, higher_is_better);
    let standings: Vec<Standing> = candidates.iter().map(standing).collect();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|&a, &b| standings[a].compare(standings[b]));
    let mut ranks = vec![0; candidates.len()];
    let (mut rank, mut last) = (1, None);
    for (place, position) in order.into_iter().enumerate() {
        let standing = standings[position];
        if last.is_some_and(|last| standing.compare(last).is_ne()) {
            rank = place + 1;
        }
        (ranks[position], last) = (rank, Some(standing));
    }
    ranks
}

/// The positions of all candidates, best first: by rank, of equals those that did not fail, then as they stand.
pub(super) fn order(candidates: &[CandidateResult], ranks: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&position| (ranks[position], candidates[position].failed()));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{FoldResult, Params};

    fn candidate(score: f64, error: Option<&str>) -> CandidateResult {
        let fold = FoldResult {
            test: vec![score],
            train: Vec::new(),
            fit_seconds: 0.0,
            score_seconds: 0.0,
            curves: None,
            error: error.map(str::to_owned),
        };
        CandidateResult {
            iter: None,
            n_resources: None,
            params: Params::default(),
            folds: vec![fold],
        }
    }

    #[test]
    fn what_failed_comes_last_whatever_its_score() {
        let fail = Some("failed");
        let candidates = [
            candidate(0.5, None),
            candidate(0.0, fail),
            candidate(f64::NAN, None),
            candidate(-0.0, None),
            candidate(1.0, fail),
            candidate(0.0, None),
        ];
        assert_eq!(ranks(&candidates, 0, true), [1, 6, 4, 2, 5, 2]);
        assert_eq!(ranks(&candidates, 0, false), [3, 5, 4, 1, 6, 1]);
        let nan = [candidate(f64::NAN, fail), candidate(f64::NAN, None), candidate(f64::NAN, fail)];
        let ranks = ranks(&nan, 0, true);
        assert_eq!(ranks, [1, 1, 1]);
        assert_eq!(order(&nan, &ranks), [1, 0, 2]);
    }
}
