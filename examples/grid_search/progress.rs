//! How far the search is, on stderr: one line that is written over on a terminal, else one now and then.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use blastrain::search::Progress;

pub struct ProgressLine {
    terminal: bool,
    /// When the last line was written.
    shown: Mutex<Instant>,
    fits: AtomicUsize,
}

impl ProgressLine {
    pub fn new() -> Self {
        let terminal = stderr().is_terminal();
        Self { terminal, shown: Mutex::new(Instant::now()), fits: AtomicUsize::new(0) }
    }

    /// Fits heard of: those that ran now, and not those that a journal had.
    pub fn fits(&self) -> usize {
        self.fits.load(Ordering::Relaxed)
    }

    pub fn hear(&self, progress: &Progress<'_>) {
        self.fits.fetch_add(1, Ordering::Relaxed);
        let pause = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(5) };
        let last = progress.done == progress.fits;
        let Ok(mut shown) = self.shown.lock() else { return };
        if shown.elapsed() < pause && !last {
            return;
        }
        *shown = Instant::now();
        // What cannot be shown is no reason to end a search.
        let _ = match (self.terminal, last) {
            (true, false) => write!(stderr(), "\r{}\x1b[K", line(progress)),
            (true, true) => writeln!(stderr(), "\r{}\x1b[K", line(progress)),
            (false, _) => writeln!(stderr(), "{}", line(progress)),
        };
    }
}

fn line(progress: &Progress<'_>) -> String {
    let best = progress.best_score.map_or("none".to_owned(), |best| format!("{best:.4}"));
    format!(
        "{} of {} fits, {} gone, {} left, best score so far {best}",
        progress.done,
        progress.fits,
        clock(progress.seconds),
        clock(progress.seconds_left),
    )
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
