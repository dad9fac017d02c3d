//! Files made by the tests.

// Each test program uses some of these.
#![allow(dead_code)]

use std::io::Write;

use blastrain::{Error, Result};

/// The bytes inside gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An IDX file with this type code, these dimensions and these bytes as its values, right or wrong.
pub fn idx(code: u8, dims: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// The message of a format error; anything else fails the test.
pub fn is_format<T: std::fmt::Debug>(result: Result<T>, what: &str) -> String {
    match result {
        Err(error @ Error::Format { .. }) => error.to_string(),
        other => panic!("{what}: {other:?}"),
    }
}
