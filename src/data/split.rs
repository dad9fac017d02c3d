//! Training rows and test rows, by lot.

use std::borrow::BorrowMut;

use super::Dataset;
use super::part_sizes::PartSizes;
use crate::error::{Error, Result};
use crate::random::RandomState;
use crate::scalar::Scalar;

/// Splits a data set at random into (training part, test part).
///
/// The test part gets `⌈test_fraction·rows⌉` rows, the training part the rest. Both share the data set's
/// storage; nothing but indices is copied. The rows, and their order, are those of scikit-learn's
/// `train_test_split(.., test_size=test_fraction, random_state=random)`. A generator given by
/// `&mut` goes on from where the split left it.
///
/// ```
/// use blastrain::RandomState;
/// use blastrain::data::{Dataset, train_test_split};
/// use blastrain::ndarray::array;
///
/// let data = Dataset::new(array![[0.0], [1.0], [2.0], [3.0], [4.0]], vec![0, 1, 0, 1, 0])?;
/// let (train, test) = train_test_split(&data, 0.33, RandomState::new(42))?;
/// assert_eq!(train.to_arrays().0, array![[2.0], [0.0], [3.0]]);
/// assert_eq!(test.to_arrays().0, array![[1.0], [4.0]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// As [`train_test_indices`].
pub fn train_test_split<'a, F: Scalar>(
    data: &Dataset<'a, F>,
    test_fraction: f64,
    random: impl BorrowMut<RandomState>,
) -> Result<(Dataset<'a, F>, Dataset<'a, F>)> {
    select_both(data, train_test_indices(data.len(), test_fraction, random)?)
}

/// Splits a data set at random into (training part, test part), each class in proportion.
///
/// Like [`train_test_split`], but every class gives both parts its share of rows, to within one
/// row. The rows, and their order, are those of scikit-learn's `train_test_split(..,
/// stratify=classes)`.
///
/// ```
/// use blastrain::RandomState;
/// use blastrain::data::{Dataset, stratified_train_test_split};
/// use blastrain::ndarray::Array2;
///
/// let classes = vec![0, 0, 0, 0, 0, 0, 1, 1, 1, 1]; // 60 % and 40 %
/// let data = Dataset::new(Array2::<f32>::zeros((10, 3)), classes)?;
/// let (train, test) = stratified_train_test_split(&data, 0.5, RandomState::new(0))?;
/// let ones = |part: &Dataset<f32>| part.class_targets().map(|classes| classes.iter().sum::<usize>());
/// assert_eq!((ones(&train), ones(&test)), (Some(2), Some(2)));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// As [`stratified_train_test_indices`]; [`Error::Param`] if the targets are not class indices.
pub fn stratified_train_test_split<'a, F: Scalar>(
    data: &Dataset<'a, F>,
    test_fraction: f64,
    random: impl BorrowMut<RandomState>,
) -> Result<(Dataset<'a, F>, Dataset<'a, F>)> {
    let labels = data.class_targets().ok_or_else(|| {
        Error::param("targets", "numbers", "class indices for a stratified split")
    })?;
    select_both(data, stratified_train_test_indices(&labels, test_fraction, random)?)
}

/// Splits `0..rows` at random into (training indices, test indices).
///
/// Equal, index for index, to scikit-learn's `train_test_split(numpy.arange(rows),
/// test_size=test_fraction, random_state=random)`.
///
/// ```
/// use blastrain::RandomState;
/// use blastrain::data::train_test_indices;
///
/// let (train, test) = train_test_indices(5, 0.33, RandomState::new(42))?;
/// assert_eq!((train, test), (vec![2, 0, 3], vec![1, 4]));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// [`Error::Param`] if `test_fraction` is not between 0 and 1, or leaves no row for training;
/// [`Error::Empty`] for no rows. The generator is then as it was.
pub fn train_test_indices(
    rows: usize,
    test_fraction: f64,
    mut random: impl BorrowMut<RandomState>,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let sizes = PartSizes::new(rows, test_fraction)?;
    let mut test = random.borrow_mut().permutation(rows);
    let train = test.split_off(sizes.test);
    Ok((train, test))
}

/// Splits the positions of `labels` at random into (training indices, test indices), each class
/// in proportion.
///
/// Equal, index for index, to scikit-learn's `train_test_split(numpy.arange(len(labels)),
/// test_size=test_fraction, random_state=random, stratify=labels)`. Labels are any numbers.
///
/// # Errors
/// As [`train_test_indices`]; [`Error::Shape`] for a label that occurs only once;
/// [`Error::Param`] if either part has fewer rows than there are different labels.
pub fn stratified_train_test_indices(
    labels: &[usize],
    test_fraction: f64,
    mut random: impl BorrowMut<RandomState>,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let sizes = PartSizes::new(labels.len(), test_fraction)?;
    Ok(Strata::new(labels, sizes)?.draw(random.borrow_mut()))
}

/// Rows by class, and how many of them each part is to get.
pub(super) struct Strata {
    sizes: PartSizes,
    /// The rows of each class, in order; classes by ascending label.
    classes: Vec<Vec<usize>>,
}

impl Strata {
    /// # Errors
    /// As [`stratified_train_test_indices`].
    pub(super) fn new(labels: &[usize], sizes: PartSizes) -> Result<Self> {
        let mut by_label: Vec<usize> = (0..labels.len()).collect();
        by_label.sort_by_key(|&row| labels[row]);
        let classes: Vec<Vec<usize>> =
            by_label.chunk_by(|&a, &b| labels[a] == labels[b]).map(<[usize]>::to_vec).collect();
        if let Some(&row) = classes.iter().filter(|rows| rows.len() < 2).flatten().next() {
            return Err(Error::shape(format!("class {}", labels[row]), "at least 2 rows", "1 row"));
        }
        sizes.check_room_for(classes.len())?;
        Ok(Self { sizes, classes })
    }

    /// Draws (training rows, test rows).
    pub(super) fn draw(&self, random: &mut RandomState) -> (Vec<usize>, Vec<usize>) {
        let Self { sizes, classes } = self;
        let counts: Vec<usize> = classes.iter().map(Vec::len).collect();
        let train_counts = approximate_mode(&counts, sizes.train, random);
        let left: Vec<usize> =
            counts.iter().zip(&train_counts).map(|(all, used)| all - used).collect();
        let test_counts = approximate_mode(&left, sizes.test, random);

        let (mut train, mut test) =
            (Vec::with_capacity(sizes.train), Vec::with_capacity(sizes.test));
        for (rows, (&for_train, &for_test)) in
            classes.iter().zip(train_counts.iter().zip(&test_counts))
        {
            let mut lot = random.permutation(rows.len()).into_iter().map(|place| rows[place]);
            train.extend(lot.by_ref().take(for_train));
            test.extend(lot.take(for_test));
        }
        random.shuffle(&mut train);
        random.shuffle(&mut test);
        (train, test)
    }
}

fn select_both<'a, F: Scalar>(
    data: &Dataset<'a, F>,
    (train, test): (Vec<usize>, Vec<usize>),
) -> Result<(Dataset<'a, F>, Dataset<'a, F>)> {
    Ok((data.select(&train)?, data.select(&test)?))
}

/// How many of `draws` go to each class, in proportion to `counts`.
///
/// Each class gets its share rounded down; what is left goes by descending remainder, one each.
/// Classes of the same remainder draw lots (also where all of them win: the generator must
/// move as scikit-learn's does). Source: scikit-learn's `_approximate_mode`.
fn approximate_mode(counts: &[usize], draws: usize, random: &mut RandomState) -> Vec<usize> {
    let total = counts.iter().sum::<usize>() as f64;
    let shares = counts.iter().map(|&count| count as f64 / total * draws as f64);
    let (mut drawn, remainders): (Vec<usize>, Vec<f64>) =
        shares.map(|share| (share.floor() as usize, share - share.floor())).unzip();
    let mut left = draws.saturating_sub(drawn.iter().sum());
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|&a, &b| remainders[b].total_cmp(&remainders[a]));
    for tied in order.chunk_by(|&a, &b| remainders[a] == remainders[b]) {
        if left == 0 {
            break;
        }
        let winners = left.min(tied.len());
        for place in random.permutation(tied.len()).into_iter().take(winners) {
            drawn[tied[place]] += 1;
        }
        left -= winners;
    }
    drawn
}
