//! L-BFGS against SciPy's L-BFGS-B (numbers made by tests/parity/lbfgs.py), and its ends.

use std::ops::ControlFlow;

use blastrain::optim::{Iteration, Lbfgs, Minimum, Termination};
use blastrain::{Error, Scalar};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    problem: String,
    options: Options,
    start: Vec<f64>,
    first: f64,
    losses: Vec<f64>,
    evaluations: usize,
    iterations: usize,
    x: Vec<f64>,
    loss: f64,
    message: String,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(default, deny_unknown_fields)]
struct Options {
    maxcor: Option<usize>,
    maxiter: Option<usize>,
    maxfun: Option<usize>,
    gtol: Option<f64>,
    ftol: Option<f64>,
}

impl Options {
    fn lbfgs(self) -> Lbfgs {
        Lbfgs::new()
            .memory(self.maxcor.unwrap_or(10))
            .max_iter(self.maxiter.unwrap_or(15_000))
            .max_fun(self.maxfun.unwrap_or(15_000))
            .gradient_tolerance(self.gtol.unwrap_or(1e-5))
            .relative_tolerance(self.ftol.unwrap_or(1e7 * f64::EPSILON))
    }
}

fn golden() -> Vec<Case> {
    let golden: Golden = serde_json::from_str(include_str!("parity/lbfgs.json")).unwrap();
    golden.cases
}

type Objective = fn(&[f64], &mut [f64]) -> f64;

fn objective(name: &str) -> Objective {
    match name {
        "rosenbrock" => rosenbrock,
        "scaled_quadratic" => scaled_quadratic,
        "beale" => beale,
        "kinks" => kinks,
        "misleading" => misleading,
        "wrong_sign" => wrong_sign,
        "logistic" => logistic,
        "mlp" => mlp,
        other => panic!("unknown problem {other}"),
    }
}

fn rosenbrock<F: Scalar>(x: &[F], gradient: &mut [F]) -> f64 {
    gradient.fill(F::zero());
    let [one, two, hundred] = [1.0, 2.0, 100.0].map(F::from_f64);
    let mut sum = F::zero();
    for i in 0..x.len() - 1 {
        let (a, b) = (x[i], x[i + 1]);
        let miss = b - a * a;
        gradient[i] -= two * two * hundred * a * miss + two * (one - a);
        gradient[i + 1] += two * hundred * miss;
        sum += hundred * miss * miss + (one - a) * (one - a);
    }
    sum.as_f64()
}

fn scaled_quadratic(x: &[f64], gradient: &mut [f64]) -> f64 {
    let last = (x.len() - 1) as f64;
    let mut sum = 0.0;
    for (i, (&x, g)) in x.iter().zip(gradient).enumerate() {
        let c = 10.0f64.powf(6.0 * i as f64 / last - 3.0);
        *g = c * (x - 1.0);
        sum += 0.5 * c * (x - 1.0) * (x - 1.0);
    }
    sum
}

fn beale(x: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let mut value = 0.0;
    for (power, target) in [(1, 1.5), (2, 2.25), (3, 2.625)] {
        let miss = target - x[0] + x[0] * x[1].powi(power);
        value += miss * miss;
        gradient[0] += 2.0 * miss * (x[1].powi(power) - 1.0);
        gradient[1] += 2.0 * miss * x[0] * f64::from(power) * x[1].powi(power - 1);
    }
    value
}

fn kinks(x: &[f64], gradient: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for (i, (&x, g)) in x.iter().zip(gradient).enumerate() {
        let k = (i + 1) as f64;
        sum += k * (x - 1.0).abs();
        *g = k * if x == 1.0 { 0.0 } else { (x - 1.0).signum() };
    }
    sum
}

fn misleading(x: &[f64], gradient: &mut [f64]) -> f64 {
    let curvatures = || (1..).map(f64::from);
    let value: f64 = x.iter().zip(curvatures()).map(|(x, c)| c * x * x).sum();
    let sign = if value > 1.0 { 1.0 } else { -1.0 };
    for ((&x, c), g) in x.iter().zip(curvatures()).zip(gradient) {
        *g = sign * 2.0 * c * x;
    }
    value
}

fn wrong_sign(x: &[f64], gradient: &mut [f64]) -> f64 {
    for (&x, g) in x.iter().zip(gradient) {
        *g = -2.0 * x;
    }
    x.iter().map(|x| x * x).sum()
}

fn row(i: usize, columns: usize) -> Vec<f64> {
    let i = i as f64;
    let value = |j: f64| (1.3 * i + 0.7 * j * j + 0.2 * i * j).sin();
    (0..columns).map(|j| value(j as f64)).collect()
}

fn logistic(x: &[f64], gradient: &mut [f64]) -> f64 {
    let rows = 12;
    let mut sum = 0.0;
    gradient.fill(0.0);
    for i in 0..rows {
        let (features, y) = (row(i, 4), ((i * i + i / 3) % 2) as f64);
        let z = features.iter().zip(x).map(|(a, w)| a * w).sum::<f64>() + x[4];
        sum += z.max(0.0) + (-z.abs()).exp().ln_1p() - y * z;
        let delta = (1.0 / (1.0 + (-z).exp()) - y) / rows as f64;
        for (g, feature) in gradient.iter_mut().zip(features.iter().chain(&[1.0])) {
            *g += delta * feature;
        }
    }
    for (g, w) in gradient.iter_mut().zip(&x[..4]) {
        *g += 0.01 * w;
    }
    sum / rows as f64 + 0.005 * x[..4].iter().map(|w| w * w).sum::<f64>()
}

fn mlp(x: &[f64], gradient: &mut [f64]) -> f64 {
    let rows = 20;
    let mut sum = 0.0;
    gradient.fill(0.0);
    for i in 0..rows {
        let features = row(i, 3);
        let target = [(0.9 * i as f64).cos(), (0.4 * i as f64).sin() * 0.5];
        let z = |k: usize| (0..3).map(|j| features[j] * x[5 * j + k]).sum::<f64>() + x[15 + k];
        let hidden: Vec<f64> = (0..5).map(|k| z(k).tanh()).collect();
        let mut back = [0.0; 5];
        for c in 0..2 {
            let score = (0..5).map(|k| hidden[k] * x[20 + 2 * k + c]).sum::<f64>() + x[30 + c];
            let miss = score - target[c];
            sum += 0.5 * miss * miss;
            let delta = miss / rows as f64;
            for k in 0..5 {
                gradient[20 + 2 * k + c] += hidden[k] * delta;
                back[k] += x[20 + 2 * k + c] * delta;
            }
            gradient[30 + c] += delta;
        }
        for k in 0..5 {
            let delta = back[k] * (1.0 - hidden[k] * hidden[k]);
            for j in 0..3 {
                gradient[5 * j + k] += features[j] * delta;
            }
            gradient[15 + k] += delta;
        }
    }
    sum / rows as f64
}

fn descend<F: Scalar>(
    lbfgs: &Lbfgs,
    x: &mut [F],
    objective: impl FnMut(&[F], &mut [F]) -> f64,
) -> (Minimum, Vec<f64>) {
    let mut losses = Vec::new();
    let minimum = lbfgs.minimize(x, objective, |iteration: &Iteration<'_, F>| {
        losses.push(iteration.loss);
        assert_eq!(iteration.number, losses.len());
        ControlFlow::Continue(())
    });
    (minimum.unwrap(), losses)
}

fn relative(got: f64, want: f64) -> f64 {
    (got - want).abs() / want.abs().max(f64::MIN_POSITIVE)
}

/// Iterations over which losses are compared, and how closely.
fn closeness(problem: &str) -> (usize, f64) {
    match problem {
        // Rounding grows with each iteration in a curved valley: 1e-10 at the 20th with a memory of 3.
        "rosenbrock" => (20, 1e-9),
        // The last loss is 1e-15, a difference of numbers near 1.
        "beale" => (13, 1e-10),
        _ => (20, 1e-11),
    }
}

/// Long descents: their rounding has grown to the size of the steps, in SciPy's as in ours.
fn is_long(case: &Case) -> bool {
    case.iterations > 200
}

#[test]
fn losses_follow_scipy() {
    for case in golden() {
        let what = format!("{} in {} dimensions", case.problem, case.start.len());
        let objective = objective(&case.problem);
        let first = objective(&case.start, &mut vec![0.0; case.start.len()]);
        assert!(relative(first, case.first) < 1e-14, "{what}: another objective");
        let (_, losses) = descend(&case.options.lbfgs(), &mut case.start.clone(), objective);
        let (iterations, tolerance) = closeness(&case.problem);
        for (i, (&got, &want)) in losses.iter().zip(&case.losses).take(iterations).enumerate() {
            let close = relative(got, want) <= tolerance;
            assert!(close, "{what}, iteration {}: {got}, not {want}", i + 1);
        }
    }
}

#[test]
fn ends_where_when_and_why_scipy_ends() {
    for case in golden() {
        let what = format!("{} {:?}", case.problem, case.start);
        let mut x = case.start.clone();
        let (minimum, losses) = descend(&case.options.lbfgs(), &mut x, objective(&case.problem));
        assert_eq!(minimum.iterations, losses.len());
        let reason = match case.message.split(": ").collect::<Vec<_>>()[..] {
            ["ABNORMAL", ..] => Termination::LineSearch,
            [_, "NORM OF PROJECTED GRADIENT <= PGTOL"] => Termination::Gradient,
            [_, "RELATIVE REDUCTION OF F <= FACTR*EPSMCH"] => Termination::RelativeReduction,
            [_, "TOTAL NO. OF ITERATIONS REACHED LIMIT"] => Termination::MaxIter,
            [_, "TOTAL NO. OF F,G EVALUATIONS EXCEEDS LIMIT"] => Termination::MaxFun,
            _ => panic!("{}", case.message),
        };
        assert_eq!(minimum.termination, reason, "{what}");
        if is_long(&case) {
            assert!(minimum.loss < 1e-5, "{what}: {minimum:?}");
            continue;
        }
        assert_eq!(minimum.iterations, case.iterations, "{what}");
        // A failing search ends in steps of one rounding; one that moves nothing is not evaluated.
        let spare = usize::from(case.problem == "misleading");
        assert!(minimum.evaluations.abs_diff(case.evaluations) <= spare, "{what}: {minimum:?}");
        assert!((minimum.loss - case.loss).abs() < 1e-12, "{what}: {}", minimum.loss);
        for (got, want) in x.iter().zip(&case.x) {
            assert!((got - want).abs() < 1e-8, "{what}: {got}, not {want}");
        }
    }
}

#[test]
fn the_cases_have_every_end() {
    for end in ["ABNORMAL", "NORM OF", "RELATIVE", "ITERATIONS", "EVALUATIONS"] {
        assert!(golden().iter().any(|case| case.message.contains(end)), "{end}");
    }
}

#[test]
fn single_precision_reaches_the_minimum() {
    let mut x = [-1.2f32, 1.0, -1.2, 1.0];
    let (minimum, _) = descend(&Lbfgs::new().gradient_tolerance(1e-3), &mut x, rosenbrock);
    assert!(minimum.termination.converged(), "{minimum:?}");
    assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-2), "{x:?}");
}

#[test]
fn an_observer_ends_it_at_its_iterate() {
    let mut x = [-1.2, 1.0];
    let mut seen = Vec::new();
    let minimum = Lbfgs::new().minimize(&mut x, rosenbrock, |iteration: &Iteration<'_, f64>| {
        seen = iteration.x.to_vec();
        if iteration.number == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let minimum = minimum.unwrap();
    assert_eq!((minimum.iterations, minimum.termination), (3, Termination::Observer));
    assert_eq!(seen, x);
    assert_eq!(rosenbrock(&x, &mut [0.0; 2]), minimum.loss);
}

#[test]
fn steps_out_of_the_domain_are_shortened() {
    // −ln x − 9 ln(1 − x) has walls at 0 and 1.
    let mut outside = 0;
    let walls = |x: &[f64], gradient: &mut [f64]| {
        outside += usize::from(!(0.0..1.0).contains(&x[0]));
        gradient[0] = -1.0 / x[0] + 9.0 / (1.0 - x[0]);
        -x[0].ln() - 9.0 * (1.0 - x[0]).ln()
    };
    let mut x = [0.99];
    let (minimum, losses) = descend(&Lbfgs::new(), &mut x, walls);
    assert!(losses.iter().all(|loss| loss.is_finite()));
    assert!(minimum.termination.converged() && outside > 0, "{outside}, {minimum:?}");
    assert!((x[0] - 0.1).abs() < 1e-5, "{x:?}");
}

#[test]
fn an_objective_that_is_not_finite_is_told() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut x = [1.0, 2.0];
        let (minimum, losses) = descend(&Lbfgs::new(), &mut x, |_, gradient: &mut [f64]| {
            gradient.fill(1.0);
            bad
        });
        assert_eq!((minimum.termination, minimum.evaluations), (Termination::NotFinite, 1));
        assert!(losses.is_empty() && x == [1.0, 2.0]);

        // Finite at the start only: the start remains.
        let (minimum, _) = descend(&Lbfgs::new(), &mut x, |x, gradient: &mut [f64]| {
            gradient.fill(1.0);
            if x == [1.0, 2.0] { 0.0 } else { bad }
        });
        assert_eq!((minimum.termination, minimum.evaluations), (Termination::NotFinite, 21));
        assert_eq!((x, minimum.loss, minimum.gradient_norm), ([1.0, 2.0], 0.0, 1.0));

        // A gradient that is not finite is as bad.
        let (minimum, _) = descend(&Lbfgs::new(), &mut x, |_, gradient: &mut [f64]| {
            gradient[1] = bad;
            0.0
        });
        assert_eq!(minimum.termination, Termination::NotFinite);
    }
}

#[test]
fn settings_out_of_range_are_errors() {
    let bad = [
        ("memory", Lbfgs::new().memory(0)),
        ("memory", Lbfgs::new().memory(1001)),
        ("max_iter", Lbfgs::new().max_iter(0)),
        ("max_fun", Lbfgs::new().max_fun(0)),
        ("max_line_search", Lbfgs::new().max_line_search(0)),
        ("gradient_tolerance", Lbfgs::new().gradient_tolerance(f64::NAN)),
        ("relative_tolerance", Lbfgs::new().relative_tolerance(-1.0)),
    ];
    let go_on = |_: &Iteration<'_, f64>| ControlFlow::Continue(());
    for (setting, lbfgs) in bad {
        let result = lbfgs.minimize(&mut [1.0, 1.0], rosenbrock, go_on);
        assert!(matches!(result, Err(Error::Param { name, .. }) if name == setting), "{result:?}");
    }
    let result = Lbfgs::new().minimize(&mut [], |_: &[f64], _: &mut [f64]| 0.0, go_on);
    assert!(matches!(result, Err(Error::Empty { .. })), "{result:?}");
}
