//! Layers with so many weights that their columns are shared out instead of the batch's rows.

use blastrain::activation::{Gelu, Tanh};
use blastrain::data::Dataset;
use blastrain::layer::Dense;
use blastrain::loss::MeanSquaredError;
use blastrain::optim::Adam;
use blastrain::train::{Trainer, loss_and_gradient};
use blastrain::{Parallelism, RandomState, Sequential};
use ndarray::{Array1, Array2, ArrayView2, Axis};

const INPUTS: usize = 530;
/// Not a multiple of any vector.
const UNITS: [usize; 2] = [517, 514];

/// One activation whose derivative comes from the output, and one from what is kept of the input; biases in one.
fn network() -> Sequential<f64> {
    Sequential::input(INPUTS)
        .layer(Dense::new(UNITS[0]).activation(Tanh))
        .layer(Dense::new(UNITS[1]).activation(Gelu).use_bias(false))
        .dense(2)
        .build()
        .unwrap()
}

fn data(rows: usize) -> (Array2<f64>, Array2<f64>) {
    let mut random = RandomState::new(3);
    let mut matrix =
        |columns| Array2::from_shape_simple_fn((rows, columns), || random.uniform(-1.0, 1.0));
    (matrix(INPUTS), matrix(2))
}

/// The gradient of the mean of the squared errors, by whole matrices and derivatives written out here.
fn expected(network: &Sequential<f64>, x: &Array2<f64>, t: &Array2<f64>) -> Vec<f64> {
    let tensor = |name: &str| network.tensor(name).unwrap().iter().copied().collect::<Vec<f64>>();
    let weight =
        |name: &str, rows, columns| Array2::from_shape_vec((rows, columns), tensor(name)).unwrap();
    let [first, second] = UNITS;
    let (w1, w2) =
        (weight("dense_1.weight", INPUTS, first), weight("dense_2.weight", first, second));
    let w3 = weight("dense_3.weight", second, 2);
    let h1 = (x.dot(&w1) + Array1::from(tensor("dense_1.bias"))).mapv(f64::tanh);
    let z2 = h1.dot(&w2);
    let cdf = z2.mapv(|z| 0.5 * (1.0 + libm::erf(z / 2f64.sqrt())));
    let density = z2.mapv(|z| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt());
    let h2 = &z2 * &cdf;
    let y = h2.dot(&w3) + Array1::from(tensor("dense_3.bias"));
    let dy = (&y - t) * (2.0 / t.len() as f64);
    let dz2 = dy.dot(&w3.t()) * (cdf + &z2 * density);
    let dz1 = dz2.dot(&w2.t()) * h1.mapv(|h| 1.0 - h * h);
    let mut gradient = Vec::new();
    let mut add = |x: ArrayView2<'_, f64>, dz: &Array2<f64>, biased: bool| {
        gradient.extend(x.t().dot(dz));
        if biased {
            gradient.extend(dz.sum_axis(Axis(0)));
        }
    };
    add(x.view(), &dz1, true);
    add(h1.view(), &dz2, false);
    add(h2.view(), &dy, true);
    gradient
}

#[test]
fn the_gradient_equals_that_of_whole_matrices() {
    let network = network();
    for rows in [1, 23, 130] {
        let (x, t) = data(rows);
        let want = expected(&network, &x, &t);
        let set = Dataset::new(x, t).unwrap();
        let (_, got) = loss_and_gradient(&network, &MeanSquaredError::default(), &set).unwrap();
        assert_eq!(got.len(), want.len());
        let worst = got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-12, "{rows} rows: {worst}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (x, t) = data(70);
    let fit = |parallelism| {
        let mut trainer = Trainer::builder(network(), MeanSquaredError::default())
            .optimizer(Adam::new(0.001))
            .parallelism(parallelism)
            .batch_size(48)
            .epochs(2)
            .build()
            .unwrap();
        trainer.fit(&Dataset::new(x.clone(), t.clone()).unwrap()).unwrap();
        trainer.network().parameters().iter().map(|p| p.to_bits()).collect::<Vec<_>>()
    };
    let one = fit(Parallelism::Serial);
    for threads in [1, 2, 3] {
        assert!(fit(Parallelism::Threads(threads)) == one, "{threads} threads");
    }
}
