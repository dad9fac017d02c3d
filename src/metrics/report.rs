//! The classification report: all scores of all classes in one table.

use std::fmt;

use serde::Serialize;

use super::averaged::{Average, ClassScore, ZeroDivision, average_without_nan, scores_of};
use super::classification::accuracy;
use super::counts::Counts;
use super::labels::{Labels, Pair};
use super::weights::RowWeights;
use crate::error::{Error, Result};

/// One line of a [`ClassificationReport`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReportRow {
    /// The class name, or the name of the average.
    pub name: String,
    /// Of the rows predicted so, the share that are so.
    pub precision: f64,
    /// Of the rows that are so, the share predicted so.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// The weight of the rows that are so (their number without weights).
    pub support: f64,
}

/// Precision, recall, F₁ and support of every class, and their averages.
///
/// `Display` prints a table with two decimals; a precision in the format string gives more:
/// `format!("{report:.4}")`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClassificationReport {
    /// One row a class.
    pub classes: Vec<ReportRow>,
    /// The share of rows predicted right; for flags, of those with every flag right.
    pub accuracy: f64,
    /// All counts in one; for flags only, because for classes it is the accuracy.
    pub micro_average: Option<ReportRow>,
    /// The mean of the classes.
    pub macro_average: ReportRow,
    /// The mean of the classes, weighted by support.
    pub weighted_average: ReportRow,
    /// The mean of the rows, each by itself; for flags only.
    pub samples_average: Option<ReportRow>,
}

/// Settings of a [`ClassificationReport`].
///
/// ```
/// use blastrain::metrics::{ReportOptions, ZeroDivision};
///
/// let report = ReportOptions::new()
///     .class_names(["no", "yes", "perhaps"])
///     .zero_division(ZeroDivision::NaN)
///     .report(&[0, 1, 1], &[0, 1, 0], Some(&[1.0, 1.0, 2.0]))?;
/// assert_eq!(report.classes.len(), 3);
/// assert!(report.classes[2].recall.is_nan());
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReportOptions {
    class_names: Option<Vec<String>>,
    zero_division: ZeroDivision,
}

impl ReportOptions {
    /// Classes named by their index, divisions by zero 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the classes, absent ones included; without names, the classes that occur are listed.
    pub fn class_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.class_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets what a division by zero gives.
    pub fn zero_division(mut self, zero_division: ZeroDivision) -> Self {
        self.zero_division = zero_division;
        self
    }

    /// Makes the report.
    ///
    /// # Errors
    /// [`Error::ClassIndex`] for a class without a name; otherwise as in [`accuracy`].
    pub fn report<'t, 'p>(
        &self,
        targets: impl Into<Labels<'t>>,
        predictions: impl Into<Labels<'p>>,
        weights: Option<&[f64]>,
    ) -> Result<ClassificationReport> {
        let (targets, predictions) = (targets.into(), predictions.into());
        let pair = Pair::new(targets, predictions)?;
        let accuracy = accuracy(targets, predictions, weights)?;
        let weights = RowWeights::new(weights, pair.rows())?;
        let counts = Counts::by_class(pair, self.class_names.as_ref().map(Vec::len), weights)?;
        let scores = scores_of(&counts, 1.0, self.zero_division);
        let support = scores.iter().map(|score| score.support).sum();
        let average = |average: Average, scores: &[ClassScore], weight: &dyn Fn(usize) -> f64| {
            average_row(average, scores, weight, support)
        };
        let (mut micro_average, mut samples_average) = (None, None);
        if let Pair::Flags(..) = pair {
            let total = scores_of(&counts.total(), 1.0, self.zero_division);
            micro_average = Some(average(Average::Micro, &total, &|_| 1.0));
            let samples = scores_of(&Counts::by_row(pair)?, 1.0, self.zero_division);
            samples_average = Some(average(Average::Samples, &samples, &|row| weights.of(row)));
        }
        Ok(ClassificationReport {
            classes: scores.iter().map(|score| self.class_row(score)).collect(),
            accuracy,
            micro_average,
            macro_average: average(Average::Macro, &scores, &|_| 1.0),
            weighted_average: average(Average::Weighted, &scores, &|index| scores[index].support),
            samples_average,
        })
    }

    fn class_row(&self, score: &ClassScore) -> ReportRow {
        let given = self.class_names.as_ref().and_then(|names| names.get(score.class));
        ReportRow {
            name: given.cloned().unwrap_or_else(|| score.class.to_string()),
            precision: score.precision,
            recall: score.recall,
            f1: score.f_score,
            support: score.support,
        }
    }
}

fn average_row(
    average: Average,
    scores: &[ClassScore],
    weight: &dyn Fn(usize) -> f64,
    support: f64,
) -> ReportRow {
    let of = |pick: fn(&ClassScore) -> f64| {
        average_without_nan(scores.iter().enumerate().map(|(i, score)| (pick(score), weight(i))))
    };
    ReportRow {
        name: format!("{average:?} average").to_lowercase(),
        precision: of(|score| score.precision),
        recall: of(|score| score.recall),
        f1: of(|score| score.f_score),
        support,
    }
}

/// A [`ClassificationReport`] with class names, as [`Dataset::class_names`] gives them.
///
/// # Errors
/// As in [`ReportOptions::report`].
///
/// ```
/// use blastrain::metrics::classification_report;
///
/// let report = classification_report(&[0, 1, 1, 1], &[0, 1, 1, 0], None, None)?;
/// assert_eq!(report.accuracy, 0.75);
/// assert_eq!(report.classes[1].recall, 2.0 / 3.0);
/// println!("{report}");
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// [`Dataset::class_names`]: crate::data::Dataset::class_names
pub fn classification_report<'t, 'p>(
    targets: impl Into<Labels<'t>>,
    predictions: impl Into<Labels<'p>>,
    class_names: Option<&[String]>,
    weights: Option<&[f64]>,
) -> Result<ClassificationReport> {
    let mut options = ReportOptions::new();
    if let Some(names) = class_names {
        if names.is_empty() {
            return Err(Error::empty("the list of class names", "1 name"));
        }
        options = options.class_names(names.iter().cloned());
    }
    options.report(targets, predictions, weights)
}

impl fmt::Display for ClassificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let averages = [
            self.micro_average.as_ref(),
            Some(&self.macro_average),
            Some(&self.weighted_average),
            self.samples_average.as_ref(),
        ];
        let rows = || self.classes.iter().chain(averages.into_iter().flatten());
        let whole = rows().all(|row| row.support.fract() == 0.0);
        let support_digits = if whole { 0 } else { digits };
        let name_width = rows().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let width = rows()
            .map(|row| format!("{:.support_digits$}", row.support).len())
            .chain([digits + 2, "precision".len()])
            .max()
            .unwrap_or(0);
        let line = |f: &mut fmt::Formatter<'_>, row: &ReportRow| {
            write!(f, "{:>name_width$}", row.name)?;
            for score in [row.precision, row.recall, row.f1] {
                write!(f, "  {score:>width$.digits$}")?;
            }
            writeln!(f, "  {:>width$.support_digits$}", row.support)
        };
        write!(f, "{:>name_width$}", "")?;
        for heading in ["precision", "recall", "F1", "support"] {
            write!(f, "  {heading:>width$}")?;
        }
        f.write_str("\n\n")?;
        self.classes.iter().try_for_each(|row| line(f, row))?;
        let (blank, support) = ("", self.macro_average.support);
        write!(f, "\n{:>name_width$}  {blank:>width$}  {blank:>width$}", "accuracy")?;
        writeln!(f, "  {:>width$.digits$}  {support:>width$.support_digits$}", self.accuracy)?;
        averages.into_iter().flatten().try_for_each(|row| line(f, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn prints_a_table() {
        let names = ["setosa".to_string(), "versicolor".to_string()];
        let report = classification_report(&[0, 1, 1, 1], &[0, 1, 1, 0], Some(&names), None);
        let expected = "                  precision     recall         F1    support

          setosa       0.50       1.00       0.67          1
      versicolor       1.00       0.67       0.80          3

        accuracy                             0.75          4
   macro average       0.75       0.83       0.73          4
weighted average       0.88       0.75       0.77          4
";
        assert_eq!(report.unwrap().to_string(), expected);
    }

    #[test]
    fn weights_and_digits_show() {
        let weights = [0.5, 1.0, 1.0];
        let report = classification_report(&[0, 1, 1], &[0, 1, 1], None, Some(&weights)).unwrap();
        let table = format!("{report:.4}");
        assert!(table.contains("0     1.0000     1.0000     1.0000     0.5000\n"), "{table}");
        assert!(table.contains("2.5000"), "{table}");
    }

    #[test]
    fn flags_have_micro_and_samples_averages() {
        let targets = array![[true, false], [true, true]];
        let predictions = array![[true, true], [true, true]];
        let report = classification_report(&targets, &predictions, None, None).unwrap();
        assert_eq!(report.accuracy, 0.5);
        assert_eq!(report.micro_average.as_ref().unwrap().precision, 0.75);
        assert_eq!(report.samples_average.as_ref().unwrap().precision, 0.75);
        assert_eq!(report.to_string().lines().count(), 10);
    }

    #[test]
    fn names_must_cover_the_classes() {
        let names = ["one".to_string()];
        assert!(matches!(
            classification_report(&[0, 1], &[0, 0], Some(&names), None),
            Err(Error::ClassIndex { class: 1, row: 1, classes: 1 })
        ));
        assert!(classification_report(&[0, 1], &[0, 0], Some(&[]), None).is_err());
    }
}
