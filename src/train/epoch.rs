//! The loop over the batches of an epoch.

use std::sync::atomic::Ordering;

use super::builder::TrainerBuilder;
use super::callback::BatchRecord;
use super::fit::Fit;
use super::step::StepSettings;
use super::{Event, StopReason};
use crate::error::{Error, Result};
use crate::linalg::norms;
use crate::native::crew::Crew;
use crate::scalar::Scalar;

/// What an epoch's batches came to.
pub(super) struct EpochSums {
    /// Σ weight·mean loss, penalties included.
    pub(super) loss: f64,
    pub(super) weight: f64,
    pub(super) rows: usize,
    pub(super) stop: Option<StopReason>,
}

impl<F: Scalar> Fit<'_, '_, '_, F> {
    pub(super) fn batches(&mut self, crew: Crew<'_>) -> Result<EpochSums> {
        let mut sums = EpochSums { loss: 0.0, weight: 0.0, rows: 0, stop: None };
        for batch in 0..self.batches {
            let start = batch * self.batch_size;
            let rows = start..(start + self.batch_size).min(self.rows.len());
            self.learning_rate = self.next_learning_rate();
            if !(self.learning_rate.is_finite() && self.learning_rate >= 0.0) {
                let want = "finite and >= 0, as schedule and callbacks change it";
                return Err(Error::param("learning_rate", self.learning_rate, want));
            }
            let TrainerBuilder { network, loss, optimizer, state, gemm, clipping, .. } =
                &mut *self.settings;
            let settings = StepSettings {
                gemm: *gemm,
                crew,
                seed: u64::from(network.seed()),
                step: state.step,
                learning_rate: self.learning_rate,
                clipping: *clipping,
            };
            let indices = &self.rows[rows];
            let step =
                self.workspace.step(network, &**loss, &**optimizer, self.data, indices, &settings);
            if step.weight <= 0.0 {
                let got = format!("all zero in epoch {}, batch {batch}", state.epoch);
                let want = "above zero for at least one row of every batch";
                return Err(Error::param("weights", got, want));
            }
            if !step.loss.is_finite() {
                let rows = indices.len();
                return Err(self.diverged(batch, rows));
            }
            state.step += 1;
            sums.loss += step.loss + step.weight * step.penalty;
            sums.weight += step.weight;
            sums.rows += indices.len();
            sums.stop = self.batch_end(batch, step.mean())?;
            if sums.stop.is_some() {
                break;
            }
        }
        Ok(sums)
    }

    /// Tells callbacks and observers of a batch; says whether the fit is to end.
    fn batch_end(&mut self, batch: usize, loss: f64) -> Result<Option<StopReason>> {
        let (epoch, learning_rate) = (self.settings.state.epoch, self.learning_rate);
        if !self.settings.callbacks.is_empty() {
            let record = BatchRecord { epoch, batch, loss, learning_rate };
            self.callbacks(|callback, control| callback.batch_end(&record, control))?;
        }
        let mut stop = self.stop_asked();
        if !self.settings.observers.is_empty() {
            stop = self.notify(&Event::BatchEnd { epoch, batch, loss, learning_rate }).or(stop);
        }
        let raised = self.settings.stop.load(Ordering::Relaxed);
        Ok(if raised { Some(StopReason::Stopped) } else { stop })
    }

    /// The last update of an epoch has no loss after it that would show a bad step.
    pub(super) fn check_parameters(&self) -> Result<()> {
        match self.bad_parameter() {
            None => Ok(()),
            Some(tensor) => {
                let epoch = self.settings.state.epoch;
                Err(Error::Diverged { epoch, batch: self.batches - 1, tensor })
            }
        }
    }

    fn bad_parameter(&self) -> Option<String> {
        let network = &self.settings.network;
        let (params, buffers) = (network.parameters(), network.buffers());
        // One quick pass where all is well.
        if norms::all_finite(params) && norms::all_finite(buffers) {
            return None;
        }
        let bad = |values: &[F]| !norms::all_finite(values);
        let tensors = network.tensors().iter().map(|tensor| (tensor, params));
        let kept = network.buffer_tensors().iter().map(|tensor| (tensor, buffers));
        let found = tensors.chain(kept).find(|(tensor, values)| bad(&values[tensor.range.clone()]));
        found.map(|(tensor, _)| tensor.name.clone())
    }

    fn diverged(&self, batch: usize, rows: usize) -> Error {
        let tensor = self
            .bad_parameter()
            .or_else(|| self.workspace.divergent_output(&self.settings.network, rows))
            .unwrap_or_else(|| "loss".to_owned());
        Error::Diverged { epoch: self.settings.state.epoch, batch, tensor }
    }
}
