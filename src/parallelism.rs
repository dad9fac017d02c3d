//! Who works on a fit or a prediction.

use crate::error::{Error, Result};
use crate::native::crew::{Crew, with_team};

/// How many threads share the work of one fit or prediction.
///
/// Results do not depend on it: it chooses only who executes the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Parallelism {
    /// The rayon pool that the caller is in, else rayon's global pool.
    #[default]
    Auto,
    /// The calling thread alone.
    Serial,
    /// A pool of its own with this many threads (1 to 1024).
    Threads(usize),
}

/// More threads than any machine has use for: a slip of the pen would take minutes to start.
const TOO_MANY: usize = 1025;

/// [`Parallelism`] made ready: holds the pool if there is one.
#[derive(Debug)]
pub(crate) enum Workers {
    Current,
    Caller,
    Pool(rayon::ThreadPool),
}

impl Workers {
    /// # Errors
    /// [`Error::Param`] for zero threads; [`Error::Unavailable`] if the system gives no threads.
    pub(crate) fn new(parallelism: Parallelism) -> Result<Self> {
        match parallelism {
            Parallelism::Auto => Ok(Workers::Current),
            Parallelism::Serial | Parallelism::Threads(1) => Ok(Workers::Caller),
            Parallelism::Threads(threads @ (0 | TOO_MANY..)) => {
                Err(Error::param("threads", threads, format!("1 to {}", TOO_MANY - 1)))
            }
            Parallelism::Threads(threads) => rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|i| format!("blastrain-{i}"))
                .build()
                .map(Workers::Pool)
                .map_err(|error| Error::Unavailable {
                    what: format!("a pool of {threads} threads"),
                    why: error.to_string(),
                }),
        }
    }

    /// The number of threads that work.
    pub(crate) fn threads(&self) -> usize {
        match self {
            Workers::Current => rayon::current_num_threads(),
            Workers::Caller => 1,
            Workers::Pool(pool) => pool.current_num_threads(),
        }
    }

    /// Runs `work` inside the pool and tells it who shares its phases: for a few phases.
    pub(crate) fn run<R: Send>(&self, work: impl FnOnce(Crew<'_>) -> R + Send) -> R {
        match self {
            Workers::Caller => work(Crew::Alone),
            Workers::Current if rayon::current_num_threads() == 1 => work(Crew::Alone),
            // A scope moves the caller into the pool once; joins from outside would do so each time.
            Workers::Current => rayon::scope(|_| work(Crew::Join)),
            Workers::Pool(pool) => pool.install(|| work(Crew::Join)),
        }
    }

    /// As [`Workers::run`], for many short phases: the pool's threads stay with the work until it
    /// ends. Inside somebody's pool they are left to what else it has to do.
    pub(crate) fn run_as_team<R: Send>(&self, work: impl FnOnce(Crew<'_>) -> R + Send) -> R {
        match self {
            Workers::Pool(pool) => pool.install(|| with_team(work)),
            Workers::Current
                if rayon::current_thread_index().is_none() && rayon::current_num_threads() > 1 =>
            {
                rayon::scope(|_| with_team(work))
            }
            _ => self.run(work),
        }
    }
}
