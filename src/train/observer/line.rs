//! An epoch in words.

use super::super::EpochRecord;

/// "epoch  3/10  loss 0.3119  accuracy 0.8901  validation loss 0.3391 …  0.7 s".
pub(super) fn epoch_line(record: &EpochRecord, epochs: usize, metrics: &[String]) -> String {
    let width = epochs.to_string().len();
    let mut parts = vec![format!("epoch {:>width$}/{epochs}", record.epoch + 1)];
    parts.extend(values(record, metrics));
    parts.push(format!("{:.0} samples/s", record.samples_per_second));
    if record.gflops > 0.0 {
        parts.push(format!("{:.1} GFLOP/s", record.gflops));
    }
    parts.push(duration(record.seconds));
    parts.join("  ")
}

/// Loss and metrics, then those of the validation rows.
pub(super) fn values(record: &EpochRecord, metrics: &[String]) -> Vec<String> {
    let mut parts = vec![format!("loss {}", number(record.loss))];
    let named = |prefix: &'static str, values: &[f64]| -> Vec<String> {
        let pairs = metrics.iter().zip(values);
        pairs.map(|(name, &value)| format!("{prefix}{name} {}", number(value))).collect()
    };
    parts.extend(named("", &record.metrics));
    if let Some(loss) = record.validation_loss {
        parts.push(format!("validation loss {}", number(loss)));
    }
    parts.extend(named("validation ", &record.validation_metrics));
    parts
}

/// Four decimals where they say something.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() || (1e-3..1e5).contains(&size) {
        format!("{value:.4}")
    } else {
        format!("{value:.3e}")
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.1} ms", 1e3 * seconds) } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_well() {
        let mut record = EpochRecord {
            epoch: 2,
            loss: 0.31188,
            metrics: vec![0.8901],
            validation_loss: Some(0.33912),
            validation_metrics: vec![0.878],
            learning_rate: 0.001,
            seconds: 0.7123,
            samples_per_second: 80_000.6,
            gflops: 32.71,
        };
        assert_eq!(
            epoch_line(&record, 10, &["accuracy".into()]),
            "epoch  3/10  loss 0.3119  accuracy 0.8901  validation loss 0.3391  \
             validation accuracy 0.8780  80001 samples/s  32.7 GFLOP/s  0.7 s"
        );
        record = EpochRecord {
            loss: 2.5e-7,
            metrics: Vec::new(),
            validation_loss: None,
            validation_metrics: Vec::new(),
            seconds: 0.0042,
            gflops: 0.0,
            ..record
        };
        assert_eq!(
            epoch_line(&record, 3, &["accuracy".into()]),
            "epoch 3/3  loss 2.500e-7  80001 samples/s  4.2 ms"
        );
    }

    #[test]
    fn numbers_keep_their_digits() {
        let texts = [0.0, 0.25, -3.5, 0.00099, 123_456.0, f64::NAN].map(number);
        assert_eq!(texts, ["0.0000", "0.2500", "-3.5000", "9.900e-4", "1.235e5", "NaN"]);
    }
}
