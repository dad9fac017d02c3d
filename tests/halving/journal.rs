//! Successive halving that was killed goes on from its journal.

use std::path::Path;

use blastrain::data::StratifiedKFold;
use blastrain::estimator::{Estimator, FitContext, MlpClassifier};
use blastrain::search::{GridSearch, Resource, SuccessiveHalving};
use blastrain::{Error, Parallelism, RandomState, datasets};

use super::stub::Stub;
use super::untimed;

type Halving = SuccessiveHalving<GridSearch<f64, Stub>>;

fn halving(stub: Stub, path: Option<&Path>, resource: Resource) -> Halving {
    let mut search = Stub::around(stub, 9);
    if let Some(path) = path {
        search = search.journal(path);
    }
    SuccessiveHalving::new(search).resource(resource).max_resources(90)
}

/// The number of fits but the last, and the result.
fn run(halving: &Halving, stub: &Stub, threads: usize) -> (usize, (String, usize, u64)) {
    let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
    let found = halving.fit_with(&datasets::iris().unwrap(), &mut context).unwrap();
    (stub.fits.lock().unwrap().len() - 1, untimed(&found))
}

#[test]
fn a_journal_cut_anywhere_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    // One that fails later, for failures are in the journal, too.
    let stub = || Stub { failing: vec![7], fails_after: 30, ..Stub::default() };
    for resource in [Resource::Rows, Resource::Epochs] {
        let _ = std::fs::remove_file(&path);
        let (unbroken, count) = {
            let stub = stub();
            let (fits, unbroken) = run(&halving(stub.clone(), None, resource), &stub, 1);
            (unbroken, fits)
        };
        let on_journal = |threads| {
            let stub = stub();
            run(&halving(stub.clone(), Some(&path), resource), &stub, threads)
        };
        assert_eq!(on_journal(2), (count, unbroken.clone()));
        let whole = std::fs::read(&path).unwrap();
        let lines = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(lines(&whole), 1 + count);
        for cut in (0..whole.len()).filter(|cut| whole[..*cut].ends_with(b"\n") || cut % 97 == 0) {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let known = lines(&whole[..cut]).saturating_sub(1);
            let (fits, found) = on_journal(1 + cut % 3);
            assert_eq!((fits, found), (count - known, unbroken.clone()), "cut at {cut}");
            assert_eq!(on_journal(1).0, 0, "cut at {cut}, once more");
        }
    }
}

#[test]
fn survivors_known_from_the_journal_only_come_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let data = datasets::wine::<f64>().unwrap();
    let search = |journal: bool| {
        let mlp = MlpClassifier::new().hidden_layer_sizes([5]).early_stopping(true);
        let search = GridSearch::new(mlp)
            .axis("learning_rate_init", [1e-1, 1e-2, 1e-3, 1e-4], |mlp: MlpClassifier, rate| {
                mlp.learning_rate_init(rate)
            })
            .cv(StratifiedKFold::new(3));
        let search = if journal { search.journal(&path) } else { search };
        let halving = SuccessiveHalving::new(search).factor(2.0).resource(Resource::Epochs);
        halving.max_resources(24).fit(&data).unwrap()
    };
    let unbroken = search(false);
    assert_eq!(untimed(&search(true)), untimed(&unbroken));
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 1 + 3 * (4 + 2 + 1));
    assert!(!lines[..13].iter().any(|line| line.contains("\"rung\":")));
    assert!(lines[13].starts_with("{\"rung\":1,\"candidate\":"), "{}", lines[13]);
    for kept in [5, 13, 15, 19, 20] {
        let begun: String = lines[..kept].iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, begun).unwrap();
        let found = search(true);
        assert_eq!(untimed(&found), untimed(&unbroken), "{kept} lines");
        let bytes = |found: blastrain::search::FittedSearch<f64, MlpClassifier>| {
            found.into_best_model().unwrap().to_bytes().unwrap()
        };
        assert_eq!(bytes(found), bytes(unbroken.clone()));
    }
}

#[test]
fn other_rounds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let data = datasets::iris::<f64>().unwrap();
    let begun = |resource| halving(Stub::default(), Some(&path), resource);
    begun(Resource::Rows).fit(&data).unwrap();
    let before = std::fs::read(&path).unwrap();
    for other in [
        begun(Resource::Epochs),
        begun(Resource::Rows).factor(2.0),
        begun(Resource::Rows).max_resources(120),
        begun(Resource::Rows).min_resources(15),
        begun(Resource::Rows).random_state(RandomState::new(1)),
    ] {
        match other.fit(&data) {
            Err(Error::OtherSearch { differs, .. }) => assert_eq!(differs, "the rounds of halving"),
            other => panic!("{:?}", other.err()),
        }
    }
    let plain = Stub::search(9).journal(&path).fit(&data);
    assert!(matches!(
        plain,
        Err(Error::OtherSearch { differs: "the rounds of halving", detail: None, .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // A line of a round that there is not.
    let text = String::from_utf8(before).unwrap();
    let damaged = text.replacen("\"rung\":1", "\"rung\":9", 1);
    assert_ne!(damaged, text);
    std::fs::write(&path, damaged).unwrap();
    let refused = begun(Resource::Rows).fit(&data);
    assert!(matches!(refused, Err(Error::Format { format: "journal", .. })));
}

#[test]
fn a_plain_searchs_journal_tells_of_no_rounds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    Stub::search(3).journal(&path).fit(&datasets::iris::<f64>().unwrap()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("rung"), "{text}");
}
