//! The texts of a CSV file, column by column, with the line that each row stands on.

use std::collections::HashSet;
use std::io::Read;
use std::path::PathBuf;

use csv::{ByteRecord, ReaderBuilder};

use super::source::Source;
use crate::error::{Error, Result};

/// What becomes of a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnMissing {
    Report,
    DropRow,
    /// It is kept as the empty text, which no other value is.
    Keep,
}

/// How to read, as the user set it.
#[derive(Debug, Clone)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: u8,
    /// Texts that stand for a missing value, besides the empty one.
    pub(crate) missing: Vec<String>,
    pub(crate) on_missing: OnMissing,
    pub(crate) ignored: Vec<String>,
}

/// The texts of one column, end to end.
#[derive(Debug, Default)]
pub(crate) struct TextColumn {
    pub(crate) name: String,
    text: String,
    ends: Vec<usize>,
}

impl TextColumn {
    fn push(&mut self, field: &str) {
        self.text.push_str(field);
        self.ends.push(self.text.len());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

/// All columns that are not ignored; a value is missing, that is empty, only where such are kept.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<TextColumn>,
    pub(crate) lines: Vec<u64>,
}

/// Appended to the file. A quote that is never closed swallows it, which is how that is noticed.
const SENTINEL: &[u8] = b"\nx";

impl Fields {
    pub(crate) fn read<R: Read>(mut source: Source<R>, options: &FieldOptions) -> Result<Self> {
        let mut bytes = source.rest()?;
        bytes.extend_from_slice(SENTINEL);
        let end = bytes.len() - 1;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter)
            .from_reader(&bytes[..]);
        let mut position = Position { bytes: &bytes, at: 0, line: 1 };
        let mut record = ByteRecord::new();
        let mut table: Option<Table> = None;
        let mut last_line = 1;
        loop {
            let more = reader.read_byte_record(&mut record);
            if !more.map_err(|error| source.error(error.to_string()))? {
                let open = format!("line {last_line}: a quote is opened and never closed");
                return Err(source.error(open));
            }
            position.advance(record.position().map_or(0, |start| start.byte()));
            if position.at == end {
                break;
            }
            last_line = position.line;
            match &mut table {
                None => table = Some(Table::new(&source, options, &record, last_line)?),
                Some(table) => table.push(&source, options, &record, last_line)?,
            }
        }
        let Some(table) = table else {
            return Err(source.error("it is empty; the first line must name the columns"));
        };
        if table.lines.is_empty() {
            return Err(Error::empty("the CSV table", "1 row without missing values"));
        }
        Ok(Fields { path: source.path, columns: table.columns, lines: table.lines })
    }
}

/// Where a record starts, as the line number that an editor shows.
///
/// The csv crate's own number falls behind at blank lines and at `\r\n`.
struct Position<'b> {
    bytes: &'b [u8],
    at: usize,
    line: u64,
}

impl Position<'_> {
    /// Goes to `start`, then over blank lines.
    fn advance(&mut self, start: u64) {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some(&byte) = self.bytes.get(self.at) {
            let newline = matches!(byte, b'\n' | b'\r');
            if self.at >= start && !newline {
                break;
            }
            let ends_line = byte == b'\n' || self.bytes.get(self.at + 1) != Some(&b'\n');
            self.line += u64::from(newline && ends_line);
            self.at += 1;
        }
    }
}

struct Table {
    names: Vec<String>,
    kept: Vec<bool>,
    columns: Vec<TextColumn>,
    lines: Vec<u64>,
}

impl Table {
    fn new<R: Read>(
        source: &Source<R>,
        options: &FieldOptions,
        header: &ByteRecord,
        line: u64,
    ) -> Result<Self> {
        let mut names = Vec::new();
        let mut seen = HashSet::new();
        for (index, field) in header.iter().enumerate() {
            let name = utf8(source, field, line, &(index + 1).to_string())?.to_string();
            if !seen.insert(name.clone()) {
                let twice = format!("line {line}: the column name \"{name}\" comes twice");
                return Err(source.error(twice));
            }
            names.push(name);
        }
        for name in &options.ignored {
            known_column(names.iter(), name)?;
        }
        let kept: Vec<bool> = names.iter().map(|name| !options.ignored.contains(name)).collect();
        let columns = names
            .iter()
            .zip(&kept)
            .filter(|&(_, &kept)| kept)
            .map(|(name, _)| TextColumn { name: name.clone(), ..TextColumn::default() })
            .collect();
        Ok(Table { names, kept, columns, lines: Vec::new() })
    }

    fn push<R: Read>(
        &mut self,
        source: &Source<R>,
        options: &FieldOptions,
        record: &ByteRecord,
        line: u64,
    ) -> Result<()> {
        if record.len() != self.names.len() {
            let (found, want) = (record.len(), self.names.len());
            let ragged = format!("line {line}: {found} found where the header names {want} fields");
            return Err(source.error(ragged));
        }
        let mut fields = Vec::with_capacity(self.columns.len());
        for ((field, name), _) in
            record.iter().zip(&self.names).zip(&self.kept).filter(|&(_, &kept)| kept)
        {
            let field = utf8(source, field, line, name)?;
            if field.is_empty() || options.missing.iter().any(|marker| marker == field) {
                match options.on_missing {
                    OnMissing::Keep => fields.push(""),
                    OnMissing::DropRow => return Ok(()),
                    OnMissing::Report => {
                        let path = source.path.clone();
                        return Err(Error::MissingValue { path, line, column: name.clone() });
                    }
                }
                continue;
            }
            fields.push(field);
        }
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.push(field);
        }
        self.lines.push(line);
        Ok(())
    }
}

/// A field as text, without the blanks around it.
fn utf8<'f, R: Read>(
    source: &Source<R>,
    field: &'f [u8],
    line: u64,
    column: &str,
) -> Result<&'f str> {
    match std::str::from_utf8(field) {
        Ok(text) => Ok(text.trim()),
        Err(_) => {
            Err(source.error(format!("line {line}, column \"{column}\": the text is not UTF-8")))
        }
    }
}

/// The position of a column.
pub(crate) fn known_column<'n>(
    names: impl Iterator<Item = &'n String> + Clone,
    wanted: &str,
) -> Result<usize> {
    names.clone().position(|name| name == wanted).ok_or_else(|| {
        let known: Vec<&str> = names.map(String::as_str).collect();
        Error::UnknownName { what: "column", got: wanted.to_string(), known: known.join(", ") }
    })
}
