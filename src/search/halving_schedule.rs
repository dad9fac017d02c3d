//! How many candidates successive halving fits in each of its rounds, and on how much.

use crate::error::{Error, Result};

/// Rounds beyond this are a mistake: each leaves nearly all candidates in.
const MOST_ROUNDS: f64 = 10_000.0;

/// The resources of the first round: rows, or epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MinResources {
    /// As many as let the last round have as much as can be, and no fewer than
    /// [`MinResources::Smallest`].
    #[default]
    Exhaust,
    /// Of rows, 2 for each fold, and for each class that occurs where the targets are classes; 1 epoch.
    Smallest,
    /// So many, at least 1.
    Fixed(usize),
}

impl From<usize> for MinResources {
    fn from(resources: usize) -> Self {
        MinResources::Fixed(resources)
    }
}

/// The rounds of successive halving, as scikit-learn counts them.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::search::SuccessiveHalving;
///
/// let mlp = MlpClassifier::new().hidden_layer_sizes([4]).max_iter(20);
/// let search = GridSearch::new(mlp)
///     .axis("alpha", [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0], |mlp, alpha| mlp.alpha(alpha))
///     .cv(StratifiedKFold::new(3));
/// let found = SuccessiveHalving::new(search).fit(&datasets::iris::<f64>()?)?;
/// let schedule = found.schedule().unwrap();
/// assert_eq!((schedule.n_candidates(), schedule.n_resources()), (&[6, 2][..], &[50, 150][..]));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HalvingSchedule {
    n_candidates: Vec<usize>,
    n_resources: Vec<usize>,
    n_required_iterations: usize,
    n_possible_iterations: usize,
    n_remaining_candidates: usize,
    min_resources: usize,
    max_resources: usize,
}

/// What a schedule follows from.
#[derive(Debug, Clone, Copy)]
pub(super) struct HalvingRule {
    pub(super) factor: f64,
    pub(super) min_resources: MinResources,
    /// What [`MinResources::Smallest`] means here.
    pub(super) smallest: usize,
    pub(super) max_resources: usize,
    pub(super) aggressive_elimination: bool,
}

impl HalvingRule {
    /// The rounds for so many candidates.
    pub(super) fn schedule(&self, candidates: usize) -> Result<HalvingSchedule> {
        let Self { factor, max_resources, .. } = *self;
        if !(factor > 1.0 && factor.is_finite()) {
            return Err(Error::param("factor", factor, "finite and > 1"));
        }
        let (least, most) = (self.least()? as f64, max_resources as f64);
        let required = 1.0 + log(candidates as f64, factor).floor();
        let least = match self.min_resources {
            MinResources::Exhaust => least.max(floor_div(most, factor.powf(required - 1.0))),
            _ => least,
        };
        let possible = 1.0 + log(floor_div(most, least), factor).floor();
        let rounds = if self.aggressive_elimination { required } else { required.min(possible) };
        if rounds > MOST_ROUNDS {
            let want = format!("large enough for at most {MOST_ROUNDS} rounds");
            return Err(Error::param("factor", factor, want));
        }
        let mut schedule = HalvingSchedule {
            n_candidates: Vec::new(),
            n_resources: Vec::new(),
            n_required_iterations: required as usize,
            n_possible_iterations: possible as usize,
            n_remaining_candidates: candidates,
            min_resources: least as usize,
            max_resources,
        };
        for round in 0..rounds as usize {
            let power = match self.aggressive_elimination {
                // The first rounds only eliminate.
                true => (round as f64 - required + possible).max(0.0),
                false => round as f64,
            };
            let resources = (factor.powf(power) * least) as usize;
            schedule.n_resources.push(resources.min(max_resources));
            let left = &mut schedule.n_remaining_candidates;
            schedule.n_candidates.push(*left);
            *left = (*left as f64 / factor).ceil() as usize;
        }
        Ok(schedule)
    }

    /// The least resources that the first round may have.
    fn least(&self) -> Result<usize> {
        let most = self.max_resources;
        if most == 0 {
            return Err(Error::param("max_resources", 0, "at least 1"));
        }
        let (least, shown) = match self.min_resources {
            MinResources::Fixed(resources) => (resources, ""),
            // Of epochs the smallest is 1, which is never refused.
            _ => (self.smallest, ", the smallest: 2 rows for each fold and class"),
        };
        if !(1..=most).contains(&least) {
            let want = format!("from 1 to {most}, which is max_resources");
            return Err(Error::param("min_resources", format!("{least}{shown}"), want));
        }
        Ok(least)
    }
}

/// The logarithm to a base, rounded as Python's `math.log` rounds it.
fn log(value: f64, base: f64) -> f64 {
    value.ln() / base.ln()
}

/// Python's `//` for numbers above 0.
fn floor_div(value: f64, divisor: f64) -> f64 {
    let quotient = (value - value % divisor) / divisor;
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

impl HalvingSchedule {
    /// The number of rounds, which scikit-learn calls iterations.
    pub fn n_iterations(&self) -> usize {
        self.n_candidates.len()
    }

    /// How many candidates each round fits.
    pub fn n_candidates(&self) -> &[usize] {
        &self.n_candidates
    }

    /// The resources of each candidate in each round: rows of all data, of which each fold trains on its
    /// share, or epochs, those of the rounds before included.
    pub fn n_resources(&self) -> &[usize] {
        &self.n_resources
    }

    /// How many rounds it takes until fewer candidates than the factor are left.
    pub fn n_required_iterations(&self) -> usize {
        self.n_required_iterations
    }

    /// How many rounds the resources are enough for.
    pub fn n_possible_iterations(&self) -> usize {
        self.n_possible_iterations
    }

    /// How many candidates one more round would have.
    pub fn n_remaining_candidates(&self) -> usize {
        self.n_remaining_candidates
    }

    /// The least resources, as they were found out.
    pub fn min_resources(&self) -> usize {
        self.min_resources
    }

    /// The most resources that a round may have.
    pub fn max_resources(&self) -> usize {
        self.max_resources
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn rule(
        factor: f64,
        min_resources: impl Into<MinResources>,
        max_resources: usize,
    ) -> HalvingRule {
        let min_resources = min_resources.into();
        let (smallest, aggressive_elimination) = (1, false);
        HalvingRule { factor, min_resources, smallest, max_resources, aggressive_elimination }
    }

    /// The rule of a case of `tests/parity/halving.py`.
    fn of(case: &Value) -> HalvingRule {
        let number = |name: &str| case[name].as_u64().map(|number| number as usize);
        let rows = number("rows").unwrap();
        let smallest = match case["epochs"] == true {
            true => 1,
            false => 2 * number("splits").unwrap() * number("classes").unwrap().max(1),
        };
        let min_resources = match (number("min_resources"), case["min_resources"] == "smallest") {
            (Some(resources), _) => MinResources::Fixed(resources),
            (None, true) => MinResources::Smallest,
            (None, false) => MinResources::Exhaust,
        };
        HalvingRule {
            factor: case["factor"].as_f64().unwrap_or(3.0),
            min_resources,
            smallest,
            max_resources: number("max_resources").unwrap_or(rows),
            aggressive_elimination: case["aggressive_elimination"] == true,
        }
    }

    #[test]
    fn rounds_equal_scikit_learns() {
        let all: Value =
            serde_json::from_str(include_str!("../../tests/parity/halving.json")).unwrap();
        let cases = all["schedules"].as_array().unwrap();
        assert!(cases.len() > 190);
        for case in cases {
            let schedule = of(case).schedule(case["candidates"].as_u64().unwrap() as usize);
            if case["refused"] == true {
                assert!(matches!(schedule, Err(Error::Param { name: "min_resources", .. })));
                continue;
            }
            let schedule = schedule.unwrap();
            let got = serde_json::json!({
                "n_resources": schedule.n_resources(),
                "n_candidates": schedule.n_candidates(),
                "n_iterations": schedule.n_iterations(),
                "n_required_iterations": schedule.n_required_iterations(),
                "n_possible_iterations": schedule.n_possible_iterations(),
                "n_remaining_candidates": schedule.n_remaining_candidates(),
                "last_min_resources": schedule.min_resources() as f64,
                "last_max_resources": schedule.max_resources(),
            });
            for (name, got) in got.as_object().unwrap() {
                assert_eq!(*got, case[name], "{name} of {case}");
            }
        }
    }

    #[test]
    fn what_makes_no_schedule_is_named() {
        for (rule, name) in [
            (rule(1.0, 1, 10), "factor"),
            (rule(0.5, 1, 10), "factor"),
            (rule(f64::NAN, 1, 10), "factor"),
            (rule(f64::INFINITY, 1, 10), "factor"),
            (rule(1.0 + f64::EPSILON, 1, 10), "factor"),
            (rule(2.0, 0, 10), "min_resources"),
            (rule(2.0, 11, 10), "min_resources"),
            (rule(2.0, MinResources::Smallest, 0), "max_resources"),
        ] {
            let refused = rule.schedule(9).unwrap_err();
            assert!(matches!(refused, Error::Param { name: got, .. } if got == name), "{refused}");
        }
    }

    #[test]
    fn huge_numbers_do_no_harm() {
        for most in [1, usize::MAX] {
            for factor in [1.01, 2.0, 1e300, f64::MAX] {
                for candidates in [1, 2, usize::MAX] {
                    for min_resources in [MinResources::Exhaust, MinResources::Smallest] {
                        for aggressive_elimination in [false, true] {
                            let rule = rule(factor, min_resources, most);
                            let rule = HalvingRule { aggressive_elimination, ..rule };
                            let schedule = rule.schedule(candidates).unwrap();
                            assert_eq!(schedule.n_candidates()[0], candidates);
                            let within = |&n: &usize| (1..=most).contains(&n);
                            assert!(schedule.n_resources().iter().all(within), "{schedule:?}");
                        }
                    }
                }
            }
        }
    }
}
