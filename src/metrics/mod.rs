//! Metrics.
mod metric;
pub use metric::Metric;
