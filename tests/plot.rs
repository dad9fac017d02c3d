//! Pictures of fits: what is in them, their size, and what bad input does.
#![cfg(feature = "plot")]

use blastrain::data::{Dataset, Targets};
use blastrain::loss::MeanSquaredError;
use blastrain::metrics::Metric;
use blastrain::optim::Sgd;
use blastrain::train::{History, Trainer};
use blastrain::{Error, Result, Sequential, plot};
use ndarray::{ArrayView2, array};

/// A metric that gives the mean prediction, or always the same.
#[derive(Debug)]
struct Mean(&'static str, Option<f64>);

impl Metric<f64> for Mean {
    fn name(&self) -> &str {
        self.0
    }

    fn higher_is_better(&self) -> bool {
        true
    }

    fn evaluate(
        &self,
        predictions: ArrayView2<'_, f64>,
        _targets: Targets<'_, f64>,
        _weights: Option<&[f64]>,
    ) -> Result<f64> {
        Ok(self.1.unwrap_or_else(|| predictions.mean().unwrap_or(0.0)))
    }
}

fn history(epochs: usize, rate: f64, metrics: Vec<Mean>) -> History {
    let data = Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]]).unwrap();
    let network = Sequential::<f64>::input(1).dense(1).build().unwrap();
    let mut builder = Trainer::builder(network, MeanSquaredError::default())
        .optimizer(Sgd::new(rate))
        .batch_size(1)
        .validation(&data)
        .epochs(epochs);
    for metric in metrics {
        builder = builder.metric(metric);
    }
    builder.build().unwrap().fit(&data).unwrap()
}

fn count(svg: &str, what: &str) -> usize {
    svg.matches(what).count()
}

/// Well-formed as far as a text search can tell, and without numbers that are none.
#[track_caller]
fn assert_sound(svg: &str) {
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert_eq!(count(svg, "<text"), count(svg, "</text>"));
    // A value that overflows lands at a coordinate's limit.
    assert!(!svg.contains("2147483"), "{svg}");
}

#[test]
fn every_metric_has_a_panel_with_training_and_validation() {
    let metrics = vec![Mean("accuracy & co", None), Mean("<recall>", None)];
    let svg = history(10, 0.01, metrics).to_svg().unwrap();
    assert_sound(&svg);
    for word in [
        "Training history",
        "10 epochs",
        ">
loss
",
        "accuracy &amp; co",
        "&lt;recall&gt;",
    ] {
        assert!(svg.contains(word), "{word}: {svg}");
    }
    for (word, times) in [("training\n", 3), ("validation\n", 3), ("epoch\n", 3)] {
        assert_eq!(count(&svg, word), times, "{word}");
    }
    // Six curves and three pairs of axes; a dot for each of ten epochs.
    assert_eq!(count(&svg, "<circle"), 60);
}

#[test]
fn one_epoch_is_a_dot() {
    let svg = history(1, 0.01, Vec::new()).to_svg().unwrap();
    assert_sound(&svg);
    assert!(svg.contains("1 epoch,"));
    assert_eq!(count(&svg, "<circle"), 2);
}

#[test]
fn flat_curves_and_metrics_without_a_value_are_drawn() {
    let metrics = vec![
        Mean("zero", Some(0.0)),
        Mean("same", Some(0.7)),
        Mean("none", Some(f64::NAN)),
        Mean("huge", Some(f64::MAX)),
    ];
    let svg = history(5, 1e-300, metrics).to_svg().unwrap();
    assert_sound(&svg);
    // Panels of curves that have no value to draw are left out.
    assert_eq!(count(&svg, "epoch\n"), 3);
}

#[test]
fn a_loss_that_falls_far_has_a_logarithmic_axis() {
    let svg = history(300, 0.1, Vec::new()).to_svg().unwrap();
    assert!(svg.contains("1e-1") || svg.contains("1e-2"), "{svg}");
    assert_sound(&svg);
}

#[test]
fn long_fits_make_small_files() {
    let metrics = (0..4).map(|_| Mean("mean", None)).collect();
    let svg = history(10_000, 0.3, metrics).to_svg().unwrap();
    assert_sound(&svg);
    assert!(svg.len() < 200_000, "{}", svg.len());
    assert!(svg.contains("10,000 epochs"));
}

#[test]
fn a_history_without_epochs_is_refused_and_leaves_the_old_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loss.svg");
    let good = history(2, 0.01, Vec::new());
    good.plot(&path).unwrap();
    let old = std::fs::read_to_string(&path).unwrap();
    assert_eq!(old, good.to_svg().unwrap());
    assert!(matches!(history(0, 0.01, Vec::new()).plot(&path), Err(Error::Empty { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), old);
    assert!(matches!(good.plot(folder.path().join("no/folder")), Err(Error::Io { .. })));
}

/// The picture of several fits, as text.
fn side_by_side(fits: &[(&str, &History)]) -> Result<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fits.svg");
    plot::histories(&path, "Side & side", fits)?;
    Ok(std::fs::read_to_string(&path).unwrap())
}

#[test]
fn several_fits_have_a_column_each_and_share_their_axes() {
    let (slow, fast) = (
        history(10, 0.001, vec![Mean("mean", None)]),
        history(20, 0.02, vec![Mean("mean", Some(0.5))]),
    );
    let svg = side_by_side(&[("slow", &slow), ("<fast>", &fast), ("slow again", &slow)]).unwrap();
    assert_sound(&svg);
    for (word, times) in [
        ("Side &amp; side", 1),
        ("slow\n", 1),
        ("&lt;fast&gt;\n", 1),
        ("slow again\n", 1),
        ("training\n", 6),
        ("validation\n", 6),
        ("epoch\n", 6),
        (">\nloss\n", 3),
        (">\nmean\n", 3),
    ] {
        assert_eq!(count(&svg, word), times, "{word}");
    }
    // Two curves in each of two panels, for 10, 20 and 10 epochs.
    assert_eq!(count(&svg, "<circle"), 4 * (10 + 20 + 10));
    // The axis of epochs reaches 20 also where a fit ended after 10.
    assert_eq!(count(&svg, ">\n20\n"), 6);
}

#[test]
fn fits_that_cannot_be_compared_are_refused() {
    let (with, without) = (history(2, 0.01, vec![Mean("mean", None)]), history(2, 0.01, vec![]));
    assert!(matches!(
        side_by_side(&[("with", &with), ("without", &without)]),
        Err(Error::Param { name: "metrics", .. })
    ));
    assert!(matches!(side_by_side(&[]), Err(Error::Empty { .. })));
    let none = history(0, 0.01, vec![]);
    assert!(matches!(side_by_side(&[("none", &none)]), Err(Error::Empty { .. })));
    // A fit that was stopped before its first epoch leaves its column empty.
    let svg = side_by_side(&[("none", &none), ("two", &without)]).unwrap();
    assert_eq!(count(&svg, "epoch\n"), 2);
    assert_sound(&svg);
}

#[test]
fn scatter_draws_every_point_or_says_how_many() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scatter.svg");
    let points: Vec<(f64, f64)> =
        (0..100_000).map(|i| (f64::from(i).sin(), f64::from(i).cos())).collect();
    plot::scatter(&path, "Title", "true", "predicted", &points[..200]).unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    assert_sound(&svg);
    assert_eq!(count(&svg, "<circle"), 200);
    plot::scatter(&path, "Title", "true", "predicted", &points).unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    assert!(svg.contains("of 100,000 points") && svg.len() < 200_000);
    plot::scatter(&path, "One", "true", "predicted", &[(-3.0, -3.0)]).unwrap();
    assert_sound(&std::fs::read_to_string(&path).unwrap());
}

#[test]
fn lines_draws_curves_of_any_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.svg");
    let long: Vec<f64> = (0..50_000).map(|i| 1.0 / f64::from(i + 1)).collect();
    let many = vec![("curve", &long[..]); 40];
    plot::lines(&path, "Many", "step", "loss", &many).unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    assert_sound(&svg);
    assert!(svg.len() < 200_000, "{}", svg.len());
    plot::lines(&path, "\u{0}\n<&>", "", "", &[("a", &[1e300, -1e300]), ("b", &[])]).unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    assert_sound(&svg);
    assert!(!svg.contains('\u{0}'));
}

#[test]
fn values_that_cannot_be_drawn_are_refused_by_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.svg");
    for bad in [f64::NAN, f64::INFINITY, 1e301] {
        let error = plot::lines(&path, "", "", "", &[("a", &[1.0]), ("b", &[1.0, bad])]);
        assert!(matches!(error, Err(Error::NonFinite { row: 1, column: 1, .. })));
        let error = plot::scatter(&path, "", "", "", &[(1.0, 1.0), (1.0, 1.0), (bad, 1.0)]);
        assert!(matches!(error, Err(Error::NonFinite { row: 2, column: 0, .. })));
    }
    assert!(matches!(plot::lines(&path, "", "", "", &[]), Err(Error::Empty { .. })));
    assert!(matches!(plot::lines(&path, "", "", "", &[("a", &[])]), Err(Error::Empty { .. })));
    assert!(matches!(plot::scatter(&path, "", "", "", &[]), Err(Error::Empty { .. })));
    assert!(!path.exists());
}
