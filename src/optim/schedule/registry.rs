//! All schedules.

use super::{
    Anneal, Constant, CosineAnnealing, CosineWarmRestarts, Exponential, InverseScaling,
    LinearWarmup, MultiStep, OneCycle, Polynomial, Schedule, StepDecay,
};

/// One of each kind, with settings that show it in a training of some ten epochs; the contract
/// tests run over them.
pub fn all() -> Vec<Box<dyn Schedule>> {
    vec![
        Box::new(Constant::new()),
        Box::new(InverseScaling::new(0.5)),
        Box::new(StepDecay::new(3)),
        Box::new(MultiStep::new([2, 5])),
        Box::new(Exponential::new(0.9)),
        Box::new(CosineAnnealing::new(10).min_rate(1e-4)),
        Box::new(CosineWarmRestarts::new(3).growth(2)),
        Box::new(OneCycle::new(0.1)),
        Box::new(OneCycle::new(0.1).anneal(Anneal::Linear).three_phase(true)),
        Box::new(LinearWarmup::new(4)),
        Box::new(Polynomial::new(9).power(0.9)),
        Box::new(LinearWarmup::new(3).then(3, CosineAnnealing::new(7))),
        Box::new(StepDecay::new(4).times(LinearWarmup::new(30).per_step())),
    ]
}
