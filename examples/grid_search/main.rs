//! The best settings of a perceptron by grid search: 72 candidates on 3 folds, 216 fits.

mod grid;
mod output;
mod progress;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use blastrain::prelude::*;
use blastrain::search::Params;
use clap::Parser;
use grid::{Data, Values, grid_search, perceptron};
use output::Output;
use progress::ProgressLine;
use serde::Serialize;
use serde_json::json;

/// Searches sizes, activation, solver, penalty and learning rate of a perceptron.
#[derive(Parser)]
struct Options {
    /// The data.
    dataset: Data,
    /// Fit the scaler inside each fold, instead of to all rows before the split.
    #[arg(long)]
    pipeline: bool,
    /// Compute in f32 instead of f64.
    #[arg(long)]
    f32: bool,
    /// Threads; all that there are unless told otherwise. The scores do not depend on it.
    #[arg(long)]
    threads: Option<usize>,
    /// Append every finished fit to this file, and skip the fits that it holds already.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
    /// Print every candidate's mean score as JSON.
    #[arg(long)]
    scores: bool,
    /// Do not tell how far the search is.
    #[arg(long)]
    quiet: bool,
}

/// What the search found, for programs.
#[derive(Serialize)]
struct LastLine<'r> {
    dataset: &'static str,
    fits: usize,
    /// Of the search with the last fit, of the best candidate to all training rows.
    seconds: f64,
    best_score: f64,
    best_params: &'r Params,
    test_score: f64,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if options.f32 { run::<f32>(&options) } else { run::<f64>(&options) }
}

fn run<F: Scalar>(options: &Options) -> Result<()> {
    options.output.check()?;
    let (train, test) = options.dataset.split::<F>(options.pipeline)?;
    let mut search = grid_search(perceptron(options.pipeline), Values::tutorial())
        .learning_curves(options.output.needs_curves())
        .parallelism(options.threads.map_or(Parallelism::Auto, Parallelism::Threads));
    if let Some(journal) = &options.journal {
        search = search.journal(journal);
    }
    let progress = Arc::new(ProgressLine::new());
    if !options.quiet {
        let heard = Arc::clone(&progress);
        search = search.progress(move |progress| heard.hear(progress));
    }
    let start = Instant::now();
    let found = search.fit(&train)?;
    let seconds = start.elapsed().as_secs_f64();

    let results = found.results();
    let fits: usize = results.candidates().iter().map(|candidate| candidate.folds.len()).sum();
    if options.journal.is_some() && !options.quiet {
        eprintln!("{} of {fits} fits ran now, the journal had the others", progress.fits());
    }
    options.output.write(results)?;
    println!("{results}");
    if options.scores {
        println!("{}", json!(results.means("accuracy")?));
    }
    let last = LastLine {
        dataset: options.dataset.name(),
        fits,
        seconds: (seconds * 1e3).round() / 1e3,
        best_score: found.best_score(),
        best_params: found.best_params(),
        test_score: found.score(&test)?,
    };
    println!("{}", serde_json::to_string(&last).unwrap_or_default());
    Ok(())
}
