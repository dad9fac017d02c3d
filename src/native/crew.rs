//! Threads that work on the phases of a step together.

use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// Who executes the tasks of a phase. It changes the time, never the result.
#[derive(Clone, Copy)]
pub(crate) enum Crew<'a> {
    /// The calling thread.
    Alone,
    /// Whoever of the current rayon pool has time.
    Join,
    /// Threads that wait for nothing else.
    Team(&'a Team),
}

impl std::fmt::Debug for Crew<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Crew::Alone => "Alone",
            Crew::Join => "Join",
            Crew::Team(_) => "Team",
        })
    }
}

impl Crew<'_> {
    /// Calls `work` once for each task from 0 to `count`; returns when all have ended.
    #[inline]
    pub(crate) fn for_each(self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        match self {
            _ if count == 1 => work(0),
            Crew::Alone => (0..count).for_each(work),
            Crew::Join => halves(0, count, work),
            Crew::Team(team) => {
                for first in (0..count).step_by(MOST_TASKS) {
                    team.run(MOST_TASKS.min(count - first), &|task| work(first + task));
                }
            }
        }
    }
}

fn halves(first: usize, end: usize, work: &(dyn Fn(usize) + Sync)) {
    match end - first {
        0 => {}
        1 => work(first),
        count => {
            let middle = first + count / 2;
            rayon::join(|| halves(first, middle, work), || halves(middle, end, work));
        }
    }
}

/// Tasks of a phase, each a bit of its ticket.
const MOST_TASKS: usize = 32;

type Work<'w> = dyn Fn(usize) + Sync + 'w;

/// Helpers that spin between the phases of a fit: a phase of a small network is over before a
/// sleeping thread wakes.
///
/// The caller works too, so that a phase ends even if no helper ever comes.
pub(crate) struct Team {
    owner: ThreadId,
    /// The number of the phase, and a bit for each of its tasks that nobody has claimed yet.
    ticket: Padded<AtomicU64>,
    /// For each thread of the pool the tasks that are its own, so that it finds in its caches what it had there
    /// in the steps before.
    own: Vec<u32>,
    /// Tasks of the phase that have ended.
    done: Padded<AtomicUsize>,
    /// The phase's work; written by the owner between phases, read by who claimed a task.
    work: UnsafeCell<*const Work<'static>>,
    panicked: AtomicBool,
    over: AtomicBool,
}

/// Keeps counters on cache lines of their own.
#[repr(align(128))]
struct Padded<T>(T);

// SAFETY: `work` is the only part that is not `Sync` by itself. The owner alone writes it, in `run`,
// when every task of the phase before has ended; others read it only between claiming a task and
// ending it. The claim reads the ticket that was released after the write.
unsafe impl Sync for Team {}
// SAFETY: the pointer is not tied to a thread; see above for its use.
unsafe impl Send for Team {}

impl Team {
    fn new(threads: usize) -> Self {
        fn nothing(_: usize) {}
        Self {
            owner: thread::current().id(),
            ticket: Padded(AtomicU64::new(0)),
            own: (0..threads).map(|thread| own_tasks(thread, threads)).collect(),
            done: Padded(AtomicUsize::new(0)),
            work: UnsafeCell::new(&nothing as &Work<'static>),
            panicked: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// One phase. Called by the owner only, not from inside a task.
    fn run(&self, count: usize, work: &Work<'_>) {
        assert_eq!(thread::current().id(), self.owner, "a team works for one thread");
        let work: *const Work<'_> = work;
        // SAFETY: only the lifetime changes. No task runs now, and this function does not return, nor
        // unwind, before all tasks of this phase have ended, so nobody calls the work after that.
        unsafe {
            *self.work.get() = std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work);
        }
        self.done.0.store(0, Ordering::Relaxed);
        let phase = (self.ticket.0.load(Ordering::Relaxed) >> MOST_TASKS) + 1;
        let tasks = u64::MAX >> (u64::BITS as usize - count);
        self.ticket.0.store(phase << MOST_TASKS | tasks, Ordering::Release);
        let mut panic = None;
        let own = self.own_of_this_thread();
        while let Some(task) = self.claim(own) {
            panic = self.perform(task).err().or(panic);
        }
        let mut patience = Patience::default();
        while self.done.0.load(Ordering::Acquire) < count {
            patience.wait();
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
        assert!(!self.panicked.load(Ordering::Relaxed), "a worker of the training step panicked");
    }

    fn own_of_this_thread(&self) -> u32 {
        let thread = rayon::current_thread_index();
        thread.and_then(|thread| self.own.get(thread).copied()).unwrap_or(u32::MAX)
    }

    /// Takes a task of the current phase, if one is left: one of `own` if there is any.
    #[inline]
    fn claim(&self, own: u32) -> Option<usize> {
        let mut ticket = self.ticket.0.load(Ordering::Acquire);
        loop {
            let left = ticket as u32;
            if left == 0 {
                return None;
            }
            let mine = left & own;
            let task = if mine == 0 { left } else { mine }.trailing_zeros() as usize;
            let next = self.ticket.0.compare_exchange_weak(
                ticket,
                ticket & !(1 << task),
                Ordering::Acquire,
                Ordering::Acquire,
            );
            match next {
                Ok(_) => return Some(task),
                Err(now) => ticket = now,
            }
        }
    }

    fn perform(&self, task: usize) -> thread::Result<()> {
        // SAFETY: the task has been claimed and has not ended, so the owner waits in `run`: the work
        // is alive and nobody writes the pointer.
        let work = unsafe { &**self.work.get() };
        let result = catch_unwind(AssertUnwindSafe(|| work(task)));
        if result.is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
        self.done.0.fetch_add(1, Ordering::Release);
        result
    }

    /// Works until the owner is done with the team.
    fn help(&self) {
        if thread::current().id() == self.owner {
            return;
        }
        super::gemm::reserve();
        let own = self.own_of_this_thread();
        let mut patience = Patience::default();
        while !self.over.load(Ordering::Acquire) {
            match self.claim(own) {
                Some(task) => {
                    // The owner hears of a panic by the flag.
                    let _ = self.perform(task);
                    patience = Patience::default();
                }
                None => patience.wait(),
            }
        }
    }
}

/// Every so manieth task, beginning with the thread's number.
fn own_tasks(thread: usize, threads: usize) -> u32 {
    (0..MOST_TASKS).filter(|task| task % threads == thread).map(|task| 1 << task).sum()
}

/// Spins at first, then lets others run, then sleeps.
#[derive(Default)]
struct Patience(u32);

impl Patience {
    /// Rounds of spinning: some 50 µs.
    const SPINS: u32 = 2_000;
    /// Rounds of giving way: some milliseconds.
    const YIELDS: u32 = 6_000;

    fn wait(&mut self) {
        self.0 = self.0.saturating_add(1);
        if self.0 < Self::SPINS {
            spin_loop();
        } else if self.0 < Self::YIELDS {
            // Whatever else the pool has to do goes first.
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                thread::yield_now();
            }
        } else {
            thread::sleep(Duration::from_micros(50));
            let _ = rayon::yield_now();
        }
    }
}

/// Calls `work` with a team of all threads of the current rayon pool. To be called inside the pool.
pub(crate) fn with_team<R>(work: impl FnOnce(Crew<'_>) -> R) -> R {
    struct Over<'a>(&'a Team);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.over.store(true, Ordering::Release);
        }
    }
    let team = Team::new(rayon::current_num_threads());
    super::gemm::reserve();
    rayon::in_place_scope(|scope| {
        // A broadcast reaches each thread by itself: the owner cannot pick up a helper's part while
        // it waits for something else, and so wait for itself.
        scope.spawn_broadcast(|_, _| team.help());
        let _over = Over(&team);
        work(Crew::Team(&team))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn each_once(crew: Crew<'_>) {
        for count in [0, 1, 2, 7, 100, MOST_TASKS + 3] {
            let seen: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            crew.for_each(count, &|task| {
                seen[task].fetch_add(1, Ordering::Relaxed);
            });
            assert!(seen.iter().all(|seen| seen.load(Ordering::Relaxed) == 1), "{crew:?} {count}");
        }
    }

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_task_is_done_once() {
        each_once(Crew::Alone);
        for threads in [1, 2, 4] {
            pool(threads).install(|| {
                each_once(Crew::Join);
                with_team(|crew| (0..50).for_each(|_| each_once(crew)));
            });
        }
    }

    #[test]
    fn a_helper_takes_part() {
        pool(2).install(|| {
            with_team(|crew| {
                let waiting = AtomicUsize::new(0);
                // Each task waits for the other, so one thread alone would never end.
                crew.for_each(2, &|_| {
                    waiting.fetch_add(1, Ordering::SeqCst);
                    while waiting.load(Ordering::SeqCst) < 2 {
                        thread::yield_now();
                    }
                });
            });
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_usable() {
        let pool = pool(2);
        for bad in [0, 1, 5] {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.install(|| {
                    with_team(|crew| crew.for_each(6, &|task| assert_ne!(task, bad, "on purpose")));
                });
            }));
            assert!(caught.is_err());
        }
        pool.install(|| with_team(each_once));
    }

    #[test]
    fn rayon_goes_on_while_a_team_waits() {
        pool(3).install(|| {
            with_team(|crew| {
                each_once(crew);
                assert_eq!(rayon::broadcast(|_| ()).len(), 3);
                assert_eq!(rayon::join(|| 1, || 2), (1, 2));
                each_once(crew);
            });
        });
    }
}
