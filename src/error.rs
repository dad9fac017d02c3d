//! The crate's one error type.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::search::Params;

/// What can go wrong, with the name, the value found and what is allowed.
///
/// Fields are public so that a program can react to them; new variants may be added.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting outside its range.
    #[error("{name} is {got}, but must be {want}")]
    Param {
        /// The setting's name, as the builder spells it.
        name: &'static str,
        /// The value given.
        got: String,
        /// The values allowed.
        want: String,
    },
    /// Two things that must agree in shape or length do not.
    #[error("{what}: expected {want}, got {got}")]
    Shape {
        /// What has the wrong shape.
        what: String,
        /// The shape or length needed.
        want: String,
        /// The shape or length found.
        got: String,
    },
    /// A NaN or an infinity in the user's numbers.
    #[error("{what} at row {row}, column {column} is {value}; every value must be finite")]
    NonFinite {
        /// "feature", "target", "weight" or "score".
        what: &'static str,
        /// The value found.
        value: f64,
        /// Row, counted from 0.
        row: usize,
        /// Column, counted from 0.
        column: usize,
    },
    /// There is nothing to work on.
    #[error("{what} is empty; at least {least} needed")]
    Empty {
        /// What is empty.
        what: String,
        /// The least that would do, with its unit ("1 row").
        least: String,
    },
    /// A class index that is not below the number of classes.
    #[error("class {class} at row {row} is out of range: there are {classes} classes, 0 to {}", .classes.saturating_sub(1))]
    ClassIndex {
        /// The index found.
        class: usize,
        /// Row, counted from 0.
        row: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The loss or a parameter left the finite numbers during a fit.
    ///
    /// The network is back at the end of the last finished epoch.
    #[error(
        "the fit diverged in epoch {epoch}, batch {batch}: {tensor} is not finite; lower the learning rate or scale the data"
    )]
    Diverged {
        /// Epoch, counted from 0.
        epoch: usize,
        /// Batch within the epoch, counted from 0.
        batch: usize,
        /// The first tensor that is not finite ("dense_1.weight", "loss" …).
        tensor: String,
    },
    /// A file that is not what it says it is.
    #[error("{format} file {path}: {message}")]
    Format {
        /// "IDX", "CSV", "NPY", "NPZ" or "safetensors".
        format: &'static str,
        /// The file, or "memory".
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// A saved network of the other scalar type.
    #[error("{path}: holds {found} numbers, but was loaded as {wanted}")]
    ScalarType {
        /// The file, or "memory".
        path: PathBuf,
        /// The type that the file holds: "f32" or "f64".
        found: &'static str,
        /// The type asked for.
        wanted: &'static str,
    },
    /// A missing value in a CSV file.
    #[error("CSV file {path}: line {line}, column \"{column}\": the value is missing")]
    MissingValue {
        /// The file, or "memory".
        path: PathBuf,
        /// Line in the file, counted from 1.
        line: u64,
        /// The column's name in the header.
        column: String,
    },
    /// A name that is not known.
    #[error("unknown {what} \"{got}\"; known: {known}")]
    UnknownName {
        /// The kind of thing named.
        what: &'static str,
        /// The name given.
        got: String,
        /// The names that would do.
        known: String,
    },
    /// Something that this build cannot do.
    #[error("{what} is not available: {why}")]
    Unavailable {
        /// What was asked for.
        what: String,
        /// What it would need.
        why: String,
    },
    /// A quantity that the data given leave without a meaning, like ROC AUC with one class.
    #[error("{what} is not defined: {why}")]
    Undefined {
        /// What was asked for.
        what: String,
        /// What the data lack.
        why: String,
    },
    /// A fit of a search or a cross-validation failed.
    #[error("{}: {source}", failed_fit(params, *fold, *round, *all))]
    FitFailed {
        /// The candidate's settings; none in a cross-validation.
        params: Params,
        /// The fold, counted from 0; `None` for the last fit, of the best candidate to all rows.
        fold: Option<usize>,
        /// The round of successive halving, counted from 0.
        round: Option<usize>,
        /// How many fits there were, if this is the first and all failed; of successive halving those of the
        /// round.
        all: Option<usize>,
        /// What the fit met.
        #[source]
        source: Arc<Error>,
    },
    /// A search was given the journal of another one.
    #[error(
        "{path}: this is the journal of another search: they differ in {differs}{}; choose another file",
        detail.as_ref().map_or(String::new(), |detail| format!(" ({detail})"))
    )]
    OtherSearch {
        /// The journal.
        path: PathBuf,
        /// In what the two searches differ first.
        differs: &'static str,
        /// More of it: the first candidate that differs.
        detail: Option<String>,
    },
    /// The stop flag was raised before the work was done.
    #[error("{what} was stopped")]
    Stopped {
        /// What was stopped.
        what: &'static str,
    },
    /// Reading or writing a file failed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        #[source]
        source: std::io::Error,
    },
}

/// The message, so that a program whose `main` returns the error prints what `Display` prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which fit failed, and whether it is not the only one.
fn failed_fit(
    params: &Params,
    fold: Option<usize>,
    round: Option<usize>,
    all: Option<usize>,
) -> String {
    let of = if params.is_empty() { String::new() } else { format!(" of {params}") };
    let place = fold.map_or(" to all rows".to_owned(), |fold| format!(" on fold {fold}"));
    let in_round = round.map_or(String::new(), |round| format!(" in round {round}"));
    match all {
        Some(fits) => format!("all {fits} fits{in_round} failed; the first,{of}{place}"),
        None => format!("the fit{of}{place}{in_round} failed"),
    }
}

/// A result with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A setting outside its range.
    pub fn param(name: &'static str, got: impl ToString, want: impl Into<String>) -> Self {
        Error::Param { name, got: got.to_string(), want: want.into() }
    }

    /// Two things that do not agree in shape or length.
    pub fn shape(what: impl Into<String>, want: impl ToString, got: impl ToString) -> Self {
        Error::Shape { what: what.into(), want: want.to_string(), got: got.to_string() }
    }

    /// Something empty that must not be.
    pub fn empty(what: impl Into<String>, least: impl Into<String>) -> Self {
        Error::Empty { what: what.into(), least: least.into() }
    }

    /// A quantity without a meaning for these data.
    pub fn undefined(what: impl Into<String>, why: impl Into<String>) -> Self {
        Error::Undefined { what: what.into(), why: why.into() }
    }

    /// A failed file operation.
    pub fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Error::Io { path: path.into(), source }
    }

    /// A malformed file.
    pub fn format(
        format: &'static str,
        path: impl Into<PathBuf>,
        message: impl Into<String>,
    ) -> Self {
        Error::Format { format, path: path.into(), message: message.into() }
    }
}

/// Checks that a setting is finite and above zero.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(Error::param(name, value, "finite and > 0"))
    }
}

/// Checks that a setting is finite and not below zero.
pub(crate) fn non_negative(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(Error::param(name, value, "finite and >= 0"))
    }
}

/// Checks that a setting is in `[0, 1)`.
pub(crate) fn fraction(name: &'static str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) { Ok(()) } else { Err(Error::param(name, value, "in [0, 1)")) }
}
