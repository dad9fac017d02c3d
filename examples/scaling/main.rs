//! How the cost of a training step grows with the batch, the width and the depth of a network.

mod measure;
#[cfg(feature = "plot")]
mod picture;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use blastrain::data::Dataset;
use blastrain::{RandomState, Result};
use clap::Parser;
use measure::{Axis, CLASSES, INPUTS, Shape, Speed};
use ndarray::Array2;

/// Measures samples/s and GFLOP/s over batches of 1 to 4096 rows, 16 to 4096 units a layer and 1 to 16 hidden
/// layers; what does not vary is that of 784-512-512-10 with batches of 128. Adam, f32, random
/// pictures of 784 pixels, as many as Fashion-MNIST has.
///
/// Writes scaling.csv and, with the feature plot, scaling.svg. Takes about 80 seconds.
#[derive(Parser)]
struct Options {
    /// Seconds that each of the 60 fits is measured for; at least three steps.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,
    /// Numbers of threads.
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Folder for the files.
    #[arg(long, default_value = "target/bench")]
    output: PathBuf,
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    let allowed = |seconds: &f64| (0.0..=3600.0).contains(seconds);
    text.parse().ok().filter(allowed).ok_or_else(|| "a number from 0 to 3600".to_owned())
}

/// A point of a curve.
struct Point {
    axis: Axis,
    shape: Shape,
    threads: usize,
    speed: Speed,
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let time = Duration::from_secs_f64(options.seconds);
    let data = random_pictures()?;
    println!("  varied  batch  width  depth  threads   samples/s  GFLOP/s");
    let mut points = Vec::new();
    for axis in Axis::ALL {
        for &value in axis.values() {
            let shape = axis.shape(value);
            for &threads in &options.threads {
                let speed = measure::speed(&data, shape, threads, time)?;
                let (Shape { batch, width, depth }, name) = (shape, axis.name());
                let Speed { samples_per_s, gflops, .. } = speed;
                println!(
                    "{name:>8} {batch:>6} {width:>6} {depth:>6} {threads:>8} {samples_per_s:>11.0} {gflops:>8.1}"
                );
                points.push(Point { axis, shape, threads, speed });
            }
        }
    }
    fs::create_dir_all(&options.output)?;
    let file = options.output.join("scaling.csv");
    fs::write(&file, csv(&points))?;
    println!("{}", file.display());
    #[cfg(feature = "plot")]
    {
        let file = options.output.join("scaling.svg");
        picture::draw(&file, &points, &options.threads)?;
        println!("{}", file.display());
    }
    Ok(())
}

fn random_pictures() -> Result<Dataset<'static, f32>> {
    const ROWS: usize = 60_000;
    let mut random = RandomState::new(1);
    let pixels = Array2::from_shape_simple_fn((ROWS, INPUTS), || random.double() as f32);
    Dataset::new(pixels, (0..ROWS).map(|row| row % CLASSES).collect::<Vec<_>>())
}

fn csv(points: &[Point]) -> String {
    let mut text =
        "varied,batch,width,depth,threads,parameters,steps,samples_per_s,gflops\n".to_owned();
    for Point { axis, shape, threads, speed } in points {
        let (Shape { batch, width, depth }, name) = (shape, axis.name());
        let Speed { steps, samples_per_s, gflops } = speed;
        let parameters = shape.parameters();
        // Writing into a string never fails.
        let _ = writeln!(
            text,
            "{name},{batch},{width},{depth},{threads},{parameters},{steps},{samples_per_s:.1},{gflops:.3}"
        );
    }
    text
}
