//! Pictures of successive halving: each candidate once, in the last round that it reached.

use blastrain::data::{KFold, StratifiedKFold};
use blastrain::datasets;
use blastrain::estimator::MlpClassifier;
use blastrain::search::{
    FittedSearch, Grid, GridSearch, RandomizedSearch, Resource, SearchStrategy, SuccessiveHalving,
};

use crate::picture::{BLACK, BLUE, ORANGE, PALE, cells, circles, crosses, lines, panels, rings};
use crate::stub::Stub;
use crate::{count, curves, heat_map, number, scores};

/// More rows make worse: early rounds have the greatest scores.
fn fading() -> Stub {
    Stub::new(|settings| settings.iter().map(number).sum::<f64>() / 100.0).per_row(-0.01)
}

fn halved(search: impl SearchStrategy<f64, Estimator = Stub>) -> FittedSearch<f64, Stub> {
    let found = SuccessiveHalving::new(search).fit(&datasets::iris().unwrap()).unwrap();
    assert_eq!(found.schedule().unwrap().n_candidates(), [9, 3, 1]);
    assert_eq!(found.schedule().unwrap().n_resources(), [16, 48, 144]);
    assert_eq!(found.results().candidates().len(), 13);
    let means = found.results().means("accuracy").unwrap();
    assert!(means.iter().all(|&mean| mean >= found.best_score()), "the trap: {means:?}");
    found
}

fn grid(axes: &[(&str, &[u64])]) -> FittedSearch<f64, Stub> {
    let axis = |search: GridSearch<f64, Stub>, (name, values): &(&str, &[u64])| {
        search.axis(*name, values.to_vec(), |stub: Stub, value| stub.set(value))
    };
    let search = GridSearch::new(fading()).cv(KFold::new(2)).refit(false);
    halved(axes.iter().fold(search, axis))
}

fn random() -> FittedSearch<f64, Stub> {
    halved(
        RandomizedSearch::new(fading(), 9)
            .uniform("a", 0.0..=9.0, |stub: Stub, value| stub.set(value))
            .uniform("b", 0.0..=9.0, |stub, value| stub.set(value))
            .cv(KFold::new(2))
            .refit(false),
    )
}

const RESOURCES: &str = "n_resources: theirs 16 to 48, last round 144";
const ROUNDS: &str = "dropped before the last round";

#[test]
fn scores_show_each_candidate_once_and_the_last_rounds_best() {
    let search = grid(&[("a", &[1, 2, 3, 4, 5, 6, 7, 8, 9])]);
    let svg = scores(search.results()).unwrap();
    assert!(svg.contains("9 candidates, each in the last round it reached"), "{svg}");
    assert!(svg.contains(&format!("pale: {ROUNDS}")), "{svg}");
    assert!(svg.contains("orange: the best of the last round, −0.6300 (a=9)"), "{svg}");
    assert!(svg.contains(RESOURCES), "{svg}");
    assert_eq!(count(&svg, "<circle"), 8 + 2);
    let best = circles(&svg, ORANGE)[0].center();
    let pale = circles(&svg, PALE);
    assert_eq!(pale.len(), 8);
    // Below those of early rounds and right of them.
    assert!(pale.iter().all(|dot| dot.center().0 < best.0 && dot.center().1 < best.1));
    // Scores of different rounds have no mean.
    let both = grid(&[("a", &[1, 2, 3]), ("b", &[1, 2, 3])]);
    let svg = scores(both.results()).unwrap();
    assert!(!svg.contains("black") && lines(&svg, BLACK).is_empty(), "{svg}");
    assert_eq!((circles(&svg, PALE).len(), circles(&svg, BLUE).len()), (2 * 8, 0));
}

#[test]
fn cells_show_how_far_their_candidates_came() {
    let search = grid(&[("a", &[1, 2, 3]), ("b", &[1, 2, 3])]);
    let svg = heat_map(search.results(), "a", "b").unwrap();
    assert!(svg.contains("a candidate in each cell"), "{svg}");
    assert!(svg.contains(&format!("small: {ROUNDS}")) && svg.contains("framed: the best"), "{svg}");
    // 1 + 1 on 8 rows a fold, 3 + 2 and 2 + 3 on 24, 3 + 3 on 72; no mean of the rounds.
    for (score, times) in [("−0.0600", 1), ("−0.1900", 2), ("−0.6600", 1)] {
        assert_eq!(count(&svg, &format!(">\n{score}\n")), times, "{score}: {svg}");
    }
    let cells = cells(&svg);
    let largest = cells.iter().map(|cell| cell.0).fold(0.0, f64::max);
    assert_eq!(cells.len(), 9);
    assert_eq!(cells.iter().filter(|cell| cell.0 == largest).count(), 1);
    // The upper right one, whose score is the worst of all.
    let frame = lines(&svg, ORANGE)[0].places();
    let best = svg.split(">\n−0.6600\n").next().unwrap().rsplit("<text x=\"").next().unwrap();
    let best: f64 = best.split('"').next().unwrap().parse().unwrap();
    assert!(frame[0].0 < best && best < frame[1].0, "{best} {frame:?}");
    // A cell of several candidates has those of the latest round.
    let search = grid(&[("a", &[1, 2, 3]), ("b", &[1]), ("c", &[1, 5, 6])]);
    let svg = heat_map(search.results(), "a", "b").unwrap();
    assert!(svg.contains("the mean of 1 to 3 candidates that came farthest in each cell"), "{svg}");
    assert!(svg.contains("framed: the cell of the best candidate, −0.6200"), "{svg}");
    assert_eq!(count(&svg, ">\n−0.6200\n"), 1, "{svg}");
}

#[test]
fn dots_of_dropped_candidates_are_small_and_the_best_is_ringed() {
    let search = random();
    let svg = heat_map(search.results(), "a", "b").unwrap();
    assert!(svg.contains("9 candidates, each in the last round it reached"), "{svg}");
    assert!(svg.contains(&format!("small: {ROUNDS}")), "{svg}");
    assert_eq!(count(&svg, "<circle"), 2 * 9 + 1);
    let sizes: Vec<usize> = svg
        .lines()
        .filter(|line| line.starts_with("<circle"))
        .map(|line| line.split(" r=\"").nth(1).unwrap().split('"').next().unwrap())
        .map(|radius| radius.parse().unwrap())
        .collect();
    // The last two dots are the best's; then comes the ring.
    assert!(sizes[..16].iter().all(|&size| size < sizes[17]), "{sizes:?}");
    let places: Vec<&str> = svg.lines().filter(|line| line.starts_with("<circle")).collect();
    let place = |circle: &str| circle.split(" r=").next().unwrap().to_owned();
    assert_eq!(place(places[18]), place(places[17]));
    assert_eq!(rings(&svg).len(), 1);
    // None of the numbers has a mean, though most came in several rounds.
    let svg = scores(search.results()).unwrap();
    assert!(lines(&svg, BLACK).is_empty() && count(&svg, "<circle") == 2 * (8 + 2), "{svg}");
}

#[test]
fn equal_candidates_and_late_failures_are_told_apart() {
    // The last fails on more than 40 rows a fold; the two before it are equal.
    let score = |settings: &[serde_json::Value]| number(&settings[0]);
    let set = |stub: Stub, value: f64| stub.set(value);
    let search = GridSearch::new(Stub::new(score).failing_from(9.0, 40))
        .grid(Grid::new().axis("a", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0], set))
        .grid(Grid::new().axis("a", [8.0, 9.0], set))
        .cv(KFold::new(2))
        .refit(false);
    let found = SuccessiveHalving::new(search).factor(3.0).max_resources(48).min_resources(16);
    let found = found.fit(&datasets::iris().unwrap()).unwrap();
    assert_eq!(found.schedule().unwrap().n_candidates(), [9, 3]);
    let svg = scores(found.results()).unwrap();
    assert!(svg.contains("9 candidates, each in the last round it reached"), "{svg}");
    assert_eq!((circles(&svg, PALE).len(), circles(&svg, BLUE).len()), (6, 2));
    assert_eq!(crosses(&svg).len(), 0);
    let search = GridSearch::new(Stub::new(score).failing_from(9.0, 20))
        .axis("a", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], set)
        .cv(KFold::new(2))
        .refit(false);
    let found = SuccessiveHalving::new(search).max_resources(48).min_resources(16);
    let found = found.fit(&datasets::iris().unwrap()).unwrap();
    let svg = scores(found.results()).unwrap();
    // It had the best score in the first round.
    assert!(
        svg.contains("crosses: 1 failed") && svg.contains("the best of the last round, 8"),
        "{svg}"
    );
    assert_eq!((circles(&svg, PALE).len(), crosses(panels(&svg)[0].marks).len()), (6, 1));
}

#[test]
fn learning_curves_are_those_of_the_last_rounds() {
    let mlp = MlpClassifier::new().hidden_layer_sizes([3]).max_iter(4).learning_rate_init(0.02);
    for resource in [Resource::Rows, Resource::Epochs] {
        let search = GridSearch::new(mlp.clone())
            .axis("alpha", [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0], |mlp: MlpClassifier, alpha| {
                mlp.alpha(alpha)
            })
            .cv(StratifiedKFold::new(2))
            .refit(false)
            .learning_curves(true);
        let halving = SuccessiveHalving::new(search).resource(resource).factor(2.0);
        let found = halving.min_resources(12).max_resources(48);
        let found = found.fit(&datasets::iris::<f64>().unwrap()).unwrap();
        assert_eq!(found.schedule().unwrap().n_candidates(), [6, 3, 2]);
        let all = curves(found.results(), usize::MAX).unwrap();
        assert!(all.contains("best 6 candidates"), "{all}");
        assert!(all.contains("of 6 candidates, each in the last round it reached"), "{all}");
        for (word, times) in
            [(" ± ", 6), ("n_resources=48", 2), ("n_resources=24", 1), ("n_resources=12", 3)]
        {
            assert_eq!(count(&all, word), times, "{word}: {all}");
        }
        let first = all.lines().find(|line| line.contains(" ± ")).unwrap();
        let best = found.best_params().get("alpha").unwrap();
        assert!(first.contains(&format!("alpha={}", number(best))), "{best}: {first}");
        // Where the rounds are equal, nothing is said of them.
        let two = curves(found.results(), 2).unwrap();
        assert_eq!(count(&two, "n_resources"), 0, "{two}");
        assert_eq!(count(&two, " ± "), 2);
    }
}
