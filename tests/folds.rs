//! Splitters against scikit-learn 1.9.1 (numbers made by tests/parity/folds.py), and their laws.

use blastrain::data::{
    Dataset, Fold, KFold, ShuffleSplit, SplitSize, Splitter, StratifiedKFold,
    StratifiedShuffleSplit,
};
use blastrain::{Error, Result};
use ndarray::array;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    labels: Vec<Vec<usize>>,
    cases: Vec<Case>,
}

/// A number with a point is a fraction, one without is rows.
#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(untagged)]
enum Size {
    Rows(usize),
    Fraction(f64),
}

impl From<Size> for SplitSize {
    fn from(size: Size) -> Self {
        match size {
            Size::Rows(rows) => rows.into(),
            Size::Fraction(fraction) => fraction.into(),
        }
    }
}

#[derive(Deserialize, Debug)]
struct Case {
    splitter: String,
    rows: usize,
    labels: Option<usize>,
    k: Option<usize>,
    n_splits: Option<usize>,
    test: Option<Size>,
    train: Option<Size>,
    seed: Option<u32>,
    error: Option<String>,
    digest: Option<u64>,
    folds: Option<Vec<(Vec<usize>, Vec<usize>)>>,
}

/// Applies the sizes and the seed that a case gives.
macro_rules! shuffled {
    ($splitter:ty, $case:expr) => {{
        let mut splitter = <$splitter>::new($case.n_splits.unwrap());
        if let Some(size) = $case.test {
            splitter = splitter.test_size(size);
        }
        if let Some(size) = $case.train {
            splitter = splitter.train_size(size);
        }
        Box::new(splitter.random_state($case.seed.unwrap()))
    }};
}

/// As [`shuffled`], for k folds.
macro_rules! folded {
    ($splitter:ty, $case:expr) => {{
        let splitter = <$splitter>::new($case.k.unwrap());
        Box::new(match $case.seed {
            Some(seed) => splitter.shuffle(seed),
            None => splitter,
        })
    }};
}

fn splitter(case: &Case) -> Box<dyn Splitter> {
    match case.splitter.as_str() {
        "k_fold" => folded!(KFold, case),
        "stratified_k_fold" => folded!(StratifiedKFold, case),
        "shuffle_split" => shuffled!(ShuffleSplit, case),
        "stratified_shuffle_split" => shuffled!(StratifiedShuffleSplit, case),
        other => panic!("{other}"),
    }
}

fn digest(folds: &[Fold]) -> u64 {
    let parts = folds.iter().flat_map(|fold| [&fold.train, &fold.test]);
    let words = parts.flat_map(|part| std::iter::once(part.len()).chain(part.iter().copied()));
    words.fold(0xcbf2_9ce4_8422_2325, |value: u64, word| {
        (value ^ word as u64).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn folds_and_errors_are_scikit_learns() {
    let golden: Golden = serde_json::from_str(include_str!("parity/folds.json")).unwrap();
    let (mut equal, mut refused) = (0, 0);
    for case in &golden.cases {
        let labels = case.labels.map(|set| &golden.labels[set][..]);
        let splitter = splitter(case);
        let folds = match (splitter.split(case.rows, labels), &case.error) {
            (Ok(folds), None) => folds,
            (Err(error), Some(_)) => {
                let typed = matches!(
                    error,
                    Error::Param { .. } | Error::Shape { .. } | Error::Empty { .. }
                );
                assert!(typed, "{case:?}: {error}");
                refused += 1;
                continue;
            }
            (Ok(_), Some(error)) => panic!("{case:?}: not refused: {error}"),
            (Err(error), None) => panic!("{case:?}: refused: {error}"),
        };
        assert_eq!(folds.len(), splitter.n_splits());
        for (fold, (train, test)) in folds.iter().zip(case.folds.iter().flatten()) {
            assert_eq!((&fold.train, &fold.test), (train, test), "{case:?}");
        }
        assert_eq!(digest(&folds), case.digest.unwrap(), "{case:?}");
        assert_eq!(splitter.split(case.rows, labels).unwrap(), folds, "the same folds again");
        equal += 1;
    }
    assert!(equal > 300 && refused > 300, "{equal} equal, {refused} refused");
}

#[test]
fn data_sets_give_their_classes_and_share_their_rows() -> Result<()> {
    let features = array![[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]];
    let data = Dataset::new(features.view(), vec![0, 0, 0, 1, 1, 1])?;
    // The rows of a view count from its own first one.
    let part = data.select(&[5, 4, 1, 0])?;
    let folds = part.folds(&StratifiedKFold::new(2))?;
    assert_eq!(folds.len(), 2);
    let (train, test) = folds[0].of(&part)?;
    assert_eq!(test.to_arrays().0, array![[5.0], [1.0]]);
    assert_eq!(train.to_arrays().0, array![[4.0], [0.0]]);
    let boxed: Box<dyn Splitter> = Box::new(KFold::default());
    assert_eq!((boxed.n_splits(), data.folds(&boxed)?.len()), (5, 5));
    assert_eq!(data.folds(&*boxed)?, data.folds(&KFold::new(5))?);
    Ok(())
}

#[test]
fn stratified_splitters_need_a_label_for_each_row() {
    let splitters: [Box<dyn Splitter>; 2] =
        [Box::new(StratifiedKFold::new(2)), Box::new(StratifiedShuffleSplit::default())];
    for splitter in splitters {
        assert!(matches!(splitter.split(4, None), Err(Error::Param { name: "targets", .. })));
        let short = splitter.split(4, Some(&[0, 1, 0]));
        assert!(matches!(short, Err(Error::Shape { .. })));
        let numbers = Dataset::new(array![[0.0], [1.0], [2.0]], array![0.5, 1.5, 2.5]).unwrap();
        assert!(numbers.folds(&splitter).is_err());
    }
}

#[test]
fn sizes_beyond_reason_are_refused() {
    let many = ShuffleSplit::new(usize::MAX).split(10, None).unwrap_err();
    assert!(matches!(many, Error::Param { name: "n_splits", .. }));
    assert!(matches!(ShuffleSplit::new(0).split(10, None), Err(Error::Param { .. })));
    assert!(matches!(KFold::new(usize::MAX).split(10, None), Err(Error::Param { .. })));
    assert!(matches!(KFold::new(3).split(0, None), Err(Error::Empty { .. })));
    assert!(matches!(ShuffleSplit::default().split(0, None), Err(Error::Empty { .. })));
    for size in [f64::NAN, f64::INFINITY, -0.5] {
        let refused = ShuffleSplit::new(1).test_size(size).split(10, None);
        assert!(matches!(refused, Err(Error::Param { name: "test_size", .. })));
        let refused = ShuffleSplit::new(1).train_size(size).split(10, None);
        assert!(matches!(refused, Err(Error::Param { name: "train_size", .. })));
    }
}
