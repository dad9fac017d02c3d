//! Random numbers: NumPy's legacy generator, and streams keyed by where their numbers are used.
//!
//! [`RandomState`] draws what happens once or once an epoch: splits, folds, shuffles, initial
//! weights. For the same seed it gives the numbers of NumPy's class of the same name, which NumPy
//! has frozen.
//!
//! [`KeyedStream`] draws what happens inside a training step (dropout, noise). Its numbers follow
//! from seed, layer, step and row alone, so that the backward pass can compute them again and the
//! number of threads cannot change them.
//!
//! Both implement rand's traits, so every distribution of that crate can draw from them.

mod keyed_stream;
mod mersenne_twister;
mod random_state;

pub use keyed_stream::KeyedStream;
pub use random_state::{RandomState, SavedRandomState};
