//! Independent jobs on the threads that there are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::parallelism::Workers;

/// Runs `work` for each job, begun in the order given, and returns the results in that order.
///
/// A thread that has finished a job takes the next, so that a long one holds up nobody else.
pub(super) fn run_all<J: Sync, R: Send>(
    workers: &Workers,
    jobs: &[J],
    work: impl Fn(&J) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let threads = workers.threads().min(jobs.len());
    workers.run(|crew| {
        crew.for_each(threads, &|_| {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(i) else { break };
                let result = work(job);
                *results[i].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        });
    });
    results
        .into_iter()
        .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallelism::Parallelism;

    #[test]
    fn results_keep_the_order_of_the_jobs() {
        for threads in [1, 2, 5] {
            let workers = Workers::new(Parallelism::Threads(threads)).unwrap();
            let jobs: Vec<usize> = (0..100).collect();
            let squares = run_all(&workers, &jobs, |&job| job * job);
            assert_eq!(squares, jobs.iter().map(|job| job * job).collect::<Vec<_>>());
        }
        let workers = Workers::new(Parallelism::Auto).unwrap();
        assert!(run_all(&workers, &[] as &[usize], |&job| job).is_empty());
    }
}
