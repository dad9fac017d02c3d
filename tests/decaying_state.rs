//! Where the gradient has become zero, the optimisers' running means end at zero.

use blastrain::optim::{Adam, AdamW, Optimizer, RmsProp, Sgd, Step};

/// Steps after a gradient that was not zero in the first of them alone, for every value one that is there for the
/// vectors and one for the rest behind them.
fn check(rule: &dyn Optimizer<f32>, steps: u64) {
    const COUNT: usize = 37;
    let mut params = [0.5_f32; COUNT];
    let mut slots = vec![[0.0_f32; COUNT]; rule.slots()];
    for number in 1..=steps {
        let gradient = [if number == 1 { 1e-3_f32 } else { 0.0 }; COUNT];
        let mut state: Vec<&mut [f32]> = slots.iter_mut().map(|slot| &mut slot[..]).collect();
        rule.update(Step::new(number, rule.learning_rate()), &mut params, &gradient, &mut state);
        for value in slots.iter().flatten() {
            assert!(!value.is_subnormal(), "{} keeps {value:e} in step {number}", rule.name());
        }
    }
    assert!(slots.iter().flatten().all(|&value| value == 0.0), "{}: {slots:?}", rule.name());
    assert!(params.iter().all(|p| p.is_normal() && *p != 0.5), "{}: {params:?}", rule.name());
}

#[test]
fn moments_and_velocities_decay_to_zero_and_are_never_subnormal() {
    // After 900 steps 0.9ⁿ is below the least normal number, 0.8ⁿ long before.
    check(&Sgd::new(0.1).momentum(0.9), 1000);
    check(&Sgd::new(0.1).momentum(0.9).nesterov(true), 1000);
    check(&Adam::new(0.01).beta_2(0.9), 1000);
    check(&AdamW::new(0.01, 0.001).beta_2(0.8), 1000);
    check(&RmsProp::new(0.001).alpha(0.9), 1000);
    check(&RmsProp::new(0.001).alpha(0.8).centered(true).momentum(0.9), 1000);
}

#[test]
fn nan_stays() {
    for rule in [&Adam::new(0.01) as &dyn Optimizer<f64>, &Sgd::new(0.01).momentum(0.9)] {
        let (mut params, mut slots) = ([1.0], vec![[f64::NAN]; rule.slots()]);
        let mut state: Vec<&mut [f64]> = slots.iter_mut().map(|slot| &mut slot[..]).collect();
        rule.update(Step::new(1, 0.01), &mut params, &[0.1], &mut state);
        assert!(slots.iter().flatten().all(|value| value.is_nan()), "{}", rule.name());
    }
}
