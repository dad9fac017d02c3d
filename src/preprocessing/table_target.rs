//! The target column of a CSV table, read the same way from every file.

use serde::{Deserialize, Serialize};

use super::LabelEncoder;
use super::categories::listed;
use crate::data::{Column, CsvTable, TargetStorage, Task, known_column};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The target column and what its values mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TableTarget {
    pub(super) name: String,
    values: TargetValues,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum TargetValues {
    /// Values to estimate.
    Numbers,
    /// Classes named by texts.
    Texts(LabelEncoder<String>),
    /// Classes named by numbers, ascending.
    NumberedClasses(Vec<f64>),
}

impl CsvTable {
    /// The name of the target column that the reader was told.
    ///
    /// # Errors
    /// [`Error::Param`] if it was told none.
    pub(crate) fn check_target(&self) -> Result<&str> {
        self.options.target.as_deref().ok_or_else(|| {
            let want = format!("the name of a column: {}", self.names.join(", "));
            Error::param("target", "none", want)
        })
    }
}

impl TableTarget {
    /// The target that the table's reader was told, if any; its classes are those found.
    pub(super) fn fit(table: &CsvTable) -> Result<Option<Self>> {
        let Some(name) = table.options.target.clone() else {
            return Ok(None);
        };
        let column = &table.columns[known_column(table.names.iter(), &name)?];
        let values = match (column, table.options.task) {
            (Column::Numeric(_), Task::ByType | Task::Regression) => TargetValues::Numbers,
            (Column::Numeric(_), Task::Classification) => {
                let mut classes = class_numbers(table, &name)?;
                classes.sort_unstable_by(f64::total_cmp);
                classes.dedup();
                TargetValues::NumberedClasses(classes)
            }
            (Column::Text { .. }, Task::ByType | Task::Classification) => {
                TargetValues::Texts(LabelEncoder::fit(present_texts(table, &name)?)?)
            }
            (Column::Text { .. }, Task::Regression) => {
                return Err(table.error(format!("column \"{name}\" was declared to be text")));
            }
        };
        Ok(Some(Self { name, values }))
    }

    pub(super) fn class_names(&self) -> Option<Vec<String>> {
        match &self.values {
            TargetValues::Numbers => None,
            TargetValues::Texts(encoder) => Some(encoder.classes().to_vec()),
            TargetValues::NumberedClasses(classes) => {
                Some(classes.iter().map(f64::to_string).collect())
            }
        }
    }

    /// The targets of a table's rows.
    pub(super) fn read<F: Scalar>(&self, table: &CsvTable) -> Result<TargetStorage<'static, F>> {
        let name = &self.name;
        let unknown = |row: usize, got: &str, known: String| {
            let message = format!("the class {got:?} was not there when fitting; known: {known}");
            table.at(row, name, &message)
        };
        match &self.values {
            TargetValues::Numbers => {
                let values = present_numbers(table, name)?.iter().map(|&value| F::from_f64(value));
                let column = ndarray::Array1::from_iter(values).insert_axis(ndarray::Axis(1));
                Ok(TargetStorage::Values(column.into_shared()))
            }
            TargetValues::Texts(encoder) => {
                let code = |(row, text): (usize, &String)| {
                    let code = encoder.classes().binary_search(text);
                    code.map_err(|_| unknown(row, text, listed(encoder.classes())))
                };
                let texts = present_texts(table, name)?.iter().enumerate();
                Ok(texts.map(code).collect::<Result<Vec<usize>>>()?.into())
            }
            TargetValues::NumberedClasses(classes) => {
                let code = |(row, number): (usize, f64)| {
                    let code = classes.binary_search_by(|class| class.total_cmp(&number));
                    code.map_err(|_| unknown(row, &number.to_string(), listed(classes)))
                };
                let numbers = class_numbers(table, name)?.into_iter().enumerate();
                Ok(numbers.map(code).collect::<Result<Vec<usize>>>()?.into())
            }
        }
    }
}

fn present_numbers<'t>(table: &'t CsvTable, name: &str) -> Result<&'t [f64]> {
    let values = table.numeric(name)?;
    match values.iter().position(|value| value.is_nan()) {
        Some(row) => Err(table.missing(row, name)),
        None => Ok(values),
    }
}

fn present_texts<'t>(table: &'t CsvTable, name: &str) -> Result<&'t [String]> {
    let texts = table.text(name)?;
    match texts.iter().position(String::is_empty) {
        Some(row) => Err(table.missing(row, name)),
        None => Ok(texts),
    }
}

/// Numbers as classes: adding 0 makes one class of 0 and -0.
fn class_numbers(table: &CsvTable, name: &str) -> Result<Vec<f64>> {
    Ok(present_numbers(table, name)?.iter().map(|value| value + 0.0).collect())
}
