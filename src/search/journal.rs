//! A file of finished fits, by which a search that was killed goes on where it was.
//!
//! The first line tells which search it is of, each further one holds a fit. A line is written at once, so
//! that what a killed process leaves is whole lines and at most one torn at the end, which is dropped.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::curves::Curves;
use super::fingerprint::Fingerprint;
use super::results::FoldResult;
use crate::error::{Error, Result};

/// The format's version: 2 since each candidate has a digest of its own.
const VERSION: u32 = 2;

/// A fit's rung, candidate and fold.
pub(super) type Place = (usize, usize, usize);

/// Finished fits.
pub(super) type Finished = BTreeMap<Place, FoldResult>;

/// A journal open for further fits.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: LockedFile,
    /// The first failure; nothing is written behind it.
    failure: Option<io::Error>,
}

/// A file that nobody else has locked.
#[derive(Debug)]
struct LockedFile(File);

impl Drop for LockedFile {
    /// Closing alone would not unlock it while a child process, started meanwhile, still has its copy.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// How many values of each kind a fit of this search has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) rungs: usize,
    pub(super) candidates: usize,
    pub(super) folds: usize,
    pub(super) test_scores: usize,
    pub(super) train_scores: usize,
}

#[derive(Serialize, Deserialize)]
struct Head {
    /// The format's version.
    blastrain_search_journal: u32,
    search: Fingerprint,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Not written where it is 0, as in a search of one rung.
    #[serde(default, skip_serializing_if = "is_first")]
    rung: usize,
    candidate: usize,
    fold: usize,
    test: Vec<Value>,
    train: Vec<Value>,
    fit_seconds: Value,
    score_seconds: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    curves: Option<BTreeMap<String, Vec<Value>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Journal {
    /// Opens or begins the journal of a search, and reads the fits that it holds.
    pub(super) fn open(
        path: &Path,
        search: Fingerprint,
        extent: Extent,
    ) -> Result<(Self, Finished)> {
        if path.as_os_str().is_empty() {
            return Err(Error::param("journal", "\"\"", "the path of a file"));
        }
        let failed = |source| told("opened", path, &source);
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let file = options.open(path).map_err(failed)?;
        // A device may have no end.
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Error::format("journal", path, "it is no regular file"));
        }
        file.try_lock().map_err(|error| match error {
            TryLockError::Error(source) => failed(source),
            TryLockError::WouldBlock => {
                let why = "the journal is in use by another search";
                Error::io(path, io::Error::new(io::ErrorKind::ResourceBusy, why))
            }
        })?;
        let mut file = LockedFile(file);
        let mut bytes = Vec::new();
        file.0.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let head = line(&Head { blastrain_search_journal: VERSION, search: search.clone() });
        let mut finished = Finished::new();
        if whole == 0 {
            // Nothing, or a first line that was torn: anything else is somebody else's file.
            if !head.starts_with(&bytes) {
                return Err(Error::format("journal", path, "it is no journal of a search"));
            }
        } else {
            finished = read(path, &bytes[..whole], &search, extent)?;
        }
        file.0.set_len(whole as u64).map_err(failed)?;
        file.0.seek(SeekFrom::End(0)).map_err(failed)?;
        if whole == 0 {
            file.0.write_all(&head).map_err(failed)?;
        }
        let state = Mutex::new(State { file, failure: None });
        Ok((Self { path: path.to_owned(), state }, finished))
    }

    /// Appends a fit. After a failure it does nothing but wait for [`Journal::close`] to tell of it.
    pub(super) fn append(&self, (rung, candidate, fold): Place, result: &FoldResult) {
        let line = line(&Line {
            rung,
            candidate,
            fold,
            test: all_to_json(&result.test),
            train: all_to_json(&result.train),
            fit_seconds: to_json(result.fit_seconds),
            score_seconds: to_json(result.score_seconds),
            curves: result.curves.as_ref().map(|curves| {
                curves.iter().map(|(name, curve)| (name.clone(), all_to_json(curve))).collect()
            }),
            error: result.error.clone(),
        });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failure.is_none() {
            state.failure = state.file.0.write_all(&line).err();
        }
    }

    /// Whether a fit could not be written: further ones are of no use.
    pub(super) fn has_failed(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failure.is_some()
    }

    /// Makes sure that everything has reached the disk.
    pub(super) fn close(self) -> Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let written = match state.failure {
            Some(failure) => Err(failure),
            None => state.file.0.sync_all(),
        };
        written.map_err(|source| told("written", &self.path, &source))
    }
}

/// An error that says which of a search's files it is about.
fn told(what: &str, path: &Path, source: &io::Error) -> Error {
    let told = format!("the journal cannot be {what}: {source}");
    Error::io(path, io::Error::new(source.kind(), told))
}

fn is_first(rung: &usize) -> bool {
    *rung == 0
}

/// A value as a line. What is written here can always be.
fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Reads whole lines.
fn read(path: &Path, bytes: &[u8], search: &Fingerprint, extent: Extent) -> Result<Finished> {
    let mut lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|&byte| byte == b'\n');
    let head = lines.next().and_then(|line| serde_json::from_slice::<Head>(line).ok());
    let Some(head) = head.filter(|head| head.blastrain_search_journal == VERSION) else {
        return Err(Error::format("journal", path, "it is no journal of a search"));
    };
    if let Some((differs, detail)) = head.search.difference(search) {
        return Err(Error::OtherSearch { path: path.to_owned(), differs, detail });
    }
    let mut finished = Finished::new();
    for (i, bytes) in lines.enumerate() {
        let wrong = |why: String| Error::format("journal", path, format!("line {}: {why}", i + 2));
        if bytes.is_empty() {
            continue;
        }
        let damaged = |_| wrong("it is damaged; without it, its fit is run again".into());
        let line: Line = serde_json::from_slice(bytes).map_err(damaged)?;
        let place = (line.rung, line.candidate, line.fold);
        let result = line.check(extent).ok_or_else(|| wrong("not a fit of this search".into()))?;
        finished.insert(place, result);
    }
    Ok(finished)
}

impl Line {
    /// The fit, if the search has such.
    fn check(self, extent: Extent) -> Option<FoldResult> {
        let known = self.rung < extent.rungs
            && self.candidate < extent.candidates
            && self.fold < extent.folds;
        // A fit that failed has no scores.
        let wanted = match self.error {
            None => (extent.test_scores, extent.train_scores),
            Some(_) => (0, 0),
        };
        (known && (self.test.len(), self.train.len()) == wanted).then_some(())?;
        let curves = self.curves.map(|curves| {
            let curve = |(name, values): (_, Vec<Value>)| Some((name, all_from_json(&values)?));
            curves.into_iter().map(curve).collect::<Option<Curves>>()
        });
        Some(FoldResult {
            test: all_from_json(&self.test)?,
            train: all_from_json(&self.train)?,
            curves: match curves {
                Some(curves) => Some(curves?),
                None => None,
            },
            fit_seconds: from_json(&self.fit_seconds)?,
            score_seconds: from_json(&self.score_seconds)?,
            error: self.error,
        })
    }
}

/// JSON has no NaN and no infinity: they are written as text.
fn to_json(number: f64) -> Value {
    match number.is_finite() {
        true => number.into(),
        false => number.to_string().into(),
    }
}

fn all_to_json(numbers: &[f64]) -> Vec<Value> {
    numbers.iter().map(|&number| to_json(number)).collect()
}

fn from_json(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn all_from_json(values: &[Value]) -> Option<Vec<f64>> {
    values.iter().map(from_json).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        std::fs::write(&path, "").unwrap();
        // A file open for reading refuses every write, as a full disk does.
        let state = State { file: LockedFile(File::open(&path).unwrap()), failure: None };
        let journal = Journal { path, state: Mutex::new(state) };
        assert!(!journal.has_failed());
        let result = FoldResult {
            test: vec![1.0],
            train: Vec::new(),
            fit_seconds: 0.5,
            score_seconds: 0.5,
            curves: None,
            error: None,
        };
        journal.append((0, 0, 0), &result);
        assert!(journal.has_failed());
        let told = journal.close().unwrap_err().to_string();
        assert!(told.contains("the journal cannot be written: "), "{told}");
    }

    #[test]
    fn a_child_process_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let lock = || {
            let file = File::create(&path).unwrap();
            file.try_lock().map(|()| LockedFile(file))
        };
        let first = lock().unwrap();
        // What a fork has until it starts its program.
        let inherited = first.0.try_clone().unwrap();
        assert!(lock().is_err());
        drop(first);
        assert!(lock().is_ok());
        drop(inherited);
    }

    #[test]
    fn numbers_come_back_to_the_bit() {
        for number in [0.1 + 0.2, -0.0, 1e-320, f64::MAX, f64::INFINITY, f64::NEG_INFINITY] {
            let text = to_json(number).to_string();
            let back = from_json(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(back.to_bits(), number.to_bits(), "{text}");
        }
        assert!(from_json(&to_json(f64::NAN)).unwrap().is_nan());
        assert_eq!(from_json(&Value::Null), None);
    }
}
