//! Tables of numbers and texts as features: against scikit-learn 1.9.1 (`tests/parity/encoders.py`), and what is
//! refused, with its line.

use blastrain::data::{CsvReader, CsvTable};
use blastrain::preprocessing::*;
use blastrain::{Error, Result};
use ndarray::{Array2, Axis, array};
use serde_json::Value;

const HEADER: &str = "age,workclass,education,gain";

fn read(text: &str) -> CsvTable {
    CsvReader::new().keep_missing().read_from(text.as_bytes()).unwrap()
}

/// The message of a format error.
#[track_caller]
fn format_error<T>(result: Result<T>) -> String {
    match result {
        Err(Error::Format { message, .. }) => message,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("not refused"),
    }
}

#[test]
fn tables_are_encoded_as_by_scikit_learn() {
    let file: Value = serde_json::from_str(include_str!("parity/encoders.json")).unwrap();
    let case = &file["table"];
    let mut text = HEADER.to_owned();
    for row in case["rows"].as_array().unwrap() {
        let fields = row.as_array().unwrap().iter().map(|field| match field {
            Value::Null => String::new(),
            Value::String(field) => field.clone(),
            number => number.to_string(),
        });
        text += &format!("\n{}", fields.collect::<Vec<_>>().join(","));
    }
    let table = read(&text);
    let train: Vec<usize> = (0..case["fitted_rows"].as_u64().unwrap() as usize).collect();
    let train = table.select(&train).unwrap();
    for (name, fill) in [
        ("mean", FillNumbers::Mean),
        ("median", FillNumbers::Median),
        ("constant", FillNumbers::Value(-7.0)),
    ] {
        let encoder = TableEncoder::new()
            .encode(["workclass"], OneHotEncoder::new().ignore_unknown())
            .ordinal("education", ["HS-grad", "Bachelors", "Masters"])
            .fill_numbers(fill)
            .fill_texts("missing")
            .fit(&train)
            .unwrap();
        let rows: Vec<Vec<f64>> = serde_json::from_value(case["encoded"][name].clone()).unwrap();
        let want = Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap();
        assert_eq!(encoder.transform::<f64>(&table).unwrap(), want, "{name}");
        let json = serde_json::to_string(&encoder).unwrap();
        let read: FittedTableEncoder = serde_json::from_str(&json).unwrap();
        assert_eq!(read, encoder);
        assert_eq!(read.transform::<f64>(&table).unwrap(), want);
        // Row by row as all at once.
        for row in 0..table.len() {
            let one = encoder.transform::<f64>(&table.select(&[row]).unwrap()).unwrap();
            assert_eq!(one.row(0), want.row(row));
        }
    }
}

#[test]
fn another_file_may_have_other_columns_in_another_order() {
    let reader = CsvReader::new().target("label");
    let train = reader.read_from("x,colour,label\n1,red,a\n2,blue,b\n".as_bytes()).unwrap();
    let encoder = TableEncoder::new().fit(&train).unwrap();
    assert_eq!(encoder.feature_names(), ["x", "colour=blue", "colour=red"]);
    assert_eq!(encoder.columns().collect::<Vec<_>>(), ["x", "colour"]);
    let data = encoder.dataset::<f64>(&train).unwrap();
    assert_eq!(data.class_names().unwrap(), ["a", "b"]);
    assert_eq!(data.to_arrays().0, array![[1.0, 0.0, 1.0], [2.0, 1.0, 0.0]]);
    let new = read("more,colour,label,x\n?,red,b,3\n!,red,b,4\n");
    let data = encoder.dataset::<f32>(&new).unwrap();
    assert_eq!(data.to_arrays().0, array![[3.0, 0.0, 1.0], [4.0, 0.0, 1.0]]);
    assert_eq!((data.class_targets().unwrap(), data.classes()), (vec![1, 1], Some(2)));
    assert!(matches!(encoder.transform::<f32>(&read("x\n1\n")), Err(Error::UnknownName { .. })));
}

#[test]
fn numbers_as_classes_and_as_values_keep_their_meaning() {
    let text = "x,y\n1,30\n2,4\n3,-0\n4,0\n";
    let classes = CsvReader::new().target("y").classification().read_from(text.as_bytes()).unwrap();
    let encoder = TableEncoder::new().fit(&classes).unwrap();
    assert_eq!(encoder.class_names().unwrap(), ["0", "4", "30"]);
    let data = encoder.dataset::<f64>(&read("x,y\n9,4\n9,-0\n")).unwrap();
    assert_eq!(data.class_targets().unwrap(), [1, 0]);
    let unknown = format_error(encoder.dataset::<f64>(&read("x,y\n9,4\n9,5\n")));
    assert!(unknown.contains("line 3, column \"y\"") && unknown.contains("0, 4, 30"), "{unknown}");
    let values = CsvReader::new().target("y").read_from(text.as_bytes()).unwrap();
    let encoder = TableEncoder::new().fit(&values).unwrap();
    let data = encoder.dataset::<f64>(&read("x,y\n9,4.5\n")).unwrap();
    assert_eq!(data.value_targets().unwrap(), array![[4.5]]);
    let json = serde_json::to_string(&encoder).unwrap();
    assert_eq!(serde_json::from_str::<FittedTableEncoder>(&json).unwrap(), encoder);
}

#[test]
fn what_is_not_known_is_named_with_its_line() {
    let reader = CsvReader::new().target("label");
    let train = reader.clone().read_from("c,label\nred,a\nblue,b\n".as_bytes()).unwrap();
    let encoder = TableEncoder::new().one_hot(["c"]).fit(&train).unwrap();
    let new = read("c,label\nred,a\n\ngreen,b\n");
    let message = format_error(encoder.transform::<f64>(&new));
    assert_eq!(
        message,
        "line 4, column \"c\": the category \"green\" is not known; known: blue, red"
    );
    let class = format_error(encoder.dataset::<f64>(&read("c,label\nred,x\n")));
    assert!(class.contains("line 2, column \"label\"") && class.contains("\"x\""), "{class}");
    let given = TableEncoder::new().ordinal("c", ["red", "green"]).fit(&train);
    assert!(format_error(given).contains("line 3, column \"c\": the category \"blue\""));
    // Numbers where texts were, and the other way round.
    let numbers = format_error(encoder.transform::<f64>(&read("c\n1\n2\n")));
    assert!(numbers.contains("declare it as text"), "{numbers}");
    let named = TableEncoder::new().one_hot(["n"]).fit(&read("n\n1\n2\n"));
    assert!(format_error(named).contains("declare it as text"));
    let declared = CsvReader::new().text("n").read_from("n\n1\n02\n".as_bytes()).unwrap();
    let encoder = TableEncoder::new().one_hot(["n"]).fit(&declared).unwrap();
    assert_eq!(encoder.feature_names(), ["n=02", "n=1"]);
    let plain = TableEncoder::new().fit(&read("n\n1\n2\n")).unwrap();
    let texts = format_error(plain.transform::<f64>(&read("n\n1\nx\n")));
    assert!(texts.contains("line 3, column \"n\""), "{texts}");
}

#[test]
fn naming_a_column_declares_its_mixture_to_be_categories() {
    let table = read("size,x\n38,1\nL,2\n");
    let mixed = format_error(TableEncoder::new().fit(&table));
    assert!(mixed.contains("line 3, column \"size\""), "{mixed}");
    // Also where the rows chosen hold no text.
    let part = table.select(&[0]).unwrap();
    assert!(format_error(TableEncoder::new().fit(&part)).contains("line 3"));
    let encoder = TableEncoder::new().one_hot(["size"]).fit(&table).unwrap();
    assert_eq!(encoder.feature_names(), ["size=38", "size=L", "x"]);
}

#[test]
fn missing_values_are_errors_unless_filled() {
    let table = read("n,t,label\n1,a,p\n,,q\n3,b,\n");
    assert!(table.numeric("n").unwrap()[1].is_nan());
    assert_eq!(table.text("t").unwrap(), ["a", "", "b"]);
    let at = |result: Result<Array2<f64>>| match result.unwrap_err() {
        Error::MissingValue { line, column, .. } => (line, column),
        error => panic!("{error}"),
    };
    let numbers = TableEncoder::new().ignore(["t", "label"]);
    let fitted = numbers.fit(&table).unwrap();
    assert_eq!(at(fitted.transform(&table)), (3, "n".to_owned()));
    let filled = numbers.fill_numbers(FillNumbers::Mean).fit(&table).unwrap();
    assert_eq!(filled.transform::<f64>(&table).unwrap(), array![[1.0], [2.0], [3.0]]);
    let texts = TableEncoder::new().ignore(["n", "label"]);
    assert!(matches!(texts.fit(&table), Err(Error::MissingValue { line: 3, .. })));
    let filled = texts.fill_texts("b").fit(&table).unwrap();
    assert_eq!(filled.transform::<f64>(&table).unwrap().sum_axis(Axis(0)), array![1.0, 2.0]);

    let target = CsvReader::new().keep_missing().target("label");
    let table = target.read_from("n,label\n1,p\n2,\n".as_bytes()).unwrap();
    assert!(matches!(TableEncoder::new().fit(&table), Err(Error::MissingValue { line: 3, .. })));
    let none = read("n,x\n,1\n,2\n");
    let mean = TableEncoder::new().fill_numbers(FillNumbers::Mean);
    assert!(matches!(mean.clone().fit(&none), Err(Error::Undefined { .. })));
    let value = mean.fill_numbers(FillNumbers::Value(0.5)).fit(&none).unwrap();
    assert_eq!(value.transform::<f64>(&none).unwrap().column(0).to_vec(), [0.5, 0.5]);
    let nan = TableEncoder::new().fill_numbers(FillNumbers::Value(f64::NAN)).fit(&none);
    assert!(matches!(nan, Err(Error::Param { name: "fill_numbers", .. })));
}

#[test]
fn settings_are_checked() {
    let reader = CsvReader::new().target("label");
    let table = reader.read_from("c,d,label\nred,x,a\nblue,y,b\n".as_bytes()).unwrap();
    for encoder in [
        TableEncoder::new().one_hot(["c", "c"]),
        TableEncoder::new().one_hot(["c"]).ignore(["c"]),
        TableEncoder::new().one_hot(["label"]),
    ] {
        let refused = encoder.fit(&table);
        assert!(matches!(refused, Err(Error::Param { name: "column", .. })));
    }
    let unknown = TableEncoder::new().ignore(["e"]).fit(&table);
    assert!(matches!(unknown, Err(Error::UnknownName { what: "column", .. })));
    let others = TableEncoder::new().one_hot(["c"]).encode_others(OrdinalEncoder::new());
    let encoder = others.fit(&table).unwrap();
    assert_eq!((encoder.outputs(), encoder.feature_names()[2].as_str()), (3, "d"));
    let untold = TableEncoder::new().fit(&read("a\n1\n")).unwrap();
    let refused = untold.dataset::<f64>(&read("a\n1\n"));
    assert!(matches!(refused, Err(Error::Param { name: "target", .. })));
    let wide = untold.transform::<f32>(&read("a\n1\n1e300\n"));
    assert!(matches!(wide, Err(Error::NonFinite { row: 1, column: 0, .. })));
    assert!(matches!(table.select(&[]), Err(Error::Empty { .. })));
    assert!(matches!(table.select(&[2]), Err(Error::Param { name: "row", .. })));
}
