//! CSV files and settings that are refused, with line and column.

mod made_files;

use blastrain::Error;
use blastrain::data::CsvReader;
use made_files::{gzip, is_format};

fn csv(text: &str) -> Error {
    CsvReader::new().read_from(text.as_bytes()).unwrap_err()
}

#[test]
fn csv_errors_name_line_and_column() {
    for (text, parts) in [
        ("a,b\n1,2\n3\n", ["line 3: 1 found", "names 2 fields"]),
        ("a,b\n1,2,3\n", ["line 2: 3 found", "names 2 fields"]),
        ("a,b,a\n1,2,3\n", ["line 1", "\"a\" comes twice"]),
        ("a,b\n1,2\n\n3,nan\n", ["line 4", "column \"b\""]),
        ("a,b\r\n1,2\r\n3,-inf\r\n", ["line 3", "\"-inf\""]),
        ("a,b\n1e999,2\n", ["line 2", "column \"a\""]),
        ("a,b\n1,2\n3,\"4\n5,6\n", ["line 3", "quote"]),
        ("", ["empty", "first line"]),
        ("\n\n", ["empty", "first line"]),
    ] {
        let message = is_format::<()>(Err(csv(text)), text);
        for part in parts {
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }
    let latin = CsvReader::new().read_from(&b"a,b\n1,caf\xe9\n"[..]);
    let message = is_format(latin, "Latin-1");
    assert!(message.contains("line 2, column \"b\""), "{message}");
    assert!(matches!(csv("a,b\n"), Error::Empty { .. }));
    let all_dropped = CsvReader::new().drop_missing_rows().read_from(&b"a,b\n1,\n"[..]);
    assert!(matches!(all_dropped, Err(Error::Empty { .. })));
}

#[test]
fn csv_missing_values_are_reported_where_they_are() {
    for (text, at) in [("a,b\n1,2\n3, \n", (3, "b")), ("a,b\n\"\",2\n", (2, "a"))] {
        match csv(text) {
            Error::MissingValue { line, column, .. } => assert_eq!((line, &column[..]), at),
            error => panic!("{error}"),
        }
    }
    let marked = CsvReader::new().missing_marker("?").missing_marker("NA");
    match marked.read_from(&b"a,b\nx,y\nz,NA\n"[..]).unwrap_err() {
        Error::MissingValue { line, column, .. } => assert_eq!((line, &column[..]), (3, "b")),
        error => panic!("{error}"),
    }
}

#[test]
fn csv_settings_are_checked() {
    let text = &b"a,b\n1,2\n"[..];
    for reader in [
        CsvReader::new().target("c"),
        CsvReader::new().ignore("c"),
        CsvReader::new().numeric("c"),
        CsvReader::new().text("c"),
        CsvReader::new().target("a").ignore("a"),
    ] {
        match reader.read_from(text).unwrap_err() {
            Error::UnknownName { known, .. } => assert!(known.contains('b'), "{known}"),
            error => panic!("{error}"),
        }
    }
    let both = CsvReader::new().numeric("a").text("a").read_from(text).unwrap_err();
    assert!(matches!(both, Error::Param { name: "text", .. }), "{both}");
    for delimiter in [b'"', b'\n', b'\r', b'x', b'7', 0xff] {
        let error = CsvReader::new().delimiter(delimiter).read_from(text).unwrap_err();
        assert!(matches!(error, Error::Param { name: "delimiter", .. }), "{error}");
    }
}

#[test]
fn csv_data_sets_refuse_what_would_mislead() {
    let dataset = |reader: CsvReader, text: &str| {
        reader.read_from(text.as_bytes()).and_then(|table| table.into_dataset::<f32>())
    };
    let target = || CsvReader::new().target("b");
    let untold = dataset(CsvReader::new(), "a,b\n1,2\n").unwrap_err();
    assert!(untold.to_string().contains("a, b"), "{untold}");
    // A typing error would otherwise turn the column into categories.
    let mixed = is_format(dataset(target(), "a,b\n1,x\n2..5,y\n"), "mixed");
    assert!(mixed.contains("line 3, column \"a\"") && mixed.contains("2..5"), "{mixed}");
    let declared = dataset(target().text("a"), "a,b\n1,x\n2..5,y\n").unwrap();
    assert_eq!(declared.features(), 2);
    let demanded = is_format(dataset(target().numeric("a"), "a,b\nu,x\n"), "numeric");
    assert!(demanded.contains("\"u\" is not a finite number"), "{demanded}");
    let many = is_format(dataset(target().max_categories(1), "a,b\nu,x\nv,y\n"), "many");
    assert!(many.contains("max_categories (1)"), "{many}");
    let words = is_format(dataset(target().regression(), "a,b\n1,2\n2,x\n"), "regression");
    assert!(words.contains("line 3, column \"b\""), "{words}");
    is_format(dataset(target().regression().text("b"), "a,b\n1,2\n"), "text regression");
    assert!(matches!(dataset(target(), "b\n1\n"), Err(Error::Empty { .. })));
    let wide = dataset(target(), "a,b\n1,2\n1e300,2\n").unwrap_err();
    assert!(matches!(wide, Error::NonFinite { row: 1, column: 0, .. }), "{wide}");
}

#[test]
fn a_truncated_gzip_csv_is_a_format_error() {
    let whole = gzip(b"a,b\n1,2\n3,4\n");
    for end in 2..whole.len() {
        is_format(CsvReader::new().read_from(&whole[..end]), &format!("CSV cut at {end}"));
    }
}
