//! Pictures of a search, and the scores by parameter that they show.
#![cfg(feature = "plot")]

mod halving;
mod marks;
mod picture;
mod stub;

use blastrain::data::KFold;
use blastrain::estimator::{Estimator, MlpClassifier, Solver};
use blastrain::metrics::{Accuracy, LogLoss};
use blastrain::search::{
    CandidateResult, FittedSearch, Grid, GridSearch, RandomizedSearch, SearchResults,
};
use blastrain::{Error, RandomState, Result, datasets, plot};
use serde_json::{Value, json};
use stub::Stub;

fn run(search: GridSearch<f64, Stub>) -> FittedSearch<f64, Stub> {
    search.cv(KFold::new(2)).refit(false).fit(&datasets::iris().unwrap()).unwrap()
}

/// Axes with these names and values, in the order of the names.
fn found(axes: &[(&str, Value)], score: fn(&[Value]) -> f64) -> FittedSearch<f64, Stub> {
    let grid = |grid: Grid<Stub>, (name, values): &(&str, Value)| {
        grid.axis(*name, values.as_array().unwrap().clone(), |stub: Stub, value| stub.set(value))
    };
    run(GridSearch::new(Stub::new(score)).grid(axes.iter().fold(Grid::new(), grid)))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn drawn(draw: impl FnOnce(&std::path::Path) -> Result<()>) -> Result<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.svg");
    let result = draw(&path);
    assert_eq!(path.exists(), result.is_ok());
    result?;
    let svg = std::fs::read_to_string(&path).unwrap();
    assert_sound(&svg);
    Ok(svg)
}

fn scores(results: &SearchResults) -> Result<String> {
    drawn(|path| plot::search_scores(path, results, "accuracy"))
}

fn heat_map(results: &SearchResults, x: &str, y: &str) -> Result<String> {
    drawn(|path| plot::search_heat_map(path, results, x, y, "accuracy"))
}

fn curves(results: &SearchResults, k: usize) -> Result<String> {
    drawn(|path| plot::learning_curves(path, results, "accuracy", k))
}

fn count(svg: &str, what: &str) -> usize {
    svg.matches(what).count()
}

#[track_caller]
fn assert_sound(svg: &str) {
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("\ninf\n"), "{svg}");
    assert_eq!(count(svg, "<text"), count(svg, "</text>"));
    assert!(!svg.contains("2147483"), "{svg}");
}

/// Three sizes and two names; one of the six fails, one pair is in no grid.
fn mixed() -> FittedSearch<f64, Stub> {
    let score = |settings: &[Value]| match (number(&settings[0]), settings[1].as_str()) {
        (20.0, Some("relu")) => f64::NAN,
        (size, name) => size / 100.0 + if name == Some("tanh") { 0.5 } else { 0.0 },
    };
    let set = |stub: Stub, value: Value| stub.set(value);
    let grid = |sizes: &[u64], names: &[&str]| {
        let sizes: Vec<Value> = sizes.iter().map(|&size| json!(size)).collect();
        let names: Vec<Value> = names.iter().map(|&name| json!(name)).collect();
        Grid::new().axis("a_size", sizes, set).axis("b_name", names, set)
    };
    let twice = Grid::new()
        .axis("a_size", [json!(10)], set)
        .axis("b_name", [json!("tanh")], set)
        .axis("c_other", [json!(true), json!(false)], set);
    run(GridSearch::new(Stub::new(score))
        .grid(grid(&[20, 10], &["tanh", "relu"]))
        .grid(grid(&[30], &["tanh"]))
        .grid(twice)
        .metric(Accuracy)
        .metric(LogLoss))
}

#[test]
fn scores_are_told_by_value_and_by_pair() {
    let search = mixed();
    let results = search.results();
    let axes = results.axes();
    let names: Vec<&str> = axes.iter().map(|axis| axis.0).collect();
    assert_eq!(names, ["a_size", "b_name", "c_other"]);
    assert_eq!(axes[0].1, [&json!(20), &json!(10), &json!(30)]);
    let by_size = results.means_by("a_size", "accuracy").unwrap();
    let ten = by_size[1].1.unwrap();
    assert_eq!((by_size[1].0, ten.candidates), (&json!(10), 4));
    assert!((ten.mean - 0.475).abs() < 1e-12);
    assert_eq!((ten.best, ten.worst), (0.6, 0.1));
    let losses = results.means_by("a_size", "log_loss").unwrap()[1].1.unwrap();
    assert_eq!((losses.best, losses.worst), (0.1, 0.6));
    // Candidates without the parameter do not count.
    let by_other = results.means_by("c_other", "accuracy").unwrap();
    assert_eq!(by_other[0].1.unwrap().candidates, 1);
    let table = results.means_over("a_size", "b_name", "accuracy").unwrap();
    assert_eq!((&table.x[..], &table.y[..]), (&axes[0].1[..], &axes[1].1[..]));
    let mean = |row: usize, column: usize| {
        table.cells[row][column].map(|cell| (cell.candidates, cell.mean))
    };
    assert_eq!(mean(0, 0), Some((1, 0.7)));
    assert_eq!(mean(0, 1).unwrap().0, 3);
    assert_eq!((mean(1, 0), mean(1, 1), mean(1, 2)), (None, Some((1, 0.1)), None));
}

#[test]
fn unknown_names_are_told_with_the_known() {
    let search = mixed();
    let results = search.results();
    let known = |error: Error| match error {
        Error::UnknownName { what, known, .. } => (what, known),
        other => panic!("{other}"),
    };
    let axis = ("parameter", "a_size, b_name, c_other".to_owned());
    let metric = ("metric", "accuracy, log_loss".to_owned());
    assert_eq!(known(results.means_by("size", "accuracy").unwrap_err()), axis);
    assert_eq!(known(results.means_over("a_size", "size", "accuracy").unwrap_err()), axis);
    assert_eq!(known(results.means_by("a_size", "r2").unwrap_err()), metric);
    assert_eq!(known(results.higher_is_better("r2").unwrap_err()), metric);
    assert_eq!(known(heat_map(results, "a_size", "size").unwrap_err()), axis);
    let path = std::path::Path::new("unused.svg");
    assert_eq!(known(plot::search_scores(path, results, "r2").unwrap_err()), metric);
    assert_eq!(known(plot::learning_curves(path, results, "r2", 1).unwrap_err()), metric);
}

#[test]
fn every_parameter_has_a_panel_with_every_candidate() {
    let search = mixed();
    let svg = scores(search.results()).unwrap();
    for (word, times) in [
        (">\naccuracy\n", 3),
        (">\na_size\n", 1),
        (">\nb_name\n", 1),
        (">\nc_other\n", 1),
        (">\ntanh\n", 1),
        (">\ntrue\n", 1),
        ("7 candidates; crosses: 1 failed;", 1),
        ("black: the mean at a value", 1),
        ("the best, 0.8000 (a_size=30, b_name=tanh)", 1),
    ] {
        assert_eq!(count(&svg, word), times, "{word}: {svg}");
    }
    // Six, six and two candidates with scores; the best has two circles, and no third parameter; three means.
    assert_eq!(count(&svg, "<circle"), 7 + 3 + 7 + 2);
    assert_eq!(svg, scores(mixed().results()).unwrap());
}

#[test]
fn cells_show_the_mean_of_their_candidates() {
    let search = mixed();
    let svg = heat_map(search.results(), "a_size", "b_name").unwrap();
    for number in ["0.7000", "0.6000", "0.8000", "0.1000"] {
        assert_eq!(count(&svg, &format!(">\n{number}\n")), 1, "{number}: {svg}");
    }
    assert!(svg.contains("the mean of 1 to 3 candidates"));
    // Background, grey, four cells and 64 steps of colour.
    assert_eq!(count(&svg, "<rect"), 1 + 1 + 4 + 64);
    let place = |label: &str| {
        let text = svg.split("<text").find(|text| text.contains(&format!(">\n{label}\n"))).unwrap();
        let number = |name: &str| -> f64 {
            text.split(name).nth(1).unwrap().split('"').nth(1).unwrap().parse().unwrap()
        };
        (number(" x="), number(" y="))
    };
    // Numbers ascend; names stand from the top as in the search.
    assert!(place("10").0 < place("20").0 && place("20").0 < place("30").0);
    assert!(place("tanh").1 < place("relu").1);
    let turned = heat_map(search.results(), "b_name", "a_size").unwrap();
    assert!(turned.contains("accuracy over b_name and a_size") && turned != svg);
    // The better end is dark also where less is better: another colour for the same score.
    let loss =
        drawn(|path| plot::search_heat_map(path, search.results(), "a_size", "b_name", "log_loss"));
    let shade_behind = |svg: &str, score: &str| {
        let before = svg.split(&format!(">\n{score}\n")).next().unwrap().to_owned();
        before.rsplit("<rect").next().unwrap().split("fill=\"").nth(1).unwrap()[..7].to_owned()
    };
    let loss = loss.unwrap();
    assert_eq!(shade_behind(&svg, "0.8000"), shade_behind(&loss, "0.1000"));
    assert_ne!(shade_behind(&svg, "0.1000"), shade_behind(&loss, "0.1000"));
}

#[test]
fn values_from_a_range_are_scattered() {
    let search = RandomizedSearch::new(Stub::new(|s| number(&s[0]).log10() * number(&s[1])), 40)
        .log_uniform("rate", 1e-4..=1e-1, |stub: Stub, rate| stub.set(rate))
        .integer("units", 1..=50, |stub, units| stub.set(units))
        .choice("solver", ["sgd", "adam"], |stub, solver| stub.set(solver))
        .cv(KFold::new(2))
        .refit(false)
        .random_state(RandomState::new(1))
        .fit(&datasets::iris().unwrap())
        .unwrap();
    let svg = scores(search.results()).unwrap();
    assert_eq!(count(&svg, "<circle"), 3 * 41);
    assert!(svg.contains(">\n0.001\n") && svg.contains(">\n0.01\n"), "{svg}");
    // Two circles a candidate, and the ring.
    for (x, y) in [("rate", "units"), ("rate", "solver"), ("solver", "rate")] {
        let svg = heat_map(search.results(), x, y).unwrap();
        assert_eq!(count(&svg, "<circle"), 2 * 40 + 1, "{x} {y}");
    }
}

#[test]
fn any_scores_can_be_drawn() {
    let axes = [("a", json!([1, 2])), ("b", json!(["x", "y"]))];
    for score in [
        |_: &[Value]| 0.7,
        |_: &[Value]| 0.0,
        |_: &[Value]| -1e300,
        |s: &[Value]| if number(&s[0]) == 1.0 { 1e300 } else { -1e300 },
        |s: &[Value]| if number(&s[0]) == 1.0 { f64::INFINITY } else { 0.5 },
        |s: &[Value]| if number(&s[0]) == 1.0 { f64::NAN } else { 0.5 },
        |s: &[Value]| number(&s[0]) * 1e-310,
    ] {
        let search = found(&axes, score);
        scores(search.results()).unwrap();
        heat_map(search.results(), "a", "b").unwrap();
        // A parameter over itself is a diagonal.
        heat_map(search.results(), "a", "a").unwrap();
    }
}

#[test]
fn without_scores_or_parameters_there_is_no_picture() {
    let axes = [("a", json!([1, 2])), ("b", json!(["x", "y"]))];
    let infinite = found(&axes, |_| f64::INFINITY);
    assert!(matches!(scores(infinite.results()), Err(Error::Undefined { .. })));
    assert!(matches!(heat_map(infinite.results(), "a", "b"), Err(Error::Undefined { .. })));
    let bare = found(&[], |_| 0.5);
    assert!(bare.results().axes().is_empty());
    assert!(matches!(scores(bare.results()), Err(Error::Empty { .. })));
    assert!(matches!(curves(bare.results(), 1), Err(Error::Undefined { .. })));
    assert!(matches!(curves(bare.results(), 0), Err(Error::Param { name: "k", .. })));
    let error =
        plot::search_scores("no/such/folder/a.svg", found(&axes, |_| 0.5).results(), "accuracy");
    assert!(matches!(error, Err(Error::Io { .. })));
}

#[test]
fn one_candidate_is_a_picture() {
    let search = found(&[("a", json!([1])), ("b", json!([null]))], |_| 0.25);
    assert_eq!(count(&scores(search.results()).unwrap(), "<circle"), 4);
    let svg = heat_map(search.results(), "a", "b").unwrap();
    assert!(svg.contains("a candidate in each cell") && svg.contains(">\n0.2500\n"));
}

#[test]
fn names_of_any_length_are_cut() {
    let long = "very long & <strange>\u{0} ".repeat(40);
    let values = json!([long, format!("{long}!"), [1, 2, 3], {"a": null}]);
    let search =
        found(&[(&long, values), ("n", json!([1e-300, 1e300, 0.1]))], |s| number(&s[1]).sin());
    for svg in [
        scores(search.results()).unwrap(),
        heat_map(search.results(), &long, "n").unwrap(),
        heat_map(search.results(), "n", &long).unwrap(),
    ] {
        assert!(svg.contains('…') && !svg.contains('\u{0}'));
        assert!(svg.lines().filter(|line| !line.starts_with('<')).all(|line| line.len() < 1000));
    }
}

#[test]
fn a_thousand_candidates_make_small_files() {
    let numbers: Vec<usize> = (0..100).collect();
    let search =
        found(&[("a", json!(numbers)), ("b", json!(numbers[..10]))], |s| number(&s[0]).sin());
    let svg = scores(search.results()).unwrap();
    assert!(svg.len() < 500_000 && svg.contains("1000 candidates"), "{}", svg.len());
    let svg = heat_map(search.results(), "a", "b").unwrap();
    assert!(svg.len() < 300_000, "{}", svg.len());
}

/// Six candidates, four of which early stopping ends where it will.
fn trained() -> FittedSearch<f64, impl Estimator<f64>> {
    let settings = MlpClassifier::new().hidden_layer_sizes([4]).early_stopping(true);
    GridSearch::new(settings.n_iter_no_change(2).random_state(3).max_iter(12))
        .axis("alpha", [0.01, 1.0, 100.0], |mlp, alpha| mlp.alpha(alpha))
        .axis("solver", [Solver::Adam, Solver::Sgd], |mlp, solver| mlp.solver(solver))
        .cv(KFold::new(3).shuffle(1))
        .learning_curves(true)
        .refit(false)
        .fit(&datasets::iris::<f64>().unwrap())
        .unwrap()
}

#[test]
fn the_best_candidates_have_a_curve_in_each_panel() {
    let search = trained();
    let svg = curves(search.results(), 2).unwrap();
    for (word, times) in [
        ("training loss", 1),
        ("validation loss", 1),
        ("validation accuracy", 1),
        (" ± ", 2),
        ("the best 2 candidates", 1),
        ("of 6 candidates, by accuracy", 1),
    ] {
        assert_eq!(count(&svg, word), times, "{word}: {svg}");
    }
    assert_eq!(svg, curves(trained().results(), 2).unwrap());
    let all = curves(search.results(), usize::MAX).unwrap();
    assert_eq!((count(&all, "alpha="), count(&all, "all with")), (6, 0));
    // What both have in common is told once.
    let ranks = search.results().ranks("accuracy").unwrap();
    let mut both: Vec<(usize, &CandidateResult)> =
        ranks.into_iter().zip(search.results().candidates()).collect();
    both.sort_by_key(|candidate| candidate.0);
    let same = |name| both[0].1.params.get(name) == both[1].1.params.get(name);
    for name in ["alpha", "solver"] {
        assert_eq!(count(&svg, &format!("{name}=")), if same(name) { 1 } else { 2 }, "{name}");
    }
    let one = curves(search.results(), 1).unwrap();
    let best = search.best_params().to_string().replace(".0,", ",");
    assert!(one.contains(&best) && count(&one, "alpha=") == 1, "{best}: {one}");
}
