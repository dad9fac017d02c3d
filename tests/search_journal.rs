//! A search that was killed goes on from its journal, and ends as an unbroken one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use blastrain::data::{Dataset, KFold, StratifiedKFold};
use blastrain::estimator::{Estimator, FitContext, Predictor};
use blastrain::metrics::{Accuracy, BrierScore, LogLoss, Metric};
use blastrain::search::{CandidateResult, ErrorScore, FittedSearch, GridSearch};
use blastrain::{Error, Parallelism, Result, datasets};
use ndarray::{Array2, ArrayView2};

/// "Fits" in no time or in a given one; the score depends on setting and rows.
#[derive(Clone, Default)]
struct Stub {
    setting: u32,
    pause: Duration,
    fits: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Stub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stub({})", self.setting)
    }
}

#[derive(Debug)]
struct FittedStub(f64);

impl Estimator<f64> for Stub {
    type Fitted = FittedStub;

    fn fit_with(&self, data: &Dataset<'_, f64>, _: &mut FitContext<'_, f64>) -> Result<FittedStub> {
        self.fits.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(self.pause);
        let sum: f64 = data.to_arrays().0.sum();
        match self.setting {
            3 => Err(Error::param("setting", 3, "another")),
            4 => Ok(FittedStub(f64::NAN)),
            5 => Ok(FittedStub(f64::NEG_INFINITY)),
            setting => Ok(FittedStub((sum * f64::from(setting + 1)).sin())),
        }
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

impl Predictor<f64> for FittedStub {
    fn predict_outputs(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Ok(Array2::from_elem((features.nrows(), 3), self.0))
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }

    fn evaluate_all(
        &self,
        data: &Dataset<'_, f64>,
        metrics: &[&dyn Metric<f64>],
    ) -> Result<Vec<f64>> {
        let rows = data.len() as f64;
        Ok((0..metrics.len()).map(|i| self.0 / rows + i as f64).collect())
    }
}

fn search(stub: Stub, settings: u32) -> GridSearch<f64, Stub> {
    GridSearch::new(stub)
        .axis("setting", 0..settings, |stub: Stub, setting| Stub { setting, ..stub })
        .metric(Accuracy)
        .metric(LogLoss)
        .train_scores(true)
        .cv(StratifiedKFold::new(2))
}

fn run(search: &GridSearch<f64, Stub>, threads: usize) -> Result<FittedSearch<f64, Stub>> {
    let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
    search.fit_with(&datasets::iris().unwrap(), &mut context)
}

/// Everything but the times, to the bit.
fn untimed(found: &FittedSearch<f64, Stub>) -> (String, u64, u64) {
    let mut candidates: Vec<CandidateResult> = found.results().candidates().to_vec();
    for fold in candidates.iter_mut().flat_map(|candidate| &mut candidate.folds) {
        (fold.fit_seconds, fold.score_seconds) = (0.0, 0.0);
    }
    // Debug tells NaN, infinities and every digit.
    let model = found.best_model().unwrap().0;
    (format!("{candidates:?}"), found.best_score().to_bits(), model.to_bits())
}

/// The number of fits, and the result.
fn count(path: &Path, settings: u32, threads: usize) -> (usize, FittedSearch<f64, Stub>) {
    let stub = Stub::default();
    let found = run(&search(stub.clone(), settings).journal(path), threads).unwrap();
    // The last fit, of the best candidate to all rows, is not in the journal.
    (stub.fits.load(Ordering::SeqCst) - 1, found)
}

#[test]
fn a_journal_cut_anywhere_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let unbroken = untimed(&run(&search(Stub::default(), 6), 1).unwrap());
    let (fits, found) = count(&path, 6, 1);
    assert_eq!((fits, untimed(&found)), (12, unbroken.clone()));
    let whole = std::fs::read(&path).unwrap();
    let lines = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(lines(&whole), 13);
    for cut in 0..=whole.len() {
        // Every byte of the last line and of the first ones, then every seventh.
        let left = &whole[..cut];
        let near = cut < 30 || cut + 60 > whole.len() || left.ends_with(b"\n");
        if !near && cut % 7 > 0 {
            continue;
        }
        std::fs::write(&path, left).unwrap();
        let (fits, found) = count(&path, 6, 1 + cut % 3);
        let known = lines(left).saturating_sub(1);
        assert_eq!((fits, untimed(&found)), (12 - known, unbroken.clone()), "cut at {cut}");
        assert_eq!(count(&path, 6, 2).0, 0, "cut at {cut}, once more");
    }
}

#[test]
fn other_searches_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    count(&path, 3, 2);
    let before = std::fs::read(&path).unwrap();
    let refused = |search: GridSearch<f64, Stub>, data: Dataset<'_, f64>| {
        search.journal(&path).fit(&data).unwrap_err()
    };
    let differs = |search, data| match refused(search, data) {
        Error::OtherSearch { differs, .. } => differs,
        other => panic!("{other}"),
    };
    let iris = || datasets::iris::<f64>().unwrap();
    let stub = Stub::default;
    assert_eq!(differs(search(stub(), 2), iris()), "the candidates");
    let folds = search(stub(), 3).cv(StratifiedKFold::new(2).shuffle(1));
    assert_eq!(differs(folds, iris()), "the folds");
    assert_eq!(differs(search(stub(), 3).train_scores(false), iris()), "train_scores");
    assert_eq!(differs(search(stub(), 3).metric(BrierScore), iris()), "the metrics");
    let weighted = iris().with_weights(vec![2.0; 150]).unwrap();
    assert_eq!(differs(search(stub(), 3), weighted), "the data");
    let (mut features, _) = iris().to_arrays();
    features[(149, 3)] += 1e-15;
    let changed = iris().with_features(features).unwrap();
    assert_eq!(differs(search(stub(), 3), changed), "the data");
    let told = |search, data| refused(search, data).to_string();
    let fewer = told(search(stub(), 2), iris());
    assert!(fewer.contains("they differ in the candidates (3 there, 2 here);"), "{fewer}");
    let other = GridSearch::new(stub())
        .axis("setting", [0, 1, 7], |stub: Stub, setting| Stub { setting, ..stub })
        .metric(Accuracy)
        .metric(LogLoss)
        .train_scores(true)
        .cv(StratifiedKFold::new(2));
    let other = told(other, iris());
    assert!(other.contains("in the candidates (the first is here setting=7);"), "{other}");
    let folds = told(search(stub(), 3).cv(StratifiedKFold::new(2).shuffle(1)), iris());
    assert!(folds.contains("another search: they differ in the folds; choose"), "{folds}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn other_files_are_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    count(&path, 3, 1);
    let good = std::fs::read_to_string(&path).unwrap();
    let damaged = good.replacen("\"fold\":1", "\"fold\":7", 1);
    let cut: String = good.lines().map(|line| format!("{}\n", &line[..line.len() - 1])).collect();
    for other in ["a letter", "a letter\n", "\n\n", "{}\n", &damaged, &cut] {
        std::fs::write(&path, other).unwrap();
        let refused = run(&search(Stub::default(), 3).journal(&path), 1).unwrap_err();
        assert!(matches!(refused, Error::Format { format: "journal", .. }), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
    }
    let nowhere = search(Stub::default(), 3).journal(folder.path().join("no/journal"));
    let refused = run(&nowhere, 1).unwrap_err();
    assert!(matches!(refused, Error::Io { .. }));
    assert!(
        refused.to_string().contains("no/journal: the journal cannot be opened: "),
        "{refused}"
    );
    let nameless = run(&search(Stub::default(), 3).journal(""), 1);
    assert!(matches!(nameless, Err(Error::Param { name: "journal", .. })));
}

#[test]
fn a_journal_serves_one_search_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (inner_path, refused) = (path.clone(), Arc::new(AtomicBool::new(false)));
    let told = refused.clone();
    let outer = search(Stub::default(), 1).journal(&path).progress(move |_| {
        let inner = run(&search(Stub::default(), 1).journal(&inner_path), 1);
        told.store(matches!(inner, Err(Error::Io { .. })), Ordering::SeqCst);
    });
    run(&outer, 1).unwrap();
    assert!(refused.load(Ordering::SeqCst));
}

#[test]
fn failures_that_end_a_search_keep_their_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let failing = || {
        GridSearch::new(Stub::default())
            .axis("setting", [3, 1], |stub: Stub, setting| Stub { setting, ..stub })
            .cv(KFold::new(2))
            .error_score(ErrorScore::Raise)
            .journal(&path)
    };
    for _ in 0..2 {
        let failed = run(&failing(), 1).unwrap_err();
        let Error::FitFailed { source, .. } = failed else { panic!("{failed}") };
        assert!(matches!(*source, Error::Param { name: "setting", .. }), "{source}");
    }
    let found = run(&failing().error_score(ErrorScore::Value(-2.0)), 1).unwrap();
    assert_eq!((found.best_index(), found.results().candidates()[0].folds[0].test[0]), (1, -2.0));
}

#[test]
fn progress_counts_what_the_journal_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    count(&path, 3, 1);
    let text = std::fs::read_to_string(&path).unwrap();
    let half: String = text.lines().take(4).map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, half).unwrap();
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let list = told.clone();
    let observed = search(Stub::default(), 3)
        .journal(&path)
        .progress(move |progress| list.lock().unwrap().push((progress.done, progress.fits)));
    run(&observed, 2).unwrap();
    assert_eq!(*told.lock().unwrap(), [(4, 6), (5, 6), (6, 6)]);
}

/// The search of a process that is killed in mid-search.
#[test]
#[ignore = "run by a_killed_process_loses_nothing"]
fn killed_search() {
    let Some(path) = std::env::var_os("BLASTRAIN_TEST_JOURNAL") else { return };
    let stub = Stub { pause: Duration::from_millis(30), ..Stub::default() };
    run(&search(stub, 40).journal(path), 2).unwrap();
}

#[test]
fn a_killed_process_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed_search", "--ignored"])
        .env("BLASTRAIN_TEST_JOURNAL", &path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lines = || std::fs::read_to_string(&path).map_or(0, |text| text.lines().count());
    while lines() < 9 {
        assert!(child.try_wait().unwrap().is_none(), "the search ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let known = lines() - 1;
    assert!((8..80).contains(&known));
    let (fits, found) = count(&path, 40, 2);
    // The last line may have been torn.
    assert!(fits == 80 - known || fits == 81 - known, "{fits} fits after {known}");
    assert_eq!(untimed(&found), untimed(&run(&search(Stub::default(), 40), 1).unwrap()));
}
