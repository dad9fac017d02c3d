//! Randomized searches draw scikit-learn's candidates (`parity/grid_search.py`).

use blastrain::data::StratifiedKFold;
use blastrain::estimator::MlpClassifier;
use blastrain::search::RandomizedSearch;
use blastrain::{Error, RandomState, datasets};
use serde_json::Value;

type Search = RandomizedSearch<f64, MlpClassifier>;

/// A search whose fits take no time.
fn quick(n_iter: usize, seed: u32) -> Search {
    let mlp = MlpClassifier::new().hidden_layer_sizes([2]).max_iter(1);
    RandomizedSearch::new(mlp, n_iter)
        .random_state(RandomState::new(seed))
        .cv(StratifiedKFold::new(2))
        .refit(false)
}

fn params(search: &Search) -> Vec<Value> {
    let found = search.fit(&datasets::iris().unwrap()).unwrap();
    let candidates = found.results().candidates().iter();
    candidates.map(|candidate| serde_json::to_value(&candidate.params).unwrap()).collect()
}

fn choices(search: Search) -> Search {
    search.choice("b", [10, 20, 30, 40], |mlp, _| mlp).choice("a", ["x", "y", "z"], |mlp, _| mlp)
}

fn mixed(seed: u32) -> Search {
    choices(quick(6, seed))
        .log_uniform("alpha", 1e-5..=1e-1, |mlp, alpha| mlp.alpha(alpha))
        .integer("units", 4..=64, |mlp, units| mlp.hidden_layer_sizes([units]))
        .uniform("momentum", 0.25..=0.75, |mlp, _| mlp)
}

fn assert_equal(search: &Search, case: &str) {
    let all: Value = serde_json::from_str(include_str!("parity/grid_search.json")).unwrap();
    let (got, want) = (params(search), all["sampled"][case].as_array().unwrap());
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        let (got, want) = (got.as_object().unwrap(), want.as_object().unwrap());
        assert_eq!(got.len(), want.len());
        for (name, want) in want {
            let close = match (got[name].as_f64(), want.as_f64()) {
                (Some(got), Some(want)) => (got - want).abs() <= 1e-12 * want.abs(),
                _ => got[name] == *want,
            };
            assert!(close, "{case}: {name} is {} for {want}", got[name]);
        }
    }
}

#[test]
fn candidates_equal_scikit_learns() {
    assert_equal(&choices(quick(5, 7)), "choices");
    assert_equal(&choices(quick(12, 7)), "all choices");
    assert_equal(&mixed(11), "mixed");
    let rare = quick(5, 3).choice("a", 0..50, |mlp, _| mlp).choice("b", 0..50, |mlp, _| mlp);
    assert_equal(&rare, "rare");
}

#[test]
fn the_same_seed_gives_the_same_candidates() {
    let search = mixed(1);
    assert_eq!(params(&search), params(&search));
    assert_ne!(params(&search), params(&mixed(2)));
    for draw in params(&search) {
        assert!((4..=64).contains(&draw["units"].as_u64().unwrap()));
        assert!((1e-5..=1e-1).contains(&draw["alpha"].as_f64().unwrap()));
        assert!((0.25..=0.75).contains(&draw["momentum"].as_f64().unwrap()));
    }
}

#[test]
fn drawn_settings_reach_the_estimator() {
    let search = quick(2, 0)
        .sampled(
            "rows",
            |random| random.interval(3) as usize + 5,
            |mlp, units| mlp.hidden_layer_sizes([units]),
        )
        .refit(true);
    let found = search.fit(&datasets::iris().unwrap()).unwrap();
    let units = found.best_params().get("rows").and_then(Value::as_u64).unwrap();
    assert_eq!(found.best_model().unwrap().coefs()[0].ncols() as u64, units);
}

#[test]
fn what_cannot_be_drawn_is_named() {
    let data = datasets::iris().unwrap();
    let number = |mlp: MlpClassifier, _: f64| mlp;
    #[expect(clippy::reversed_empty_ranges, reason = "refused")]
    let reversed = 3..=2;
    for search in [
        quick(0, 0),
        quick(1, 0).uniform("a", 0.0..=f64::INFINITY, number),
        quick(1, 0).uniform("a", 1.0..=0.0, number),
        quick(1, 0).log_uniform("a", 0.0..=1.0, number),
        quick(1, 0).integer("a", reversed, |mlp, _| mlp),
        quick(1, 0).uniform("a", 0.0..=1.0, number).choice("a", [1], |mlp, _| mlp),
    ] {
        assert!(matches!(search.fit(&data), Err(Error::Param { .. })), "{search:?}");
    }
    let nothing = quick(1, 0).choice("a", [0; 0], |mlp, _| mlp);
    assert!(matches!(nothing.fit(&data), Err(Error::Empty { .. })));
}

#[test]
fn axes_vary_where_nobody_can_count_their_combinations() {
    let search = (0..25)
        .fold(quick(4, 5), |search, i| search.choice(format!("a{i:02}"), 0..10, |mlp, _| mlp));
    let params = params(&search);
    for axis in 0..25 {
        let name = format!("a{axis:02}");
        let distinct: std::collections::BTreeSet<_> =
            params.iter().map(|params| params[&name].to_string()).collect();
        assert!(distinct.len() > 1, "{name} is always {distinct:?}");
    }
}

#[test]
fn too_many_iterations_are_refused() {
    let search = quick(usize::MAX, 5).uniform("momentum", 0.25..=0.75, |mlp, _| mlp);
    let refused = search.fit(&datasets::iris().unwrap()).unwrap_err();
    assert!(matches!(refused, blastrain::Error::Param { name: "candidates", .. }), "{refused}");
}
