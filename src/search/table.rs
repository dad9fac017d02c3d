//! The results of a search as a table for people.

use std::fmt;

use super::SearchResults;

/// Rows of the table; all are in the files.
const ROWS: usize = 20;

/// The best twenty candidates as a table, ranked by the metric that the best is chosen by, which is its first
/// column. The best candidate has an asterisk; numbers are rounded.
impl fmt::Display for SearchResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deciding = self.deciding_metric();
        let (Ok(ranks), Ok(best)) = (self.ranks(deciding), self.best_index(deciding)) else {
            return Ok(());
        };
        let candidates = self.candidates();
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        // Of successive halving the best need not be the first: a round before may have scored higher.
        order.sort_by_key(|&i| (i != best, ranks[i]));
        let columns = self.columns();
        let halving = candidates.iter().any(|candidate| candidate.iter.is_some());
        write!(f, "  rank")?;
        for (name, _) in &columns {
            write!(f, "  {name:>12}       ±")?;
        }
        let of_halving = if halving { "iter  resources  " } else { "" };
        writeln!(f, "   fit s  {of_halving}settings")?;
        for i in order.into_iter().take(ROWS) {
            let candidate = &candidates[i];
            write!(f, "{} {:>4}", if i == best { "*" } else { " " }, ranks[i])?;
            for (name, metric) in &columns {
                let (mean, deviation) = candidate.summary(*metric, false);
                let (mean, deviation) = (short(mean), short(deviation));
                write!(f, "  {mean:>width$}  {deviation}", width = name.len().max(12))?;
            }
            let seconds: f64 = candidate.folds.iter().map(|fold| fold.fit_seconds).sum();
            write!(f, "  {seconds:>6.2}  ")?;
            if let (Some(iter), Some(resources)) = (candidate.iter, candidate.n_resources) {
                write!(f, "{iter:>4}  {resources:>9}  ")?;
            }
            // A line stays a line, whatever a name or a text has in it.
            writeln!(f, "{}", candidate.params.brief().replace('\n', "\\n"))?;
        }
        self.write_footer(f)
    }
}

/// Four decimals, or with an exponent where there would be many digits before them.
fn short(value: f64) -> String {
    match value.abs() < 1e6 || !value.is_finite() {
        true => format!("{value:.4}"),
        false => format!("{value:.4e}"),
    }
}

impl SearchResults {
    /// Names and positions of the metrics, the deciding one first.
    fn columns(&self) -> Vec<(&str, usize)> {
        let mut columns: Vec<(&str, usize)> =
            self.metrics().enumerate().map(|(position, name)| (name, position)).collect();
        columns.sort_by_key(|&(name, _)| name != self.deciding_metric());
        columns
    }

    /// What the asterisk means, how much is left out, and what failed.
    fn write_footer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (deciding, count) = (self.deciding_metric(), self.candidates().len());
        let way = match self.higher_is_better(deciding) {
            Ok(false) => "lower",
            _ => "higher",
        };
        writeln!(f, "* the best, by {deciding} ({way} is better)")?;
        if count > ROWS {
            writeln!(f, "{ROWS} of {count} candidates")?;
        }
        let fits = self.candidates().iter().flat_map(|candidate| {
            candidate.folds.iter().enumerate().map(move |fit| (candidate, fit))
        });
        let total = fits.clone().count();
        let mut failed = fits
            .filter_map(|(candidate, (fold, fit))| Some((candidate, fold, fit.error.as_ref()?)));
        if let Some((candidate, fold, error)) = failed.next() {
            let params = candidate.params.brief();
            let of = if params.is_empty() { params } else { format!(" of {params}") };
            let failures = 1 + failed.count();
            writeln!(
                f,
                "{failures} of {total} fits failed; the first,{of} on fold {fold}: {error}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_short() {
        let shown = [0.95833, -1.5e168, f64::INFINITY, f64::NAN].map(short);
        assert_eq!(shown, ["0.9583", "-1.5000e168", "inf", "NaN"]);
    }
}
