//! A network as a table.

use std::fmt;

use super::{Dims, Sequential};
use crate::scalar::Scalar;

/// Layers, output shapes and parameter counts of a network; `Display` prints the table.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Layer, output shape and parameters.
    rows: Vec<(String, String, usize)>,
    buffers: usize,
    bytes: usize,
}

impl Summary {
    pub(super) fn new<F: Scalar>(network: &Sequential<F>) -> Self {
        let shape = |dims: &Dims| format!("(rows, {dims})");
        let mut rows = vec![("input".to_owned(), shape(network.input_dims()), 0)];
        for (layer, spec) in network.layers().iter().zip(network.specs()) {
            let needs = layer.needs();
            let count = needs.params.iter().map(|tensor| tensor.len()).sum();
            rows.push((spec.describe(), shape(&needs.output), count));
        }
        let buffers = network.buffers().len();
        let bytes = (network.parameter_count() + buffers) * size_of::<F>();
        Self { rows, buffers, bytes }
    }

    /// The number of trained parameters.
    pub fn parameters(&self) -> usize {
        self.rows.iter().map(|row| row.2).sum()
    }
}

/// 101770 as "101,770".
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = |column: fn(&(String, String, usize)) -> usize, title: usize| {
            self.rows.iter().map(column).max().unwrap_or(0).max(title)
        };
        let layer = longest(|row| row.0.chars().count(), "layer".len());
        let output = longest(|row| row.1.chars().count(), "output".len());
        let count = grouped(self.parameters()).len().max("parameters".len());
        writeln!(f, "{:<layer$}  {:<output$}  {:>count$}", "layer", "output", "parameters")?;
        writeln!(f, "{}", "─".repeat(layer + output + count + 4))?;
        for (name, shape, parameters) in &self.rows {
            writeln!(f, "{name:<layer$}  {shape:<output$}  {:>count$}", grouped(*parameters))?;
        }
        writeln!(f, "{}", "─".repeat(layer + output + count + 4))?;
        write!(f, "{} parameters", grouped(self.parameters()))?;
        if self.buffers > 0 {
            write!(f, ", {} more values that are not trained", grouped(self.buffers))?;
        }
        write!(f, ", {:.1} KiB", self.bytes as f64 / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_layers_shapes_and_counts() {
        let network = Sequential::<f32>::input(784).dense(128).relu().dense(10).build().unwrap();
        let text = network.summary().to_string();
        assert!(text.contains("dense (relu)  (rows, 128)     100,480"), "{text}");
        assert!(text.contains("101,770 parameters, 397.5 KiB"), "{text}");
    }
}
