//! Labels of any kind as class indices.

use std::borrow::Borrow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::categories::{listed, sorted_distinct};
use crate::error::{Error, Result};

/// Turns labels (strings, integers, booleans, anything ordered) into class indices and back.
///
/// Classes are the distinct labels in ascending order, as scikit-learn's.
///
/// ```
/// use blastrain::preprocessing::LabelEncoder;
///
/// let encoder = LabelEncoder::fit(&["pear", "apple", "pear"])?;
/// assert_eq!(encoder.classes(), ["apple", "pear"]);
/// assert_eq!(encoder.transform(&["apple", "pear"])?, [0, 1]);
/// assert_eq!(encoder.inverse_transform(&[1, 0])?, ["pear", "apple"]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>", into = "Vec<T>")]
#[serde(bound(
    serialize = "T: Ord + Clone + Serialize",
    deserialize = "T: Ord + Clone + Deserialize<'de>"
))]
pub struct LabelEncoder<T> {
    classes: Vec<T>,
}

impl<T: Ord + Clone> LabelEncoder<T> {
    /// Finds the classes.
    ///
    /// # Errors
    /// [`Error::Empty`] for no labels.
    pub fn fit(labels: &[T]) -> Result<Self> {
        if labels.is_empty() {
            return Err(Error::empty("the list of labels", "1 label"));
        }
        Ok(Self { classes: sorted_distinct(labels.iter()) })
    }

    /// [`LabelEncoder::fit`] and [`LabelEncoder::transform`] in one.
    ///
    /// # Errors
    /// As in [`LabelEncoder::fit`].
    pub fn fit_transform(labels: &[T]) -> Result<(Self, Vec<usize>)> {
        let encoder = Self::fit(labels)?;
        // Every label is among the classes, and at the place where the smaller ones end.
        let index = |label: &T| encoder.classes.partition_point(|class| class < label);
        let indices = labels.iter().map(index).collect();
        Ok((encoder, indices))
    }

    /// The labels, ascending; a class index is a position here.
    pub fn classes(&self) -> &[T] {
        &self.classes
    }

    /// The names of the classes, for reports and data sets.
    pub fn class_names(&self) -> Vec<String>
    where
        T: Display,
    {
        self.classes.iter().map(ToString::to_string).collect()
    }

    /// The class index of each label. Takes what `T` can be borrowed as: `&str` for `String`.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a label that was not fitted on, with those that were.
    pub fn transform<'l, Q>(&self, labels: impl IntoIterator<Item = &'l Q>) -> Result<Vec<usize>>
    where
        T: Borrow<Q> + Display,
        Q: Ord + Display + ?Sized + 'l,
    {
        labels.into_iter().map(|label| self.index(label)).collect()
    }

    fn index<Q>(&self, label: &Q) -> Result<usize>
    where
        T: Borrow<Q> + Display,
        Q: Ord + Display + ?Sized,
    {
        self.classes.binary_search_by(|class| class.borrow().cmp(label)).map_err(|_| {
            Error::UnknownName {
                what: "label",
                got: label.to_string(),
                known: listed(&self.classes),
            }
        })
    }

    /// The label of each class index.
    ///
    /// # Errors
    /// [`Error::ClassIndex`] for an index that has no class.
    pub fn inverse_transform(&self, indices: &[usize]) -> Result<Vec<T>> {
        let classes = self.classes.len();
        let label = |(row, &class): (usize, &usize)| {
            let label = self.classes.get(class).cloned();
            label.ok_or(Error::ClassIndex { class, row, classes })
        };
        indices.iter().enumerate().map(label).collect()
    }
}

impl<T: Ord> TryFrom<Vec<T>> for LabelEncoder<T> {
    type Error = Error;

    /// From the classes themselves.
    ///
    /// # Errors
    /// [`Error::Param`] unless they ascend; [`Error::Empty`] for none.
    fn try_from(classes: Vec<T>) -> Result<Self> {
        if classes.is_empty() {
            return Err(Error::empty("the list of classes", "1 class"));
        }
        match classes.windows(2).position(|pair| pair[0] >= pair[1]) {
            None => Ok(Self { classes }),
            Some(index) => {
                let got = format!("not above the one before at position {}", index + 1);
                Err(Error::param("class", got, "in ascending order, each once"))
            }
        }
    }
}

impl<T> From<LabelEncoder<T>> for Vec<T> {
    fn from(encoder: LabelEncoder<T>) -> Self {
        encoder.classes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_integers_booleans_and_borrowed_strings() {
        let (encoder, indices) = LabelEncoder::fit_transform(&[7, -1, 7]).unwrap();
        assert_eq!((encoder.classes(), indices), ([-1, 7].as_slice(), vec![1, 0, 1]));
        let flags = LabelEncoder::fit(&[true, false]).unwrap();
        assert_eq!(flags.transform(&[true]).unwrap(), [1]);
        let names = LabelEncoder::fit(&["b".to_string(), "a".to_string()]).unwrap();
        assert_eq!(names.transform(["a", "b"]).unwrap(), [0, 1]);
        assert_eq!(names.class_names(), ["a", "b"]);
    }

    #[test]
    fn unknown_labels_and_indices_are_named() {
        let encoder = LabelEncoder::fit(&["b", "a"]).unwrap();
        let message = encoder.transform(&["a", "c"]).unwrap_err().to_string();
        assert_eq!(message, "unknown label \"c\"; known: a, b");
        assert!(matches!(
            encoder.inverse_transform(&[0, 2]),
            Err(Error::ClassIndex { class: 2, row: 1, classes: 2 })
        ));
        assert!(matches!(LabelEncoder::<u8>::fit(&[]), Err(Error::Empty { .. })));
        let many = LabelEncoder::fit(&(0..30).collect::<Vec<i32>>()).unwrap();
        assert!(many.transform(&[31]).unwrap_err().to_string().ends_with("19, and 10 more"));
    }

    #[test]
    fn survives_json_and_refuses_classes_out_of_order() {
        let encoder = LabelEncoder::fit(&["b".to_string(), "a".to_string()]).unwrap();
        let json = serde_json::to_string(&encoder).unwrap();
        assert_eq!(serde_json::from_str::<LabelEncoder<String>>(&json).unwrap(), encoder);
        assert!(serde_json::from_str::<LabelEncoder<String>>(r#"["b","a"]"#).is_err());
        assert!(serde_json::from_str::<LabelEncoder<String>>("[]").is_err());
    }
}
