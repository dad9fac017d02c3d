//! Tables of numbers and texts from CSV files.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::csv_fields::{FieldOptions, Fields, OnMissing, TextColumn, known_column};
use super::source::{self, MEMORY, Source};
use crate::error::{Error, Result};

const FORMAT: &str = "CSV";

/// How the target column is understood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Task {
    /// Texts are classes, numbers are values.
    ByType,
    Classification,
    Regression,
}

/// Reads CSV files whose first line names the columns.
///
/// A column is numeric if every value in it is a finite number, else it holds texts; blanks around
/// a field are not part of it. A file that starts as gzip does is decompressed.
///
/// ```
/// use blastrain::data::CsvReader;
///
/// let text = "length,colour,species\n1.5,red,b\n2.5,blue,a\n";
/// let table = CsvReader::new().target("species").read_from(text.as_bytes())?;
/// assert_eq!(table.numeric("length")?, [1.5, 2.5]);
/// let data = table.into_dataset::<f32>()?;
/// assert_eq!(data.feature_names().unwrap(), ["length", "colour=blue", "colour=red"]);
/// assert_eq!(data.class_names().unwrap(), ["a", "b"]);
/// assert_eq!(data.class_targets().unwrap(), [1, 0]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct CsvReader {
    fields: FieldOptions,
    pub(crate) target: Option<String>,
    pub(crate) task: Task,
    numeric: Vec<String>,
    text: Vec<String>,
    pub(crate) max_categories: usize,
}

impl Default for CsvReader {
    fn default() -> Self {
        Self {
            fields: FieldOptions {
                delimiter: b',',
                missing: Vec::new(),
                on_missing: OnMissing::Report,
                ignored: Vec::new(),
            },
            target: None,
            task: Task::ByType,
            numeric: Vec::new(),
            text: Vec::new(),
            max_categories: 1000,
        }
    }
}

impl CsvReader {
    /// A reader for commas, without a target.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the column to predict. All others become features.
    pub fn target(mut self, column: impl Into<String>) -> Self {
        self.target = Some(column.into());
        self
    }

    /// Takes the target as classes, even if it holds numbers.
    pub fn classification(mut self) -> Self {
        self.task = Task::Classification;
        self
    }

    /// Takes the target as a number to be estimated; a text in it becomes an error.
    pub fn regression(mut self) -> Self {
        self.task = Task::Regression;
        self
    }

    /// The byte between fields; `,` unless set. Letters, digits, quotes and line ends are refused
    /// when reading.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.fields.delimiter = delimiter;
        self
    }

    /// A text that stands for a missing value, such as "NA" or "?", besides the empty field.
    pub fn missing_marker(mut self, marker: impl Into<String>) -> Self {
        self.fields.missing.push(marker.into());
        self
    }

    /// Leaves out every row in which a value is missing, instead of reporting it.
    ///
    /// ```
    /// use blastrain::{Error, data::CsvReader};
    ///
    /// let text = "a,b\n1,2\n?,4\n5,6\n";
    /// let reader = CsvReader::new().missing_marker("?");
    /// let error = reader.clone().read_from(text.as_bytes()).unwrap_err();
    /// assert!(matches!(error, Error::MissingValue { line: 3, .. }));
    /// let table = reader.drop_missing_rows().read_from(text.as_bytes())?;
    /// assert_eq!(table.numeric("a")?, [1.0, 5.0]);
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    pub fn drop_missing_rows(mut self) -> Self {
        self.fields.on_missing = OnMissing::DropRow;
        self
    }

    /// Keeps missing values, for [`TableEncoder`](crate::preprocessing::TableEncoder) to fill: NaN among
    /// numbers, the empty text among texts.
    pub fn keep_missing(mut self) -> Self {
        self.fields.on_missing = OnMissing::Keep;
        self
    }

    /// Leaves a column out, with what is missing or malformed in it.
    pub fn ignore(mut self, column: impl Into<String>) -> Self {
        self.fields.ignored.push(column.into());
        self
    }

    /// Demands that a column be numeric: a text in it becomes an error with its line.
    pub fn numeric(mut self, column: impl Into<String>) -> Self {
        self.numeric.push(column.into());
        self
    }

    /// Takes a column as text, even if it holds numbers (a postcode).
    pub fn text(mut self, column: impl Into<String>) -> Self {
        self.text.push(column.into());
        self
    }

    /// The most different texts that a feature column may hold; each becomes a feature. 1000 unless set.
    pub fn max_categories(mut self, categories: usize) -> Self {
        self.max_categories = categories;
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read. [`Error::MissingValue`] with line and column.
    /// [`Error::Format`] with the line for a row with too few or too many fields, a name that comes
    /// twice in the header, a "nan" or "inf" among numbers, a quote left open, text that is not
    /// UTF-8. [`Error::UnknownName`] for a column that is not there. [`Error::Empty`] without rows.
    /// [`Error::Param`] for a delimiter that cannot be one, or a column declared numeric and text.
    pub fn read(self, path: impl AsRef<Path>) -> Result<CsvTable> {
        let source = source::open(FORMAT, path.as_ref())?;
        self.table(source)
    }

    /// Reads from any reader; the bytes of a text are one.
    ///
    /// # Errors
    /// As [`CsvReader::read`]; the path in them is "memory".
    pub fn read_from(self, reader: impl Read) -> Result<CsvTable> {
        let source = source::unpack(FORMAT, Path::new(MEMORY), reader)?;
        self.table(source)
    }

    fn table<R: Read>(self, source: Source<R>) -> Result<CsvTable> {
        let delimiter = self.fields.delimiter;
        let quote_or_end = matches!(delimiter, b'"' | b'\r' | b'\n');
        if !delimiter.is_ascii() || delimiter.is_ascii_alphanumeric() || quote_or_end {
            let got = format!("{:?}", char::from(delimiter));
            return Err(Error::param(
                "delimiter",
                got,
                "ASCII, no letter, digit, quote or line end",
            ));
        }
        let fields = Fields::read(source, &self.fields)?;
        let names: Vec<String> = fields.columns.iter().map(|column| column.name.clone()).collect();
        for name in self.numeric.iter().chain(&self.text).chain(&self.target) {
            known_column(names.iter(), name)?;
        }
        if let Some(both) = self.numeric.iter().find(|name| self.text.contains(name)) {
            return Err(Error::param("text", both, "columns not also declared numeric"));
        }
        let Fields { path, columns, lines } = fields;
        let mut table = CsvTable { path, names, columns: Vec::new(), lines, options: self };
        for texts in &columns {
            table.columns.push(table.column(texts)?);
        }
        Ok(table)
    }
}

/// The values of one column.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Numeric(Vec<f64>),
    Text { values: Vec<String>, mixed: Option<Mixed> },
}

/// A number and a text of one column whose type was recognised and not demanded: often the text is
/// a typing error.
#[derive(Debug, Clone)]
pub(crate) struct Mixed {
    pub(crate) number: String,
    pub(crate) text: String,
    /// The line of the text.
    pub(crate) line: u64,
}

/// A CSV file in memory: named columns of numbers or texts.
#[derive(Debug, Clone)]
pub struct CsvTable {
    path: PathBuf,
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<Column>,
    lines: Vec<u64>,
    pub(crate) options: CsvReader,
}

impl CsvTable {
    /// The names of the columns, in the file's order, without the ignored ones.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Never true: a table has at least one row.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line of the file on which a row starts, counted from 1.
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row).copied()
    }

    /// The rows given, as a table of its own: the training rows of a split, say.
    ///
    /// Positions may repeat and come in any order. The types of the columns stay.
    ///
    /// # Errors
    /// [`Error::Empty`] for no position, [`Error::Param`] for one that is out of range.
    pub fn select(&self, positions: &[usize]) -> Result<CsvTable> {
        if positions.is_empty() {
            return Err(Error::empty("the selection of rows", "1 row"));
        }
        let len = self.len();
        if let Some(position) = positions.iter().find(|&&position| position >= len) {
            return Err(Error::param("row", position, format!("below {len}")));
        }
        let select = |column: &Column| match column {
            Column::Numeric(values) => Column::Numeric(at(values, positions)),
            Column::Text { values, mixed } => {
                Column::Text { values: at(values, positions), mixed: mixed.clone() }
            }
        };
        Ok(CsvTable {
            path: self.path.clone(),
            names: self.names.clone(),
            columns: self.columns.iter().map(select).collect(),
            lines: at(&self.lines, positions),
            options: self.options.clone(),
        })
    }

    /// Whether a column holds numbers.
    ///
    /// # Errors
    /// [`Error::UnknownName`] if there is no such column.
    pub fn is_numeric(&self, column: &str) -> Result<bool> {
        Ok(matches!(self.find(column)?, Column::Numeric(_)))
    }

    /// The numbers of a column; NaN where a missing value was kept.
    ///
    /// # Errors
    /// [`Error::UnknownName`] if there is no such column, [`Error::Format`] with the first line
    /// that is no number if it holds texts.
    pub fn numeric(&self, column: &str) -> Result<&[f64]> {
        match self.find(column)? {
            Column::Numeric(values) => Ok(values),
            Column::Text { values, .. } => Err(self.not_a_number(column, values)),
        }
    }

    /// The texts of a column; empty where a missing value was kept.
    ///
    /// # Errors
    /// [`Error::UnknownName`] if there is no such column, [`Error::Format`] if it holds numbers.
    pub fn text(&self, column: &str) -> Result<&[String]> {
        match self.find(column)? {
            Column::Text { values, .. } => Ok(values),
            Column::Numeric(_) => {
                let message =
                    format!("column \"{column}\" holds numbers; declare it as text to read texts");
                Err(self.error(message))
            }
        }
    }

    fn find(&self, column: &str) -> Result<&Column> {
        known_column(self.names.iter(), column).map(|index| &self.columns[index])
    }

    pub(crate) fn error(&self, message: String) -> Error {
        Error::format(FORMAT, &self.path, message)
    }

    pub(crate) fn at(&self, row: usize, column: &str, message: &str) -> Error {
        let line = self.line(row).unwrap_or(0);
        self.error(format!("line {line}, column \"{column}\": {message}"))
    }

    pub(crate) fn missing(&self, row: usize, column: &str) -> Error {
        let line = self.line(row).unwrap_or(0);
        Error::MissingValue { path: self.path.clone(), line, column: column.to_owned() }
    }

    fn not_a_number(&self, column: &str, values: &[String]) -> Error {
        let is_text = |value: &String| number(value).is_none_or(|number| !number.is_finite());
        match values.iter().position(is_text) {
            Some(row) => self.at(row, column, &format!("{:?} is not a finite number", values[row])),
            None => self.error(format!("column \"{column}\" was declared to be text")),
        }
    }

    fn column(&self, texts: &TextColumn) -> Result<Column> {
        let name = &texts.name;
        let owned = || texts.iter().map(str::to_string).collect::<Vec<String>>();
        if self.options.text.contains(name) {
            return Ok(Column::Text { values: owned(), mixed: None });
        }
        let is_text = |text: &str| !text.is_empty() && number(text).is_none();
        let first_text = texts.iter().position(is_text);
        let target = self.options.target.as_ref() == Some(name);
        let numeric =
            self.options.numeric.contains(name) || target && self.options.task == Task::Regression;
        let Some(first_text) = first_text.filter(|_| !numeric) else {
            let parse = |(row, text)| match number(text).filter(|number| number.is_finite()) {
                Some(number) => Ok(number),
                None if text.is_empty() => Ok(f64::NAN),
                None => Err(self.at(row, name, &format!("{text:?} is not a finite number"))),
            };
            return Ok(Column::Numeric(
                texts.iter().enumerate().map(parse).collect::<Result<_>>()?,
            ));
        };
        let finite = |text: &str| number(text).is_some_and(f64::is_finite);
        let mixed = texts.iter().find(|text| finite(text)).map(|number| Mixed {
            number: number.to_owned(),
            text: texts.iter().nth(first_text).unwrap_or_default().to_owned(),
            line: self.line(first_text).unwrap_or(0),
        });
        Ok(Column::Text { values: owned(), mixed })
    }
}

/// The values at some positions, which are all in range.
fn at<T: Clone>(values: &[T], positions: &[usize]) -> Vec<T> {
    positions.iter().map(|&position| values[position].clone()).collect()
}

/// A text as a number; NaN and infinities count as numbers here.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}
