//! How much memory a fit held, and how much its shapes say that it needs.

use std::fs;

use blastrain::Scalar;
use serde_json::{Value, json};

use crate::workload::{CLASSES, INPUTS, Workload};

/// The most memory that this process held at a time, in bytes: since [`reset_peak`], or since it
/// started. Linux only.
pub fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024 * line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?)
}

/// Lets the peak count from now on; false where the system does not allow that.
pub fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// What a fit needs by its shapes, in bytes.
pub struct Expected {
    data: usize,
    parameters: usize,
    gradient: usize,
    optimizer_state: usize,
    activations: usize,
}

impl Expected {
    /// `rows` counts all rows held, `target` the bytes of a row's target.
    pub fn new<F: Scalar>(
        workload: Workload,
        (rows, target): (usize, usize),
        parameters: usize,
    ) -> Self {
        let value = size_of::<F>();
        let hidden: usize = workload.hidden().iter().sum();
        // The batch's rows, and each layer's outputs with the gradients by them.
        let kept = INPUTS + 2 * (workload.kept_per_layer() * hidden + CLASSES);
        Self {
            data: rows * (INPUTS * value + target),
            parameters: parameters * value,
            gradient: parameters * value,
            optimizer_state: workload.optimizer::<F>().slots() * parameters * value,
            activations: workload.batch_size() * kept * value,
        }
    }

    fn total(&self) -> usize {
        let Self { data, parameters, gradient, optimizer_state, activations } = self;
        data + parameters + gradient + optimizer_state + activations
    }

    /// For the last line, in megabytes (10⁶ bytes): the peak `while_training`, since the data were
    /// there, beside what was expected. The trainer's copy of the parameters, kept in case the fit
    /// diverges, and what the program and OpenBLAS take for themselves, are the rest.
    pub fn json(&self, while_loading: Option<u64>, while_training: Option<u64>) -> Value {
        let total = self.total() as f64;
        json!({
            "peak_mb": while_training.map(|bytes| megabytes(bytes as f64)),
            "expected_mb": megabytes(total),
            "peak_over_expected": while_training.map(|bytes| (1e3 * bytes as f64 / total).round() / 1e3),
            "expected": {
                "data_mb": megabytes(self.data as f64),
                "parameters_mb": megabytes(self.parameters as f64),
                "gradient_mb": megabytes(self.gradient as f64),
                "optimizer_state_mb": megabytes(self.optimizer_state as f64),
                "activations_mb": megabytes(self.activations as f64),
            },
            "copy_of_parameters_mb": megabytes(self.parameters as f64),
            "peak_while_loading_mb": while_loading.map(|bytes| megabytes(bytes as f64)),
        })
    }
}

fn megabytes(bytes: f64) -> f64 {
    (bytes / 1e5).round() / 10.0
}
