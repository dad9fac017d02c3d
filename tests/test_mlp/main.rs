//! scikit-learn's own tests of its multi-layer perceptrons, under the same names, with the numbers that
//! they name. The documentation of `estimator` says which have no counterpart, and why.

mod data;
mod going_on;
mod lbfgs;
mod outputs;
mod steps;
mod stopping;
