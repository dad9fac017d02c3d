//! The header of an `.npy` file: magic, version and a Python dictionary.

use std::io::Read;

use super::source::Source;
use crate::error::Result;

const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// NumPy itself refuses headers above 10,000 bytes.
const LONGEST: usize = 1 << 16;
/// NumPy's own limit on dimensions.
const MOST_DIMS: usize = 64;

/// How one number is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Element {
    Bool,
    Signed,
    Unsigned,
    Float,
}

/// What the header says about the values.
#[derive(Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    pub(crate) size: usize,
    pub(crate) big_endian: bool,
    pub(crate) fortran_order: bool,
    pub(crate) dims: Vec<usize>,
}

impl Header {
    /// Reads magic, version, length and dictionary. Source: NumPy enhancement proposal 1.
    pub(crate) fn read<R: Read>(source: &mut Source<R>) -> Result<Self> {
        let magic: [u8; 6] = source.exactly("magic number")?;
        if magic != MAGIC {
            return Err(source.error("it does not start with \\x93NUMPY"));
        }
        let [major, minor] = source.exactly("version")?;
        let length = match major {
            1 => usize::from(u16::from_le_bytes(source.exactly("header length")?)),
            2 | 3 => u32::from_le_bytes(source.exactly("header length")?) as usize,
            _ => {
                let known = "known are 1, 2 and 3";
                return Err(source.error(format!("version {major}.{minor}; {known}")));
            }
        };
        if length > LONGEST {
            let most = format!("the header claims {length} bytes; at most {LONGEST} are read");
            return Err(source.error(most));
        }
        let mut bytes = Vec::with_capacity(length);
        for _ in 0..length {
            let [byte] = source.exactly("header")?;
            bytes.push(byte);
        }
        // Version 1 and 2 are Latin-1; what is read here is ASCII in all of them.
        let text = String::from_utf8_lossy(&bytes);
        Dictionary { rest: &text }.header().map_err(|message| {
            source.error(format!("the header {:?} is wrong: {message}", text.trim_end()))
        })
    }

    /// Magic, version 1.0, length and dictionary for row-major numbers, as NumPy 2 writes them.
    pub(crate) fn bytes(descr: &str, dims: &[usize]) -> Vec<u8> {
        let shape = match dims {
            [one] => format!("({one},)"),
            _ => {
                let numbers: Vec<String> = dims.iter().map(ToString::to_string).collect();
                format!("({})", numbers.join(", "))
            }
        };
        let mut text =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        // NumPy leaves room for the first dimension to grow in place to 21 digits …
        if let Some(rows) = dims.first() {
            let room = 21usize.saturating_sub(rows.to_string().len());
            text.push_str(&" ".repeat(room));
        }
        // … and lets the values start at a multiple of 64 bytes.
        let fixed = MAGIC.len() + 4;
        let padding = 64 - (fixed + text.len() + 1) % 64;
        text.push_str(&" ".repeat(padding));
        text.push('\n');
        // With at most 64 dimensions of 20 digits the length is below 2000.
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        [&MAGIC[..], &[1, 0], &length.to_le_bytes(), text.as_bytes()].concat()
    }
}

/// A reader of the few Python literals that occur.
struct Dictionary<'t> {
    rest: &'t str,
}

impl Dictionary<'_> {
    fn header(mut self) -> Result<Header, String> {
        let (mut descr, mut order, mut dims) = (None, None, None);
        self.expect('{')?;
        while !self.take('}') {
            let key = self.string()?;
            self.expect(':')?;
            let again = match key.as_str() {
                "descr" => descr.replace(self.string()?).is_some(),
                "fortran_order" => order.replace(self.boolean()?).is_some(),
                "shape" => dims.replace(self.tuple()?).is_some(),
                _ => return Err(format!("unknown key '{key}'")),
            };
            if again {
                return Err(format!("the key '{key}' comes twice"));
            }
            if !self.take(',') && !self.rest.trim_start().starts_with('}') {
                return Err("a comma is missing".to_string());
            }
        }
        if !self.rest.trim().is_empty() {
            return Err("text follows the dictionary".to_string());
        }
        let (element, size, big_endian) = parse_descr(&descr.ok_or("no 'descr'")?)?;
        Ok(Header {
            element,
            size,
            big_endian,
            fortran_order: order.ok_or("no 'fortran_order'")?,
            dims: dims.ok_or("no 'shape'")?,
        })
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.trim_start().strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("'{wanted}' is missing")) }
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = if self.take('"') { '"' } else { '\'' };
        if quote == '\'' && !self.take('\'') {
            return Err("a text in quotes is missing (structured types are not read)".to_string());
        }
        let (text, rest) = self.rest.split_once(quote).ok_or("a quote is not closed")?;
        self.rest = rest;
        Ok(text.to_string())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        let rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("'fortran_order' is neither True nor False".to_string())
    }

    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        self.expect('(')?;
        let mut dims = Vec::new();
        while !self.take(')') {
            dims.push(self.number()?);
            if dims.len() > MOST_DIMS {
                return Err(format!("more than {MOST_DIMS} dimensions"));
            }
            if !self.take(',') && !self.rest.trim_start().starts_with(')') {
                return Err("a comma is missing in 'shape'".to_string());
            }
        }
        Ok(dims)
    }

    fn number(&mut self) -> Result<usize, String> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(end);
        // Python 2 wrote long numbers with an L.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().map_err(|_| format!("'shape' holds \"{digits}\", not a size"))
    }
}

/// Byte order, kind and size: "<f4" is (little endian, float, 4 bytes).
fn parse_descr(descr: &str) -> Result<(Element, usize, bool), String> {
    let wrong =
        || format!("values of type '{descr}'; known are f4, f8, i1 to i8, u1 to u8 and b1, < or >");
    let mut letters = descr.chars();
    let (order, kind) = (letters.next(), letters.next());
    let big_endian = match order {
        Some('<' | '|') => false,
        Some('>') => true,
        Some('=') => cfg!(target_endian = "big"),
        _ => return Err(wrong()),
    };
    match (kind, letters.as_str()) {
        (Some('b'), "1") => Ok((Element::Bool, 1, big_endian)),
        (Some('f'), "4") => Ok((Element::Float, 4, big_endian)),
        (Some('f'), "8") => Ok((Element::Float, 8, big_endian)),
        (Some(kind @ ('i' | 'u')), size @ ("1" | "2" | "4" | "8")) => {
            let element = if kind == 'i' { Element::Signed } else { Element::Unsigned };
            Ok((element, size.parse().map_err(|_| wrong())?, big_endian))
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, String> {
        Dictionary { rest: text }.header()
    }

    #[test]
    fn reads_what_python_may_write() {
        let header = parse("{'shape': (3L, 4), \"descr\":'>i2','fortran_order' : True}\n").unwrap();
        let want = Header {
            element: Element::Signed,
            size: 2,
            big_endian: true,
            fortran_order: true,
            dims: vec![3, 4],
        };
        assert_eq!(header, want);
        let scalar = parse("{'descr': '|b1', 'fortran_order': False, 'shape': (), }").unwrap();
        assert_eq!((scalar.element, scalar.dims.len()), (Element::Bool, 0));
    }

    #[test]
    fn refuses_what_is_not_a_header() {
        for (text, word) in [
            ("", "'{'"),
            ("{'descr': '<f8'}", "fortran_order"),
            ("{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}", "'<f2'"),
            ("{'descr': '<O', 'fortran_order': False, 'shape': (1,)}", "'<O'"),
            ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", "structured"),
            ("{'descr': '<f8', 'fortran_order': 1, 'shape': (1,)}", "fortran_order"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "shape"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (1 2)}", "comma"),
            ("{'descr': '<f8' 'fortran_order': False, 'shape': (1,)}", "comma"),
            ("{'descr': '<f8', 'descr': '<f8'}", "twice"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", "follows"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "size"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(word), "{text}: {message}");
        }
    }

    #[test]
    fn values_start_at_a_multiple_of_64() {
        for rows in [1, 10, 12345, usize::MAX] {
            for width in [1, 7, 1000, 1_000_000_000] {
                assert_eq!(Header::bytes("<f8", &[rows, width]).len() % 64, 0);
            }
        }
    }
}
