//! IDX, CSV, NPY and NPZ: what is read equals what NumPy and scikit-learn make of it.

mod made_files;

use blastrain::data::{
    CsvReader, IdxValues, NpzReader, NpzWriter, read_idx, read_idx_from, read_npy_from,
    write_npy_to,
};
use blastrain::{Error, Result};
use made_files::{gzip, idx};
use ndarray::{Array2, ArrayD, IxDyn, array, s};
use serde_json::Value;

fn parity() -> Value {
    serde_json::from_str(include_str!("parity/readers.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let hex = value.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn sizes(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|number| number as usize).collect()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect()
}

#[test]
fn idx_reads_every_type() {
    let head = |code| vec![0, 0, code, 1, 0, 0, 0, 2];
    let read = |code, values: &[&[u8]]| {
        let idx = read_idx_from(&[head(code), values.concat()].concat()[..]).unwrap();
        (idx.values().clone(), idx.rows::<f64>().unwrap())
    };
    let rows = array![[1.0], [-2.0]];
    assert_eq!(read(8, &[&[1, 255]]), (IdxValues::U8(vec![1, 255]), array![[1.0], [255.0]]));
    assert_eq!(read(9, &[&[1, 254]]), (IdxValues::I8(vec![1, -2]), rows.clone()));
    let shorts = [1_i16.to_be_bytes(), (-2_i16).to_be_bytes()].concat();
    assert_eq!(read(0xB, &[&shorts]), (IdxValues::I16(vec![1, -2]), rows.clone()));
    let ints = [1_i32.to_be_bytes(), (-2_i32).to_be_bytes()].concat();
    assert_eq!(read(0xC, &[&ints]), (IdxValues::I32(vec![1, -2]), rows.clone()));
    let floats = [1_f32.to_be_bytes(), (-2_f32).to_be_bytes()].concat();
    assert_eq!(read(0xD, &[&floats]), (IdxValues::F32(vec![1.0, -2.0]), rows.clone()));
    let doubles = [1_f64.to_be_bytes(), (-2_f64).to_be_bytes()].concat();
    assert_eq!(read(0xE, &[&doubles]), (IdxValues::F64(vec![1.0, -2.0]), rows));
}

#[test]
fn idx_knows_gzip_by_its_bytes() {
    let plain = idx(8, &[2, 1, 2], &[0, 51, 102, 255]);
    let folder = tempfile::tempdir().unwrap();
    // The names say the opposite of what the files hold.
    let (packed, unpacked) = (folder.path().join("packed"), folder.path().join("plain.gz"));
    std::fs::write(&packed, gzip(&plain)).unwrap();
    std::fs::write(&unpacked, &plain).unwrap();
    for path in [packed, unpacked] {
        let idx = read_idx(path).unwrap();
        assert_eq!(idx.dims(), [2, 1, 2]);
        assert_eq!(idx.rows_over::<f32>(255.0).unwrap(), array![[0.0, 0.2], [0.4, 1.0]]);
    }
}

#[test]
fn idx_labels_must_be_class_indices() {
    let read = |code, size: u8, values: &[u8]| {
        let head = [0, 0, code, 1, 0, 0, 0, values.len() as u8 / size];
        read_idx_from(&[&head, values].concat()[..]).unwrap().class_indices()
    };
    assert_eq!(read(8, 1, &[3, 0, 200]).unwrap(), [3, 0, 200]);
    let negative = read(9, 1, &[3, 255]).unwrap_err();
    assert!(negative.to_string().contains("-1 at row 1"), "{negative}");
    let half = read(0xD, 4, &0.5_f32.to_be_bytes()).unwrap_err();
    assert!(half.to_string().contains("0.5 at row 0"), "{half}");
    let nan = read(0xD, 4, &f32::NAN.to_be_bytes()).unwrap_err();
    assert!(matches!(nan, Error::Format { .. }));
    let images = read_idx_from(&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2][..]).unwrap();
    assert!(matches!(images.class_indices(), Err(Error::Shape { .. })));
    assert!(matches!(images.rows_over::<f32>(0.0), Err(Error::Param { name: "divisor", .. })));
}

#[test]
fn npy_reads_what_numpy_writes() {
    let cases = parity()["read"].as_array().unwrap().clone();
    assert!(cases.len() > 50);
    for case in cases {
        let file = bytes(&case["file"]);
        let what = format!("{} {}", case["descr"], case["fortran"]);
        let npy = read_npy_from::<f64>(&file[..]).unwrap();
        assert_eq!(npy.dims(), sizes(&case["dims"]), "{what}");
        let (got, want) = (npy.values(), numbers(&case["values"]));
        assert_eq!(got.len(), want.len(), "{what}");
        assert!(got.iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits()), "{what}");
        let single = read_npy_from::<f32>(&gzip(&file)[..]).unwrap();
        let want: Vec<f32> = want.iter().map(|&value| value as f32).collect();
        assert_eq!(single.values(), want, "{what}");
    }
}

#[test]
fn npy_writes_the_bytes_of_numpy() {
    let cases = parity()["written"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let dims = sizes(&case["dims"]);
        let count: usize = dims.iter().product();
        let values = (0..count).map(|index| index as f64 / 8.0).collect();
        let array = ArrayD::from_shape_vec(IxDyn(&dims), values).unwrap();
        let mut got = Vec::new();
        match case["kind"].as_str().unwrap() {
            "<f4" => write_npy_to(&mut got, &array.mapv(|value: f64| value as f32)).unwrap(),
            _ => write_npy_to(&mut got, &array).unwrap(),
        }
        assert_eq!(got, bytes(&case["file"]), "{} {dims:?}", case["kind"]);
    }
}

#[test]
fn npy_writes_views_in_logical_order() {
    let matrix = Array2::from_shape_fn((3, 4), |(row, column)| (10 * row + column) as f32);
    for view in [matrix.t(), matrix.slice(s![..;-2, 1..;2])] {
        let mut file = Vec::new();
        write_npy_to(&mut file, &view).unwrap();
        let back = read_npy_from::<f32>(&file[..]).unwrap();
        assert_eq!(back.dims(), view.shape());
        assert_eq!(back.into_rows().unwrap(), view);
    }
}

#[test]
fn npy_shapes_are_flattened_to_rows() {
    let read = |dims: &[usize]| {
        let mut file = Vec::new();
        write_npy_to(&mut file, &ArrayD::<f64>::ones(IxDyn(dims))).unwrap();
        read_npy_from::<f64>(&file[..]).unwrap()
    };
    for (dims, rows) in [
        (&[][..], (1, 1)),
        (&[5], (5, 1)),
        (&[5, 2], (5, 2)),
        (&[5, 2, 3], (5, 6)),
        (&[0, 3], (0, 3)),
        (&[3, 0], (3, 0)),
    ] {
        assert_eq!(read(dims).into_rows().unwrap().dim(), rows);
        assert_eq!(read(dims).into_array().unwrap().shape(), dims);
        assert_eq!(read(dims).into_vector().is_ok(), rows.1 == 1);
        assert_eq!(read(dims).class_indices().is_ok(), rows.1 == 1);
    }
}

#[test]
fn npz_reads_what_numpy_writes() {
    let parity = parity();
    let folder = tempfile::tempdir().unwrap();
    for kind in ["npz", "npz_compressed"] {
        let path = folder.path().join(kind);
        std::fs::write(&path, bytes(&parity[kind])).unwrap();
        let mut npz = NpzReader::open(&path).unwrap();
        assert_eq!(npz.names(), ["x", "y"]);
        let x = npz.read::<f64>("x").unwrap();
        assert_eq!((x.dims(), x.values()), (&[2, 3][..], &[0.1, 2.5, -3.0, 4.0, 5.5, 6.25][..]));
        assert_eq!(npz.read::<f32>("y").unwrap().class_indices().unwrap(), [2, 0]);
        match npz.read::<f64>("z").unwrap_err() {
            Error::UnknownName { got, known, .. } => {
                assert_eq!((&got[..], &known[..]), ("z", "x, y"))
            }
            error => panic!("{error}"),
        }
    }
}

#[test]
fn npz_bytes_depend_on_the_arrays_alone() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| -> Result<Vec<u8>> {
        let path = folder.path().join(name);
        let mut npz = NpzWriter::create(&path)?;
        npz.add("weights", &array![[1.0_f32, 2.0]])?;
        assert!(matches!(npz.add("weights", &array![0.0]), Err(Error::Format { .. })));
        npz.add("bias", &array![3.0_f64])?;
        npz.finish()?;
        assert_eq!(NpzReader::open(&path)?.read::<f64>("bias")?.values(), [3.0]);
        Ok(std::fs::read(path).unwrap())
    };
    assert_eq!(write("a").unwrap(), write("b").unwrap());
}

#[test]
fn csv_recognises_columns() {
    let text = "n, t ,m\r\n 1e3,red,-2\r\n+.5,\"a, \"\"b\"\"\",7.\r\n";
    let table = CsvReader::new().read_from(text.as_bytes()).unwrap();
    assert_eq!(table.columns(), ["n", "t", "m"]);
    assert_eq!(table.numeric("n").unwrap(), [1000.0, 0.5]);
    assert_eq!(table.text("t").unwrap(), ["red", "a, \"b\""]);
    assert_eq!(table.numeric("m").unwrap(), [-2.0, 7.0]);
    assert!(table.is_numeric("n").unwrap() && !table.is_numeric("t").unwrap());
    assert_eq!((table.len(), table.line(1)), (2, Some(3)));
    let wrong_type = table.numeric("t").unwrap_err().to_string();
    assert!(wrong_type.contains("line 2") && wrong_type.contains("\"red\""), "{wrong_type}");
    assert!(matches!(table.text("n"), Err(Error::Format { .. })));
    assert!(matches!(table.text("q"), Err(Error::UnknownName { .. })));
}

#[test]
fn csv_makes_one_hot_features_and_sorted_classes() {
    let text = "size;colour;kind\n1;red;pear\n2;blue;apple\n3;red;apple\n";
    let reader = CsvReader::new().delimiter(b';').target("kind");
    let data = reader.read_from(text.as_bytes()).unwrap().into_dataset::<f64>().unwrap();
    assert_eq!(data.feature_names().unwrap(), ["size", "colour=blue", "colour=red"]);
    let want = array![[1.0, 0.0, 1.0], [2.0, 1.0, 0.0], [3.0, 0.0, 1.0]];
    assert_eq!(data.to_arrays().0, want);
    assert_eq!(data.class_targets().unwrap(), [1, 0, 0]);
    assert_eq!(data.class_names().unwrap(), ["apple", "pear"]);
}

#[test]
fn csv_classes_are_those_of_label_encoder() {
    let parity = parity();
    // The empty text would be a missing value; NumPy sorts it first, so all codes move by one.
    let (labels, codes) = (strings(&parity["labels"]), sizes(&parity["codes"]));
    let mut text = "x,label\n".to_string();
    labels.iter().filter(|label| !label.is_empty()).for_each(|label| {
        text.push_str(&format!("0,\"{label}\"\n"));
    });
    let reader = CsvReader::new().target("label");
    let data = reader.read_from(text.as_bytes()).unwrap().into_dataset::<f32>().unwrap();
    assert_eq!(data.class_names().unwrap(), &strings(&parity["classes"])[1..]);
    let want: Vec<usize> = codes.iter().filter(|&&code| code > 0).map(|code| code - 1).collect();
    assert_eq!(data.class_targets().unwrap(), want);
}

#[test]
fn csv_target_is_what_the_user_says() {
    let text = "x,label\n0,10\n1,9\n2,-1\n3,2\n4,10\n5,-0\n6,0\n";
    let table = |reader: CsvReader| reader.target("label").read_from(text.as_bytes()).unwrap();
    let values = table(CsvReader::new()).into_dataset::<f64>().unwrap();
    let want = [10.0, 9.0, -1.0, 2.0, 10.0, 0.0, 0.0];
    assert_eq!(values.value_targets().unwrap().as_slice().unwrap(), want);
    let classes = table(CsvReader::new().classification()).into_dataset::<f64>().unwrap();
    assert_eq!(classes.class_names().unwrap(), ["-1", "0", "2", "9", "10"]);
    assert_eq!(classes.class_targets().unwrap(), [4, 3, 0, 2, 4, 1, 1]);
    assert_eq!(numbers(&parity()["number_classes"]), [-1.0, 2.0, 9.0, 10.0]);
    let texts = table(CsvReader::new().text("label")).into_dataset::<f64>().unwrap();
    assert_eq!(texts.class_names().unwrap(), ["-0", "-1", "0", "10", "2", "9"]);
}

#[test]
fn csv_leaves_columns_and_rows_out_when_asked() {
    let text = "id,a,b\n7,1,2\n,3,NA\nx,5,6\n";
    let reader = CsvReader::new().target("b").missing_marker("NA").ignore("id").drop_missing_rows();
    let table = reader.read_from(text.as_bytes()).unwrap();
    assert_eq!(table.columns(), ["a", "b"]);
    assert_eq!((table.line(0), table.line(1), table.line(2)), (Some(2), Some(4), None));
    let data = table.into_dataset::<f64>().unwrap();
    assert_eq!(data.to_arrays().0, array![[1.0], [5.0]]);
    assert_eq!(data.value_targets().unwrap(), array![[2.0], [6.0]]);
}

#[test]
fn csv_reads_a_byte_order_mark_gzip_and_old_line_ends() {
    let want = [1.0, 3.0];
    let plain = "\u{feff}a,b\n1,2\n3,4";
    for bytes in [plain.as_bytes().to_vec(), gzip(plain.as_bytes()), b"a,b\r1,2\r3,4\r".to_vec()] {
        let table = CsvReader::new().read_from(&bytes[..]).unwrap();
        assert_eq!(table.numeric("a").unwrap(), want);
        assert_eq!((table.line(0), table.line(1)), (Some(2), Some(3)));
    }
}

#[test]
fn csv_counts_lines_as_an_editor_does() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = ["", "a,b", "", "\"x", "y\",2", "", "", "z,3", ""];
        let table = CsvReader::new().read_from(lines.join(end).as_bytes()).unwrap();
        assert_eq!((table.line(0), table.line(1)), (Some(4), Some(8)), "{end:?}");
    }
}
