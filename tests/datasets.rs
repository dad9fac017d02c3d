//! The data sets of the crate against scikit-learn's.

mod made_files;

use std::path::Path;

use blastrain::data::{Dataset, TargetStorage};
use blastrain::{Error, datasets};
use made_files::{gzip, idx};
use serde_json::Value;

fn expected(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("parity/datasets.json")).unwrap();
    all[name].clone()
}

fn fnv1a(values: impl Iterator<Item = f64>) -> String {
    let bytes = values.flat_map(f64::to_le_bytes);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn check(name: &str, data: Dataset<'static, f64>) {
    let want = expected(name);
    let (features, targets) = data.to_arrays();
    let shape = [data.len() as f64, data.features() as f64];
    assert_eq!(shape.to_vec(), numbers(&want["shape"]), "{name}");
    assert_eq!(data.feature_names().unwrap(), strings(&want["feature_names"]), "{name}");
    assert_eq!(features.row(0).to_vec(), numbers(&want["first"]), "{name}");
    assert_eq!(features.row(data.len() - 1).to_vec(), numbers(&want["last"]), "{name}");
    assert_eq!(fnv1a(features.iter().copied()), want["data_fnv1a"], "{name}");
    match targets {
        TargetStorage::Classes(classes) => {
            let names = strings(&want["class_names"]);
            assert_eq!(data.class_names().unwrap(), names, "{name}");
            let mut counts = vec![0.0; names.len()];
            classes.iter().for_each(|&class| counts[class] += 1.0);
            assert_eq!(counts, numbers(&want["class_counts"]), "{name}");
            // scikit-learn's targets were hashed as float64.
            let targets = classes.iter().map(|&class| class as f64);
            assert_eq!(fnv1a(targets), want["target_fnv1a"], "{name}");
        }
        TargetStorage::Values(values) => {
            assert!(want["class_names"].is_null(), "{name}");
            assert_eq!(fnv1a(values.iter().copied()), want["target_fnv1a"], "{name}");
        }
        _ => panic!("{name}: the targets are borrowed"),
    }
}

#[test]
fn iris_equals_scikit_learn() {
    check("iris", datasets::iris().unwrap());
}

#[test]
fn breast_cancer_equals_scikit_learn() {
    check("breast_cancer", datasets::breast_cancer().unwrap());
}

#[test]
fn wine_equals_scikit_learn() {
    check("wine", datasets::wine().unwrap());
}

/// scikit-learn has the digits as numbers where class names are texts here.
#[test]
fn digits_equal_scikit_learn() {
    let data = datasets::digits::<f64>().unwrap();
    assert_eq!(data.class_names().unwrap(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    check("digits", data);
}

#[test]
fn diabetes_equals_scikit_learn() {
    check("diabetes", datasets::diabetes().unwrap());
}

#[test]
fn single_precision_is_the_rounded_double() {
    let (single, _) = datasets::diabetes::<f32>().unwrap().to_arrays();
    let (double, _) = datasets::diabetes::<f64>().unwrap().to_arrays();
    assert_eq!(single, double.mapv(|value| value as f32));
}

/// A folder with 3 train and 2 test pictures of 2 × 2, some files packed and some not.
fn tiny_folder(folder: &Path) {
    let train: Vec<u8> = (0..12).map(|pixel| pixel * 20).collect();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).unwrap();
    write("train-images-idx3-ubyte.gz", gzip(&idx(8, &[3, 2, 2], &train)));
    write("train-labels-idx1-ubyte", idx(8, &[3], &[9, 0, 4]));
    write("t10k-images-idx3-ubyte", idx(8, &[2, 2, 2], &[255, 0, 1, 254, 128, 127, 51, 85]));
    write("t10k-labels-idx1-ubyte.gz", gzip(&idx(8, &[2], &[1, 1])));
}

#[test]
fn fashion_mnist_reads_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    tiny_folder(folder.path());
    let (train, test) = datasets::fashion_mnist_from::<f32>(folder.path()).unwrap();
    assert_eq!((train.len(), train.features(), train.classes()), (3, 4, Some(10)));
    assert_eq!(train.class_targets().unwrap(), [9, 0, 4]);
    assert_eq!(train.class_names().unwrap()[9], "Ankle boot");
    assert_eq!(test.class_targets().unwrap(), [1, 1]);
    let want = [255.0, 0.0, 1.0, 254.0, 128.0, 127.0, 51.0, 85.0_f64].map(|x| (x / 255.0) as f32);
    assert_eq!(test.to_arrays().0.as_slice().unwrap(), want);
}

#[test]
fn fashion_mnist_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    tiny_folder(folder.path());
    std::fs::remove_file(folder.path().join("t10k-labels-idx1-ubyte.gz")).unwrap();
    let error = datasets::fashion_mnist_from::<f32>(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }));
    let message = error.to_string();
    for part in ["t10k-labels-idx1-ubyte", "apt-get install dataset-fashion-mnist", "path"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn fashion_mnist_refuses_parts_that_do_not_match() {
    let folder = tempfile::tempdir().unwrap();
    tiny_folder(folder.path());
    let write = |name: &str, bytes| std::fs::write(folder.path().join(name), bytes).unwrap();
    let read = || datasets::fashion_mnist_from::<f64>(folder.path()).unwrap_err();
    write("train-labels-idx1-ubyte", idx(8, &[2], &[9, 0]));
    assert!(matches!(read(), Error::Shape { .. }));
    write("train-labels-idx1-ubyte", idx(8, &[3], &[9, 10, 0]));
    assert!(matches!(read(), Error::ClassIndex { class: 10, row: 1, classes: 10 }));
    write("train-labels-idx1-ubyte", idx(8, &[3], &[9, 1, 0]));
    write("t10k-images-idx3-ubyte", idx(8, &[2, 1, 3], &[0; 6]));
    assert!(matches!(read(), Error::Shape { .. }));
}

#[test]
#[ignore = "needs Debian's package dataset-fashion-mnist"]
fn fashion_mnist_of_the_package() {
    let (train, test) = datasets::fashion_mnist::<f32>().unwrap();
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    assert_eq!((train.features(), test.features()), (784, 784));
    for (data, each) in [(&train, 6000), (&test, 1000)] {
        let mut counts = [0; 10];
        data.class_targets().unwrap().iter().for_each(|&class| counts[class] += 1);
        assert_eq!(counts, [each; 10]);
        let features = data.features_view().unwrap();
        assert!(features.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        assert!(features.iter().any(|&pixel| pixel == 1.0));
    }
}
