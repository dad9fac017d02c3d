//! Preprocessing that several candidates have in common: fitted once a fold, by the first that needs it.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use super::grid::Candidate;
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::estimator::{Estimator, Preprocessed};
use crate::scalar::Scalar;

/// A candidate's and a fold's number.
type Place = (usize, usize);

/// A fold's rows behind one preprocessing, or why it failed.
pub(super) struct Cell<'d, F: Scalar> {
    filled: OnceLock<Result<Preprocessed<'d, F>, Arc<Error>>>,
    /// Whether others wait meanwhile.
    concurrent: bool,
}

/// The cells of some fits that are still to run.
///
/// Each fit has a handle of its own, and gives it back when it is done: the last frees the rows. A fit that
/// shares its preprocessing with no other has none.
pub(super) struct SharedPreprocessing<'d, F: Scalar> {
    handles: HashMap<Place, Mutex<Option<Arc<Cell<'d, F>>>>>,
}

impl<'d, F: Scalar> SharedPreprocessing<'d, F> {
    /// Prepares cells for `jobs`, and moves together those that use a cell, for as many folds as there are
    /// threads: beginning with a cell each they need not wait, and at most two cells a thread are full at once.
    pub(super) fn prepare<E: Estimator<F>>(
        candidates: &[Candidate<E>],
        jobs: &mut [Place],
        threads: usize,
    ) -> Self {
        let keys: Vec<Option<Arc<str>>> = candidates
            .iter()
            .map(|candidate| candidate.estimator.preprocessing_key().map(Into::into))
            .collect();
        let mut sharing: HashMap<(&str, usize), Vec<Place>> = HashMap::new();
        for &(candidate, fold) in &*jobs {
            if let Some(key) = &keys[candidate] {
                sharing.entry((key, fold)).or_default().push((candidate, fold));
            }
        }
        let mut handles = HashMap::new();
        for places in sharing.into_values().filter(|places| places.len() > 1) {
            let cell = Arc::new(Cell { filled: OnceLock::new(), concurrent: threads > 1 });
            handles.extend(places.into_iter().map(|at| (at, Mutex::new(Some(cell.clone())))));
        }
        let mut first = HashMap::new();
        let mut ranked: Vec<(usize, Place)> = Vec::with_capacity(jobs.len());
        for (position, &place) in jobs.iter().enumerate() {
            let rank = match &keys[place.0] {
                Some(key) if handles.contains_key(&place) => {
                    *first.entry((&**key, place.1 / threads)).or_insert(position)
                }
                _ => position,
            };
            ranked.push((rank, place));
        }
        ranked.sort_by_key(|&(rank, _)| rank);
        jobs.iter_mut().zip(ranked).for_each(|(job, (_, place))| *job = place);
        Self { handles }
    }

    /// The handle of a fit, once.
    pub(super) fn take(&self, place: Place) -> Option<Arc<Cell<'d, F>>> {
        self.handles.get(&place)?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<'d, F: Scalar> Cell<'d, F> {
    /// The preprocessing, and the seconds in which this call fitted it: none if another call did.
    pub(super) fn get<E: Estimator<F>>(
        &self,
        estimator: &E,
        train: &Dataset<'d, F>,
    ) -> Result<(&Preprocessed<'d, F>, f64), Arc<Error>> {
        let mut seconds = 0.0;
        let filled = self.filled.get_or_init(|| {
            let start = Instant::now();
            let fit = || estimator.fit_preprocessing(train);
            let result = if self.concurrent { apart(fit) } else { fit() };
            seconds = start.elapsed().as_secs_f64();
            result.map_err(Arc::new)
        });
        filled.as_ref().map(|preprocessed| (preprocessed, seconds)).map_err(Arc::clone)
    }
}

/// Runs `work` in a pool of one thread.
///
/// While a rayon operation inside it waits, a thread of the search's pool would take up another of the search's
/// fits, which may wait for this very work.
fn apart<R: Send>(work: impl FnOnce() -> Result<R> + Send) -> Result<R> {
    let unavailable = |why: String| Error::Unavailable { what: "a thread".into(), why };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|error| unavailable(error.to_string()))?;
    thread::scope(|scope| {
        let waiting = thread::Builder::new()
            .spawn_scoped(scope, || pool.install(work))
            .map_err(|error| unavailable(error.to_string()))?;
        waiting.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
