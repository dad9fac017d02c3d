//! Prediction, call by call.

use std::time::{Duration, Instant};

use blastrain::{Error, Result, Scalar};
use ndarray::{ArrayView2, Axis};
use serde_json::{Value, json};

use crate::workload::Workload;

/// Rows of a call.
const BATCHES: [usize; 4] = [1, 32, 1024, 10_000];
/// The time of a round.
const ROUND: Duration = Duration::from_millis(300);

/// The last line: the scores of `rows` by a new network of this workload, so many rows a call.
pub fn measure<F: Scalar>(
    workload: Workload,
    rows: ArrayView2<'_, F>,
    threads: usize,
) -> Result<Value> {
    // Calls share a pool as those of a program do; a pool for each call would cost more than the call.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    pool.map_err(|error| Error::Unavailable {
        what: format!("a pool of {threads} threads"),
        why: error.to_string(),
    })?;
    let network = workload.network::<F>()?;
    let mut measured = Vec::new();
    for batch in BATCHES {
        let batches: Vec<_> = rows.axis_chunks_iter(Axis(0), batch).collect();
        let whole: Vec<_> = batches.into_iter().filter(|rows| rows.nrows() == batch).collect();
        if whole.is_empty() {
            continue;
        }
        let mut call = |i: usize| network.predict(whole[i % whole.len()]).map(drop);
        round(&mut call)?;
        let times = (0..3).map(|_| round(&mut call)).collect::<Result<Vec<f64>>>()?;
        let seconds = crate::median(times);
        measured.push(json!({
            "batch": batch,
            "us_per_call": (1e8 * seconds).round() / 1e2,
            "rows_per_s": (batch as f64 / seconds).round(),
        }));
    }
    Ok(json!({
        "workload": workload.name(),
        "scalar": F::NAME,
        "threads": threads,
        "predict": measured,
    }))
}

/// The mean time of a call, in seconds.
fn round(call: &mut impl FnMut(usize) -> Result<()>) -> Result<f64> {
    let (start, mut calls) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        call(calls)?;
        calls += 1;
    }
    Ok(start.elapsed().as_secs_f64() / calls as f64)
}
