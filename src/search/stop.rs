//! Who may stop a search.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::settings::SearchSettings;
use crate::estimator::FitContext;
use crate::parallelism::Parallelism;
use crate::scalar::Scalar;

/// The flag of a search's settings and that of the context in which it runs.
pub(super) struct StopFlags {
    own: Option<Arc<AtomicBool>>,
    context: Arc<AtomicBool>,
}

impl StopFlags {
    pub(super) fn new<F: Scalar>(
        settings: &SearchSettings<F>,
        context: &FitContext<'_, F>,
    ) -> Self {
        Self { own: settings.stop.clone(), context: context.stop.clone() }
    }

    pub(super) fn raised(&self) -> bool {
        let own = self.own.as_ref().is_some_and(|own| own.load(Ordering::Relaxed));
        own || self.context.load(Ordering::Relaxed)
    }

    /// The flag that ends a fit in its course: a fit knows of one only.
    pub(super) fn of_fits(&self) -> &Arc<AtomicBool> {
        self.own.as_ref().unwrap_or(&self.context)
    }
}

/// Runs `fit` in a context that has a search's threads and flag.
pub(super) fn with_settings<'c, F: Scalar, R>(
    settings: &SearchSettings<F>,
    stop: &StopFlags,
    context: &mut FitContext<'c, F>,
    fit: impl FnOnce(&mut FitContext<'c, F>) -> R,
) -> R {
    let (parallelism, flag) = (context.parallelism, context.stop.clone());
    context.parallelism = threads(settings, context);
    context.stop = stop.of_fits().clone();
    let result = fit(context);
    (context.parallelism, context.stop) = (parallelism, flag);
    result
}

/// The context's threads, or the search's own where it leaves them open.
pub(super) fn threads<F: Scalar>(
    settings: &SearchSettings<F>,
    context: &FitContext<'_, F>,
) -> Parallelism {
    match context.parallelism {
        Parallelism::Auto => settings.parallelism,
        told => told,
    }
}
