//! The grid search's example finds out before the search where its results cannot go.

#[path = "../examples/grid_search/output.rs"]
mod output;

use blastrain::prelude::*;
use clap::Parser;
use output::Output;

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    output: Output,
}

fn output(arguments: &[&str]) -> Output {
    Options::try_parse_from([&["grid_search"], arguments].concat()).unwrap().output
}

#[test]
fn files_that_cannot_be_written_are_told_before_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("file"), "there").unwrap();
    for option in ["--csv", "--json"] {
        output(&[option, &path("file")]).check().unwrap();
        for wrong in [path("no/results"), path("file/results"), path(""), path("..")] {
            let refused = output(&[option, &wrong]).check();
            assert!(matches!(refused, Err(Error::Io { .. })), "{wrong}");
        }
    }
    assert_eq!(std::fs::read_to_string(path("file")).unwrap(), "there");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
#[cfg(feature = "plot")]
fn the_folder_for_pictures_is_made_before_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("file"), "there").unwrap();
    let wanted = output(&["--plots", &path("new/pictures")]);
    wanted.check().unwrap();
    assert!(wanted.needs_curves() && folder.path().join("new/pictures").is_dir());
    assert!(matches!(output(&["--plots", &path("file")]).check(), Err(Error::Io { .. })));
}

#[test]
#[cfg(not(feature = "plot"))]
fn pictures_without_the_feature_are_refused_before_the_search() {
    let refused = output(&["--plots", "pictures"]).check().unwrap_err().to_string();
    assert_eq!(refused, "--plots is not available: build the example with --features plot");
}

#[test]
fn the_results_go_where_they_were_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let found = GridSearch::new(MlpClassifier::new().hidden_layer_sizes([2]).max_iter(2))
        .axis("alpha", [0.1, 1.0], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
        .cv(StratifiedKFold::new(2))
        .fit(&datasets::iris::<f64>().unwrap())
        .unwrap();
    let wanted = output(&["--csv", &path("r.csv"), "--json", &path("r.json")]);
    assert!(!wanted.needs_curves());
    wanted.write(found.results()).unwrap();
    assert_eq!(std::fs::read_to_string(path("r.csv")).unwrap(), found.results().to_csv());
    assert_eq!(std::fs::read_to_string(path("r.json")).unwrap(), found.results().to_json());
}
