//! What a classifier's targets are.

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::metrics::flags_from;
use crate::scalar::Scalar;

/// The kind of a classifier's targets.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ClassTargets {
    /// One of `count` classes a row.
    Indices { count: usize, indices: Vec<usize> },
    /// Any of `count` >= 2 flags a row.
    Flags { count: usize },
}

impl ClassTargets {
    /// Class indices, a column of 0 and 1, or columns of 0 and 1, which are flags.
    pub(super) fn of<F: Scalar>(data: &Dataset<'_, F>) -> Result<Self> {
        if let (Some(count), Some(indices)) = (data.classes(), data.class_targets()) {
            return Ok(ClassTargets::Indices { count, indices });
        }
        let values = data.value_targets().unwrap_or_default();
        let flags = flags_from(&values).map_err(|error| match error {
            Error::Param { got, .. } => {
                Error::param("target", got, "class indices, or 0 or 1 for a classifier")
            }
            other => other,
        })?;
        Ok(match flags.ncols() {
            1 => {
                let indices = flags.iter().map(|&flag| usize::from(flag)).collect();
                ClassTargets::Indices { count: 2, indices }
            }
            count => ClassTargets::Flags { count },
        })
    }

    /// The number of classes, or of flags.
    pub(super) fn count(&self) -> usize {
        match *self {
            ClassTargets::Indices { count, .. } | ClassTargets::Flags { count } => count,
        }
    }

    pub(super) fn is_flags(&self) -> bool {
        matches!(self, ClassTargets::Flags { .. })
    }

    /// The class of each row, unless there are flags.
    pub(super) fn indices(&self) -> Option<&[usize]> {
        match self {
            ClassTargets::Indices { indices, .. } => Some(indices),
            ClassTargets::Flags { .. } => None,
        }
    }

    /// Checks that a model of `count` classes, or flags, can go on with these targets.
    pub(super) fn check_known(&self, count: usize, flags: bool) -> Result<()> {
        if self.is_flags() != flags {
            let name = |flags| if flags { "flags" } else { "class indices" };
            let want = format!("{}, as the model was fitted to", name(flags));
            return Err(Error::param("targets", name(self.is_flags()), want));
        }
        let Some(indices) = self.indices() else {
            let (want, got) = (format!("{count} columns of flags"), self.count());
            return if got == count { Ok(()) } else { Err(Error::shape("targets", want, got)) };
        };
        match indices.iter().position(|&class| class >= count) {
            None => Ok(()),
            Some(row) => Err(Error::ClassIndex { class: indices[row], row, classes: count }),
        }
    }
}
