//! What became of each candidate of a search, as its pictures show it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::candidates;
use super::parameter::Parameter;
use crate::error::Result;
use crate::plot::axis::LARGEST;
use crate::search::{CandidateResult, Params, SearchResults};

/// A candidate by its last entry in the results, where it came farthest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    /// The entry's position in the results.
    pub(super) index: usize,
    /// Its mean score, if that can be drawn.
    pub(super) score: Option<f64>,
    /// Whether a fit of the entry failed.
    pub(super) failed: bool,
    /// The round of successive halving; 0 in other searches.
    pub(super) round: usize,
    /// Whether it is not in the last round, so that its score is that of fewer rows or epochs.
    pub(super) dropped: bool,
}

/// All candidates, those that came farther behind the others.
pub(super) struct Outcome<'r> {
    pub(super) results: &'r SearchResults,
    pub(super) metric: &'r str,
    pub(super) higher_is_better: bool,
    pub(super) candidates: Vec<Shown>,
    /// The results' best candidate.
    best: usize,
}

impl<'r> Outcome<'r> {
    pub(super) fn new(results: &'r SearchResults, metric: &'r str) -> Result<Self> {
        let means = results.means(metric)?;
        let entries = results.candidates();
        let last_round = entries.iter().filter_map(|entry| entry.iter).max().unwrap_or(0);
        let shown = |index: usize| {
            let entry = &entries[index];
            let round = entry.iter.unwrap_or(0);
            Shown {
                index,
                score: Some(means[index]).filter(|mean| mean.abs() <= LARGEST),
                failed: entry.folds.iter().any(|fold| fold.error.is_some()),
                round,
                dropped: round < last_round,
            }
        };
        Ok(Self {
            results,
            metric,
            higher_is_better: results.higher_is_better(metric)?,
            candidates: last_entries(entries).into_iter().map(shown).collect(),
            best: results.best_index(metric)?,
        })
    }

    pub(super) fn params(&self, candidate: &Shown) -> &'r Params {
        &self.results.candidates()[candidate.index].params
    }

    /// A candidate's value of a parameter.
    pub(super) fn value(&self, candidate: &Shown, parameter: &str) -> Option<&'r Value> {
        self.params(candidate).get(parameter)
    }

    /// The best candidate and its score, if that can be drawn.
    pub(super) fn best(&self) -> Option<(Shown, f64)> {
        let best = self.candidates.iter().find(|candidate| self.is_best(candidate))?;
        Some((*best, best.score?))
    }

    pub(super) fn is_best(&self, candidate: &Shown) -> bool {
        candidate.index == self.best
    }

    /// The scores that can be drawn.
    pub(super) fn scores(&self) -> impl Iterator<Item = f64> + Clone {
        self.candidates.iter().filter_map(|candidate| candidate.score)
    }

    /// Whether there was more than one round, so that scores of different rounds do not compare.
    pub(super) fn is_halving(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.round > 0)
    }

    /// Whether scores of different rounds are shown.
    pub(super) fn has_dropped(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.dropped)
    }

    /// For the subtitle: "8 candidates", and of which round.
    pub(super) fn count(&self, shown: usize) -> String {
        let count = candidates(shown);
        if self.is_halving() {
            format!("{count}, each in the last round it reached")
        } else {
            count
        }
    }

    /// For the subtitle: how many candidates failed, or have no score for another reason.
    pub(super) fn failures(&self) -> Option<String> {
        let failed = self.candidates.iter().filter(|candidate| candidate.failed).count();
        let without = |candidate: &&Shown| !candidate.failed && candidate.score.is_none();
        let without = self.candidates.iter().filter(without).count();
        match (failed, without) {
            (0, 0) => None,
            (failed, 0) => Some(format!("{failed} failed")),
            (0, without) => Some(format!("{without} without a finite score")),
            _ => Some(format!("{failed} failed, {without} without a finite score")),
        }
    }

    /// For the subtitle: how candidates that were dropped are drawn, and what they had of rows or epochs.
    pub(super) fn rounds(&self, dropped_are: &str) -> Vec<String> {
        if !self.has_dropped() {
            return Vec::new();
        }
        let resources = |dropped: bool| {
            let of = self.candidates.iter().filter(move |candidate| candidate.dropped == dropped);
            let of = of.filter_map(|c| self.results.candidates()[c.index].n_resources);
            match (of.clone().min(), of.max()) {
                (Some(least), Some(most)) if least == most => least.to_string(),
                (Some(least), Some(most)) => format!("{least} to {most}"),
                _ => "unknown".to_owned(),
            }
        };
        let (early, last) = (resources(true), resources(false));
        let numbers = format!("n_resources: theirs {early}, last round {last}");
        vec![format!("{dropped_are}: dropped before the last round"), numbers]
    }

    /// The values, in their order, that candidates with otherwise different settings share.
    pub(super) fn shared(&self, parameter: &Parameter<'_>) -> Vec<bool> {
        let mut seen: Vec<HashSet<Settings<'_>>> = vec![HashSet::new(); parameter.values.len()];
        for candidate in &self.candidates {
            let value = self.value(candidate, parameter.name);
            if let Some(position) = parameter.position(value) {
                seen[position].insert(self.params(candidate).iter().collect());
            }
        }
        seen.iter().map(|settings| settings.len() > 1).collect()
    }

    /// Whether a parameter's values are those of a list, and not numbers drawn from a range: of such hardly
    /// one comes twice.
    pub(super) fn is_listed(&self, parameter: &Parameter<'_>) -> bool {
        let shared = self.shared(parameter).into_iter().filter(|shared| *shared).count();
        !parameter.numeric || 2 * shared >= parameter.values.len()
    }
}

type Settings<'r> = Vec<(&'r str, &'r Value)>;

/// The position of each candidate's last entry. A candidate is known by its settings: of equal ones in a
/// round, the first go on.
fn last_entries(entries: &[CandidateResult]) -> Vec<usize> {
    let mut in_round: HashMap<(Option<usize>, Settings<'_>), usize> = HashMap::new();
    let mut last: HashMap<(usize, Settings<'_>), usize> = HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let settings: Settings<'_> = entry.params.iter().collect();
        let equals = in_round.entry((entry.iter, settings.clone())).or_default();
        last.insert((*equals, settings), index);
        *equals += 1;
    }
    let mut last: Vec<usize> = last.into_values().collect();
    last.sort_unstable();
    last
}
