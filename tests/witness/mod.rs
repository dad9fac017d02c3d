//! Activations and optimisers that note which workers of a pool call them.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use blastrain::activation::{Activation, AnyActivation, Saved, Tanh};
use blastrain::optim::{Adam, Optimizer, Step};
use blastrain::{Result, Scalar};

/// The workers seen, by their index in the pool (−1 outside of one).
#[derive(Debug, Default)]
pub struct Witness {
    seen: Mutex<BTreeSet<isize>>,
    arrived: Condvar,
}

/// Bounds the wait of a pool that never sends its second worker, so that the test fails and ends.
const PATIENCE: Duration = Duration::from_secs(60);

impl Witness {
    /// Notes the caller; inside a pool of several workers, holds it until a second has come, so that
    /// the proof does not hang on who is faster.
    fn note(&self) {
        let index = rayon::current_thread_index().map_or(-1, |index| index as isize);
        let mut seen = self.seen.lock().unwrap();
        if seen.insert(index) {
            self.arrived.notify_all();
        }
        if index >= 0 && rayon::current_num_threads() > 1 && seen.len() < 2 {
            let wait = self.arrived.wait_timeout_while(seen, PATIENCE, |seen| seen.len() < 2);
            drop(wait.unwrap());
        }
    }

    /// The workers that have called.
    pub fn workers(&self) -> Vec<isize> {
        self.seen.lock().unwrap().iter().copied().collect()
    }
}

/// Tanh with a witness of its backward passes, which only training has.
#[derive(Debug, Clone)]
pub struct WatchedTanh(pub Arc<Witness>);

impl<F: Scalar> Activation<F> for WatchedTanh {
    fn saved(&self) -> Saved {
        Activation::<F>::saved(&Tanh)
    }

    fn forward(&self, z: &mut [F]) {
        Tanh.forward(z);
    }

    fn backward(&self, saved: &[F], dy: &mut [F]) {
        self.0.note();
        Tanh.backward(saved, dy);
    }
}

impl AnyActivation for WatchedTanh {
    fn name(&self) -> &'static str {
        "watched_tanh"
    }

    fn clone_box(&self) -> Box<dyn AnyActivation> {
        Box::new(self.clone())
    }
}

/// Adam with a witness.
#[derive(Debug)]
pub struct WatchedAdam(pub Adam, pub Arc<Witness>);

impl<F: Scalar> Optimizer<F> for WatchedAdam {
    fn name(&self) -> &'static str {
        "watched_adam"
    }

    fn learning_rate(&self) -> f64 {
        Optimizer::<F>::learning_rate(&self.0)
    }

    fn slots(&self) -> usize {
        Optimizer::<F>::slots(&self.0)
    }

    fn validate(&self) -> Result<()> {
        Optimizer::<F>::validate(&self.0)
    }

    fn update(&self, step: Step, params: &mut [F], grad: &[F], state: &mut [&mut [F]]) {
        self.1.note();
        self.0.update(step, params, grad, state);
    }
}
