//! What the marks of the pictures stand for.

use std::collections::{BTreeMap, BTreeSet};

use blastrain::data::{KFold, StratifiedKFold};
use blastrain::estimator::MlpClassifier;
use blastrain::search::{ErrorScore, FittedSearch, GridSearch, RandomizedSearch};
use blastrain::{RandomState, datasets};
use serde_json::{Value, json};

use crate::picture::{BLACK, BLUE, ORANGE, circles, crosses, lines, panels, rings};
use crate::stub::Stub;
use crate::{count, curves, found, heat_map, number, scores};

/// Settings drawn from ranges, and from a list.
fn drawn(candidates: usize, score: fn(&[Value]) -> f64) -> FittedSearch<f64, Stub> {
    RandomizedSearch::new(Stub::new(score), candidates)
        .log_uniform("rate", 1e-4..=1e-1, |stub: Stub, rate| stub.set(rate))
        .uniform("share", 0.0..=1.0, |stub, share| stub.set(share))
        .choice("solver", ["sgd", "adam"], |stub, solver| stub.set(solver))
        .cv(KFold::new(2))
        .refit(false)
        .random_state(RandomState::new(5))
        .fit(&datasets::iris().unwrap())
        .unwrap()
}

#[test]
fn the_first_of_equal_candidates_is_the_best_in_every_picture() {
    let search = drawn(12, |_| 0.5);
    let results = search.results();
    assert_eq!(results.best_index("accuracy").unwrap(), 0);
    let value = |candidate: usize, name: &str| {
        number(results.candidates()[candidate].params.get(name).unwrap())
    };
    let below = |name: &str| (0..12).filter(|&i| value(i, name) < value(0, name)).count();
    let svg = heat_map(results, "rate", "share").unwrap();
    let ring = rings(&svg)[0].center();
    let dots: Vec<(f64, f64)> = circles(&svg, "#969696").iter().map(|c| c.center()).collect();
    assert_eq!(dots.len(), 12);
    // As many dots lie to the left and below as candidates have less.
    assert_eq!(dots.iter().filter(|dot| dot.0 < ring.0).count(), below("rate"));
    assert_eq!(dots.iter().filter(|dot| dot.1 > ring.1).count(), below("share"));
    assert_eq!(dots.last(), Some(&ring), "on top");
    let svg = scores(results).unwrap();
    let best = circles(panels(&svg)[0].marks, ORANGE)[0].center();
    let others = circles(panels(&svg)[0].marks, BLUE);
    assert_eq!(others.iter().filter(|dot| dot.center().0 < best.0).count(), below("rate"));

    let search = found(&[("a", json!([1, 2])), ("b", json!(["x", "y"]))], |_| 0.5);
    let svg = heat_map(search.results(), "a", "b").unwrap();
    let frame = lines(&svg, ORANGE)[0].places();
    // The upper left cell of four.
    let white = lines(&svg, "#FFFFFF");
    assert!(white[0].places()[0].0 == frame[1].0 && white[1].places()[0].1 == frame[2].1);
}

#[test]
fn the_frame_is_around_the_best_candidates_cell() {
    // The best candidate is in a column whose others are bad.
    let score = |s: &[Value]| match (number(&s[0]), number(&s[2])) {
        (1.0, 1.0) => 0.9,
        (1.0, _) => 0.1,
        _ => 0.6,
    };
    let axes = [("a", json!([1, 2])), ("b", json!(["x"])), ("c", json!([1, 2, 3]))];
    let search = found(&axes, score);
    let svg = heat_map(search.results(), "a", "b").unwrap();
    assert!(svg.contains("framed: the cell of the best candidate, 0.9000"), "{svg}");
    let frame = lines(&svg, ORANGE)[0].places();
    assert_eq!(lines(&svg, "#FFFFFF")[0].places()[0].0, frame[1].0, "the left one");
}

#[test]
fn numbers_from_a_range_have_no_means_however_few() {
    for candidates in [2, 4, 6, 30] {
        let search = drawn(candidates, |s| number(&s[1]));
        let svg = scores(search.results()).unwrap();
        let panels = panels(&svg);
        for panel in &panels[..2] {
            assert!(lines(panel.marks, BLACK).is_empty(), "{candidates}");
        }
        let bars = lines(panels[2].marks, BLACK).len();
        assert_eq!(svg.contains("black: the mean"), bars > 0, "{candidates}: {svg}");
        assert!(bars == 2 || candidates < 30, "{bars}");
        // Two circles a candidate, and the ring.
        let map = heat_map(search.results(), "rate", "share").unwrap();
        assert_eq!(count(&map, "<circle"), 2 * candidates + 1);
    }
}

#[test]
fn listed_numbers_have_means_however_many() {
    let numbers: Vec<usize> = (0..20).collect();
    let search = found(&[("a", json!(numbers)), ("b", json!(["x", "y"]))], |s| number(&s[0]));
    let svg = scores(search.results()).unwrap();
    let line = lines(panels(&svg)[0].marks, BLACK);
    assert_eq!((line.len(), line[0].places().len()), (1, 20));
    assert_eq!(lines(panels(&svg)[1].marks, BLACK).len(), 2);
    let svg = heat_map(search.results(), "a", "b").unwrap();
    assert_eq!(count(&svg, "<circle"), 0);
    // One candidate has no mean.
    let alone = found(&[("a", json!([1, 2, 3]))], |s| number(&s[0]));
    let svg = scores(alone.results()).unwrap();
    assert!(!svg.contains("black") && lines(&svg, BLACK).is_empty(), "{svg}");
}

#[test]
fn tied_dots_stay_in_the_panel() {
    let numbers: Vec<usize> = (0..60).collect();
    let axes = [("a", json!([1, 2, 3])), ("b", json!(numbers)), ("c", json!([0.001, 0.1, 1.0]))];
    for score in
        [|_: &[Value]| 0.5, |s: &[Value]| if number(&s[0]) == 2.0 { f64::NAN } else { 1.0 }]
    {
        let search = found(&axes, score);
        let svg = scores(search.results()).unwrap();
        let panels = panels(&svg);
        assert_eq!(panels.len(), 3);
        for panel in panels {
            for dot in [BLUE, ORANGE, BLACK].iter().flat_map(|fill| circles(panel.marks, fill)) {
                let ((x, y), radius): (_, f64) = (dot.center(), dot.number("r"));
                assert!(panel.left <= x - radius && x + radius <= panel.right, "{x}");
                assert!(panel.top <= y - radius && y + radius <= panel.bottom, "{y}");
            }
            for (x, y) in crosses(panel.marks) {
                assert!(panel.left < x && x < panel.right && panel.top < y && y < panel.bottom);
            }
        }
    }
}

#[test]
fn failed_candidates_are_crosses() {
    let score = |s: &[Value]| match number(&s[0]) {
        3.0 => f64::NAN,
        value => value / 10.0,
    };
    let axes = [("a", json!([1, 2, 3, 4])), ("b", json!(["x", "y"]))];
    let search = found(&axes, score);
    let svg = scores(search.results()).unwrap();
    assert!(svg.contains("8 candidates; crosses: 2 failed; "), "{svg}");
    for panel in panels(&svg) {
        let crosses = crosses(panel.marks);
        assert_eq!(crosses.len(), 2);
        // Right at the bottom.
        assert!(
            crosses.iter().all(|cross| panel.bottom - cross.1 < 0.05 * (panel.bottom - panel.top))
        );
        assert_eq!(circles(panel.marks, BLUE).len(), 5);
    }
    // Between those of 2 and 4.
    let first = &panels(&svg)[0];
    let best = circles(first.marks, ORANGE)[0].center().0;
    assert!(crosses(first.marks).iter().all(|cross| cross.0 < best));
    let map = heat_map(search.results(), "a", "b").unwrap();
    assert!(map.contains("crossed out: no score"), "{map}");
    let none = found(&axes, |s| number(&s[0]));
    let svg = scores(none.results()).unwrap();
    assert!(!svg.contains("crosses") && svg.contains("8 candidates; black"), "{svg}");
    assert!(!heat_map(none.results(), "a", "b").unwrap().contains("crossed"));
    // With a score of their own they are where that is.
    let scored = GridSearch::new(Stub::new(score))
        .axis("a", [1, 2, 3, 4], |stub: Stub, value| stub.set(value))
        .cv(KFold::new(2))
        .error_score(ErrorScore::Value(0.3))
        .refit(false)
        .fit(&datasets::iris().unwrap())
        .unwrap();
    let svg = scores(scored.results()).unwrap();
    let panel = &panels(&svg)[0];
    let heights: Vec<f64> = circles(panel.marks, BLUE).iter().map(|dot| dot.center().1).collect();
    let cross = crosses(panel.marks)[0].1;
    assert!(svg.contains("4 candidates; crosses: 1 failed") && heights.len() == 2, "{svg}");
    assert!(heights.iter().all(|&height| cross < height) && cross > panel.top);
}

#[test]
fn a_curve_has_one_width_that_the_legend_has_too() {
    let mlp = MlpClassifier::new().hidden_layer_sizes([8]).max_iter(60).random_state(3);
    let search = GridSearch::new(mlp.early_stopping(true).n_iter_no_change(4))
        .axis("alpha", [1e-4, 1.0, 10.0], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
        .axis("learning_rate_init", [0.01, 0.1], |mlp, rate| mlp.learning_rate_init(rate))
        .cv(StratifiedKFold::new(3))
        .learning_curves(true)
        .refit(false)
        .fit(&datasets::iris::<f64>().unwrap())
        .unwrap();
    for k in [1, 2, 6] {
        let svg = curves(search.results(), k).unwrap();
        let mut widths: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        for color in [BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9"] {
            for line in lines(&svg, color) {
                widths.entry(color).or_default().insert(line.number("stroke-width"));
            }
        }
        assert_eq!(widths.len(), k);
        assert!(widths.values().all(|widths| widths.len() == 1), "{widths:?}");
        let different: BTreeSet<_> = widths.values().collect();
        assert_eq!(different.len(), k, "{widths:?}");
        assert_eq!(svg.contains("lines narrow from the best to the last"), k > 1);
        // Where early stopping ended the folds at different epochs circles say so, one of them in the legend.
        let ended = svg.contains("the first fold has ended");
        assert_eq!(ended, rings(&svg).len() > 1, "{svg}");
        assert!(ended || k < 6);
    }
}
