//! Where the results go. That they can go there is found out before the search, not after it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use blastrain::prelude::*;
use blastrain::search::SearchResults;
use clap::Args;

#[derive(Args)]
pub struct Output {
    /// Write all candidates with their scores and times as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the scores by candidate, metric and fold, means, deviations, ranks and times as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the scores by parameter, a heat map and the learning curves of the best three into this folder;
    /// needs the example built with `--features plot`.
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

impl Output {
    /// Whether there are pictures that need the learning curves.
    pub fn needs_curves(&self) -> bool {
        self.plots.is_some()
    }

    /// Makes the folder for pictures, and tries whether files can be written.
    pub fn check(&self) -> Result<()> {
        if let Some(folder) = &self.plots {
            if !cfg!(feature = "plot") {
                let why = "build the example with --features plot".to_owned();
                return Err(Error::Unavailable { what: "--plots".to_owned(), why });
            }
            fs::create_dir_all(folder).map_err(|source| Error::io(folder, source))?;
            try_file(&folder.join("scores.svg"))?;
        }
        [&self.csv, &self.json].into_iter().flatten().try_for_each(|path| try_file(path))
    }

    pub fn write(&self, results: &SearchResults) -> Result<()> {
        if let Some(path) = &self.csv {
            results.write_csv(path)?;
        }
        if let Some(path) = &self.json {
            results.write_json(path)?;
        }
        match &self.plots {
            Some(folder) => draw(folder, results),
            None => Ok(()),
        }
    }
}

/// Tries whether a file can be put at a path, by one beside it: what is there stays as it is.
fn try_file(path: &Path) -> Result<()> {
    let try_it = || {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut beside = name.to_owned();
        beside.push(format!(".{}.try", std::process::id()));
        let beside = path.with_file_name(beside);
        File::create(&beside)?;
        fs::remove_file(beside)
    };
    try_it().map_err(|source| Error::io(path, source))
}

/// The pictures of a search.
#[cfg(feature = "plot")]
fn draw(folder: &Path, results: &SearchResults) -> Result<()> {
    use blastrain::plot;

    let file = |name: &str| folder.join(name);
    plot::search_scores(file("scores.svg"), results, "accuracy")?;
    let (x, y) = ("hidden_layer_sizes", "alpha");
    plot::search_heat_map(file("heat_map.svg"), results, x, y, "accuracy")?;
    plot::learning_curves(file("learning_curves.svg"), results, "accuracy", 3)?;
    eprintln!("pictures: {}", folder.display());
    Ok(())
}

/// Refused by [`Output::check`].
#[cfg(not(feature = "plot"))]
fn draw(_: &Path, _: &SearchResults) -> Result<()> {
    Ok(())
}
