//! The learning curves that a search keeps, in its results and in its journal.

use blastrain::data::StratifiedKFold;
use blastrain::estimator::{
    Estimator, FitContext, FittedMlpClassifier, MlpClassifier, Pipeline, Predictor,
};
use blastrain::preprocessing::StandardScaler;
use blastrain::search::{CandidateResult, Curves, FittedSearch, GridSearch};
use blastrain::{Error, Parallelism, datasets};
use serde_json::Value;

type Scaled = Pipeline<f64, MlpClassifier>;
type Found = FittedSearch<f64, Scaled>;

fn mlp() -> MlpClassifier {
    MlpClassifier::new()
        .hidden_layer_sizes([3])
        .max_iter(6)
        .random_state(5)
        .learning_rate_init(0.05)
}

/// Of the three candidates one fails, and another ends early.
fn search() -> GridSearch<f64, Scaled> {
    let change = |pipeline: Scaled, (alpha, early): (f64, bool)| {
        pipeline.map_estimator(|mlp| mlp.alpha(alpha).early_stopping(early).n_iter_no_change(1))
    };
    GridSearch::new(Pipeline::new().step(StandardScaler::new()).estimator(mlp()))
        .axis("setting", [(0.01, false), (0.01, true), (-1.0, false)], change)
        .cv(StratifiedKFold::new(2))
}

fn run(search: &GridSearch<f64, Scaled>, threads: usize) -> Found {
    let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
    search.fit_with(&datasets::iris().unwrap(), &mut context).unwrap()
}

fn all_curves(found: &Found) -> Vec<Option<Curves>> {
    let candidates = found.results().candidates().iter();
    candidates.flat_map(|candidate| &candidate.folds).map(|fold| fold.curves.clone()).collect()
}

/// Everything but the times.
fn untimed(found: &Found) -> (String, u64) {
    let mut candidates: Vec<CandidateResult> = found.results().candidates().to_vec();
    for fold in candidates.iter_mut().flat_map(|candidate| &mut candidate.folds) {
        (fold.fit_seconds, fold.score_seconds) = (0.0, 0.0);
    }
    (format!("{candidates:?}"), found.best_score().to_bits())
}

#[test]
fn curves_are_the_histories_of_the_fits() {
    let data = datasets::iris::<f64>().unwrap();
    let found = run(&search().learning_curves(true), 2);
    let curves = all_curves(&found);
    let folds = data.folds(&StratifiedKFold::new(2)).unwrap();
    for (place, early) in [(0, false), (2, true)] {
        let settings = mlp().alpha(0.01).early_stopping(early).n_iter_no_change(1);
        for (fold, got) in folds.iter().zip(&curves[place..]) {
            let (train, _) = fold.of(&data).unwrap();
            let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(settings.clone());
            let model = pipeline.fit(&train).unwrap();
            let history = model.history().unwrap();
            let got = got.as_ref().unwrap();
            let names: Vec<&str> = got.keys().map(|name| &**name).collect();
            match early {
                false => assert_eq!(names, ["loss"]),
                true => assert_eq!(names, ["loss", "validation_accuracy", "validation_loss"]),
            }
            for (name, curve) in got {
                assert_eq!(curve, &history.curve(name).unwrap(), "{name}");
            }
        }
    }
    assert_eq!(curves[4..], [None, None]);
    assert_eq!(untimed(&run(&search().learning_curves(true), 1)), untimed(&found));
}

#[test]
fn curves_are_kept_only_on_demand() {
    let (with, without) = (run(&search().learning_curves(true), 2), run(&search(), 2));
    assert!(all_curves(&without).iter().all(Option::is_none));
    assert_eq!(with.best_score(), without.best_score());
    let json =
        |found: &Found| -> Value { serde_json::from_str(&found.results().to_json()).unwrap() };
    let fold = |json: &Value, candidate: usize| json["candidates"][candidate]["folds"][0].clone();
    assert!(!json(&with).to_string().contains("curves"));
    let all: Value = serde_json::from_str(&with.results().to_json_with_curves()).unwrap();
    assert_eq!(fold(&all, 0)["curves"]["loss"].as_array().unwrap().len(), 6);
    assert_eq!(fold(&all, 2).get("curves"), None);
    assert!(!without.results().to_json_with_curves().contains("curves"));
    let header = |found: &Found| found.results().to_csv().lines().next().unwrap().to_owned();
    assert_eq!(header(&with), header(&without));
}

#[test]
fn models_tell_their_history() {
    let data = datasets::iris::<f64>().unwrap();
    let model = mlp().fit(&data).unwrap();
    assert_eq!(Predictor::history(&model).unwrap().epochs().len(), 6);
    let found = run(&search(), 1);
    let best = found.best_model().unwrap();
    assert_eq!(found.history().unwrap(), best.model().history());
    assert!(run(&search().refit(false), 1).history().is_none());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    model.save(&path).unwrap();
    let loaded = FittedMlpClassifier::<f64>::load(&path).unwrap();
    assert!(Predictor::history(&loaded).is_none());
}

#[test]
fn a_journal_with_curves_goes_on_wherever_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let unbroken = untimed(&run(&search().learning_curves(true), 1));
    let on = |threads| untimed(&run(&search().learning_curves(true).journal(&path), threads));
    assert_eq!(on(2), unbroken);
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(whole.iter().filter(|&&byte| byte == b'\n').count(), 7);
    let ends: Vec<usize> = (1..=whole.len()).filter(|&end| whole[..end].ends_with(b"\n")).collect();
    for cut in ends.iter().flat_map(|&end| [end, end - 1, end - 20]) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(on(1 + cut % 2), unbroken, "cut at {cut}");
    }
    // All is known: nothing but the times could differ.
    let kept = all_curves(&run(&search().learning_curves(true).journal(&path), 1));
    assert_eq!(kept, all_curves(&run(&search().learning_curves(true), 1)));
}

#[test]
fn journals_without_curves_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let found = run(&search().journal(&path), 1);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("curves"), "{text}");
    // Times come from the file: so do the results.
    let again = run(&search().journal(&path), 1);
    assert_eq!(format!("{:?}", again.results()), format!("{:?}", found.results()));
    let refused = search().learning_curves(true).journal(&path).fit(&datasets::iris().unwrap());
    assert!(matches!(
        refused,
        Err(Error::OtherSearch { differs: "learning_curves", detail: None, .. })
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}
