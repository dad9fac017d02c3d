//! What a fit has come to, epoch by epoch, and when it ends.

use serde::{Deserialize, Serialize};

use super::settings::{LearningRate, Settings, Solver};

/// The learning rate at which [`LearningRate::Adaptive`] gives up.
const LEAST_RATE: f64 = 1e-6;

/// How a fit went so far, over warm starts and calls of `partial_fit`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    pub(super) loss: Option<f64>,
    pub(super) loss_curve: Vec<f64>,
    pub(super) best_loss: Option<f64>,
    pub(super) validation_scores: Vec<f64>,
    pub(super) best_validation_score: Option<f64>,
    /// Epochs, or iterations, of the last fit.
    pub(super) n_iter: usize,
    /// Rows trained on.
    pub(super) t: u64,
    /// Epochs in a row that improved nothing.
    pub(super) no_improvement: usize,
}

/// What an epoch's end means for the fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// The learning rate from here on.
    pub(super) learning_rate: f64,
    pub(super) stop: bool,
    /// Whether the validation score is the best so far.
    pub(super) best: bool,
}

impl Progress {
    /// Records an epoch over `rows` rows that ended with this loss and, if the fit stops early, this
    /// validation score.
    pub(super) fn epoch_ends(
        &mut self,
        settings: &Settings,
        rows: usize,
        learning_rate: f64,
        loss: f64,
        score: Option<f64>,
    ) -> Verdict {
        self.n_iter += 1;
        self.loss = Some(loss);
        self.t += rows as u64;
        self.loss_curve.push(loss);
        self.validation_scores.extend(score);
        let best = match score.filter(|_| settings.early_stopping) {
            Some(score) => self.judge_score(score, settings.tol),
            None => {
                self.judge_loss(loss, settings.tol);
                false
            }
        };
        let mut verdict = Verdict { learning_rate, stop: false, best };
        if settings.solver == Solver::Sgd && settings.learning_rate == LearningRate::InvScaling {
            let scale = ((self.t + 1) as f64).powf(settings.power_t);
            verdict.learning_rate = settings.learning_rate_init / scale;
        }
        if self.no_improvement > settings.n_iter_no_change {
            let adaptive =
                settings.solver == Solver::Sgd && settings.learning_rate == LearningRate::Adaptive;
            if adaptive && verdict.learning_rate > LEAST_RATE {
                verdict.learning_rate /= 5.0;
                self.no_improvement = 0;
            } else {
                verdict.stop = true;
            }
        }
        verdict
    }

    fn judge_score(&mut self, score: f64, tol: f64) -> bool {
        let best = self.best_validation_score.unwrap_or(f64::NEG_INFINITY);
        self.count(score < best + tol);
        if score > best {
            self.best_validation_score = Some(score);
        }
        score > best
    }

    fn judge_loss(&mut self, loss: f64, tol: f64) {
        let best = self.best_loss.unwrap_or(f64::INFINITY);
        self.count(loss > best - tol);
        if loss < best {
            self.best_loss = Some(loss);
        }
    }

    fn count(&mut self, no_improvement: bool) {
        self.no_improvement = if no_improvement { self.no_improvement + 1 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(learning_rate: LearningRate) -> Settings {
        let solver = Solver::Sgd;
        let (tol, n_iter_no_change, power_t) = (0.5, 1, 0.5);
        Settings { solver, learning_rate, tol, n_iter_no_change, power_t, ..Settings::default() }
    }

    #[test]
    fn one_epoch_more_than_allowed_without_improvement_stops() {
        let settings = settings(LearningRate::Constant);
        let mut progress = Progress::default();
        let mut ends = |loss| progress.epoch_ends(&settings, 10, 0.1, loss, None).stop;
        // 9.6 is better than 10 but not by 0.5; 9.4 improves on 9.6 by too little, too.
        assert_eq!([10.0, 9.6, 9.4].map(&mut ends), [false, false, true]);
        assert_eq!((progress.best_loss, progress.t, progress.n_iter), (Some(9.4), 30, 3));
    }

    #[test]
    fn an_adaptive_rate_falls_instead_until_it_is_small() {
        let settings = settings(LearningRate::Adaptive);
        let mut progress = Progress::default();
        let mut rate = 2e-6;
        let mut rates = Vec::new();
        for _ in 0..20 {
            let verdict = progress.epoch_ends(&settings, 10, rate, 1.0, None);
            rate = verdict.learning_rate;
            rates.push(rate);
            if verdict.stop {
                break;
            }
        }
        assert_eq!(rates, [2e-6, 2e-6, 4e-7, 4e-7, 4e-7]);
    }

    #[test]
    fn inverse_scaling_goes_by_rows() {
        let settings = settings(LearningRate::InvScaling);
        let verdict = Progress::default().epoch_ends(&settings, 8, 0.1, 1.0, None);
        assert_eq!(verdict.learning_rate, 1e-3 / 3.0);
    }

    #[test]
    fn early_stopping_goes_by_the_score() {
        let settings = Settings { early_stopping: true, ..settings(LearningRate::Constant) };
        let mut progress = Progress::default();
        let mut ends = |score| {
            let verdict = progress.epoch_ends(&settings, 10, 0.1, 1.0, Some(score));
            (verdict.best, verdict.stop)
        };
        // Equal to the best plus the tolerance counts as an improvement.
        let want = [(true, false), (true, false), (false, false), (false, true)];
        assert_eq!([0.0, 0.5, 0.5, 0.2].map(&mut ends), want);
        assert_eq!((progress.best_loss, progress.best_validation_score), (None, Some(0.5)));
    }
}
