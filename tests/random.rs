//! The generators against NumPy 2.4 (numbers made by tests/parity/random_state.py), and their laws.

use blastrain::random::{KeyedStream, RandomState, SavedRandomState};
use blastrain::{Error, Result};
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    streams: Vec<Stream>,
    array_seeds: Vec<(u64, Vec<u32>)>,
    saved_state: Saved,
    keyed_streams: Vec<(u64, u32, u64, u64, Vec<u32>)>,
}

#[derive(Deserialize)]
struct Stream {
    seed: u32,
    u32: Vec<u32>,
    u32_digest_5000: u64,
    double: Vec<f64>,
    double_digest_3000: u64,
    uniform: Vec<f64>,
    randn_5_3: Vec<f64>,
    randn_digest_2000: u64,
    normal: Vec<f64>,
    mixed: (f64, u32, f64, f64, f64, u32),
    randint: Vec<(i64, i64, i64)>,
    interval: Vec<(u64, u64)>,
    permutation_17: Vec<usize>,
    permutation_digests: Vec<u64>,
    choice: Vec<(usize, usize, Vec<usize>)>,
}

#[derive(Deserialize)]
struct Saved {
    key_digest: u64,
    position: usize,
    cached_gaussian: f64,
    next: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("parity/random_state.json")).expect("golden numbers")
}

const DIGEST_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over 64-bit words.
fn digest(start: u64, words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(start, |value, word| (value ^ word).wrapping_mul(0x100_0000_01b3))
}

fn draw<T>(n: usize, mut one: impl FnMut() -> T) -> Vec<T> {
    (0..n).map(|_| one()).collect()
}

/// Exact where logarithms are glibc's, to 4 units in the last place elsewhere.
fn assert_normal(got: f64, want: f64) {
    let ulps = if cfg!(target_env = "gnu") { 0.0 } else { 4.0 };
    assert!((got - want).abs() <= ulps * f64::EPSILON * want.abs(), "{got} is not {want}");
}

fn assert_normals(got: impl IntoIterator<Item = f64>, want: &[f64]) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).for_each(|(&got, &want)| assert_normal(got, want));
}

#[test]
fn words_and_doubles_are_numpys() {
    for stream in golden().streams {
        let fresh = || RandomState::new(stream.seed);
        let mut random = fresh();
        assert_eq!(draw(stream.u32.len(), || random.next_u32()), stream.u32);
        let mut random = fresh();
        let words = draw(5000, || u64::from(random.next_u32()));
        assert_eq!(digest(DIGEST_START, words), stream.u32_digest_5000);
        let mut random = fresh();
        assert_eq!(draw(stream.double.len(), || random.double()), stream.double);
        let mut random = fresh();
        let bits = draw(3000, || random.double().to_bits());
        assert_eq!(digest(DIGEST_START, bits), stream.double_digest_3000);
        let mut random = fresh();
        assert_eq!(draw(stream.uniform.len(), || random.uniform(-2.5, 7.25)), stream.uniform);
    }
}

#[test]
fn normals_are_numpys() {
    for stream in golden().streams {
        let fresh = || RandomState::new(stream.seed);
        let matrix = fresh().randn(5, 3);
        assert_eq!(matrix.dim(), (5, 3));
        assert_normals(matrix, &stream.randn_5_3);
        let mut random = fresh();
        assert_normals(draw(stream.normal.len(), || random.normal(3.5, 0.25)), &stream.normal);
        if cfg!(target_env = "gnu") {
            let mut random = fresh();
            let bits = draw(2000, || random.standard_normal().to_bits());
            assert_eq!(digest(DIGEST_START, bits), stream.randn_digest_2000);
        }
    }
}

#[test]
fn the_second_normal_waits_while_words_are_drawn() {
    for Stream { seed, mixed, .. } in golden().streams {
        let mut random = RandomState::new(seed);
        assert_normal(random.standard_normal(), mixed.0);
        assert_eq!(random.next_u32(), mixed.1);
        assert_normal(random.standard_normal(), mixed.2);
        assert_eq!(random.double(), mixed.3);
        assert_normal(random.standard_normal(), mixed.4);
        assert_eq!(random.next_u32(), mixed.5);
    }
}

#[test]
fn whole_numbers_are_numpys() -> Result<()> {
    for stream in golden().streams {
        let mut random = RandomState::new(stream.seed);
        for (low, high, want) in stream.randint {
            assert_eq!(random.randint(low, high)?, want, "randint({low}, {high})");
        }
        let mut random = RandomState::new(stream.seed);
        for (max, want) in stream.interval {
            assert_eq!(random.interval(max), want, "interval({max})");
        }
    }
    Ok(())
}

#[test]
fn permutations_and_choices_are_numpys() -> Result<()> {
    for stream in golden().streams {
        let fresh = || RandomState::new(stream.seed);
        assert_eq!(fresh().permutation(17), stream.permutation_17);
        for (n, k, want) in stream.choice {
            assert_eq!(fresh().choice(n, k)?, want, "choice({n}, {k})");
        }
        let (mut random, mut value, mut digests) = (fresh(), DIGEST_START, Vec::new());
        for size in 1..=1000 {
            value = digest(value, random.permutation(size).into_iter().map(|index| index as u64));
            if size % 100 == 0 {
                digests.push(value);
            }
        }
        assert_eq!(digests, stream.permutation_digests);
    }
    Ok(())
}

#[test]
fn seeds_of_64_bits_are_numpys_seeds_of_two_words() {
    for (seed, want) in golden().array_seeds {
        let mut random = RandomState::seed_from_u64(seed);
        assert_eq!(draw(want.len(), || random.next_u32()), want);
        assert_eq!(RandomState::from_seed(seed.to_le_bytes()), RandomState::seed_from_u64(seed));
    }
    assert_eq!(RandomState::seed_from_u64(42), RandomState::new(42));
}

#[test]
fn the_saved_state_is_numpys_and_comes_back() -> Result<()> {
    let want = golden().saved_state;
    let mut random = RandomState::new(5);
    draw(700, || random.double());
    random.standard_normal();
    let saved = random.state();
    assert_eq!(digest(DIGEST_START, saved.key.iter().map(|&word| word.into())), want.key_digest);
    assert_eq!(saved.position, want.position);
    assert_normal(saved.cached_gaussian.unwrap_or(f64::NAN), want.cached_gaussian);

    let mut again = RandomState::from_state(saved)?;
    assert_eq!(again, random);
    let mut from_json: RandomState =
        serde_json::from_str(&serde_json::to_string(&random).expect("JSON")).expect("a state");
    assert_eq!(from_json, random);
    for _ in 0..2 {
        assert_eq!(from_json.standard_normal(), random.standard_normal());
    }
    assert_normals(draw(3, || again.standard_normal()), &want.next);
    Ok(())
}

#[test]
fn impossible_states_are_refused() {
    let good = RandomState::new(1).state();
    let refused = |change: fn(&mut SavedRandomState)| {
        let mut bad = good.clone();
        change(&mut bad);
        RandomState::from_state(bad).expect_err("an error").to_string()
    };
    let short = refused(|state| state.key.truncate(623));
    assert_eq!(short, "random state key: expected 624 words, got 623 words");
    assert_eq!(refused(|state| state.key.fill(0)), "key is all zero, but must be not all zero");
    assert_eq!(refused(|state| state.position = 625), "position is 625, but must be at most 624");
    let cached = refused(|state| state.cached_gaussian = Some(f64::NAN));
    assert_eq!(cached, "cached_gaussian is NaN, but must be finite");
    let json = r#"{"key":[1,2,3],"position":0,"cached_gaussian":null}"#;
    assert!(serde_json::from_str::<RandomState>(json).is_err());
}

#[test]
fn impossible_requests_are_errors_and_draw_nothing() {
    let mut random = RandomState::new(9);
    let error = random.choice(3, 4).expect_err("too many");
    assert!(matches!(error, Error::Param { name: "k", .. }), "{error}");
    assert_eq!(error.to_string(), "k is 4, but must be at most n, 3");
    let error = random.randint(5, 5).expect_err("empty range");
    assert_eq!(error.to_string(), "low is 5, but must be below high, 5");
    assert!(random.randint(i64::MAX, i64::MIN).is_err());
    assert_eq!(random.interval(0), 0);
    assert!(random.permutation(0).is_empty());
    assert_eq!(random.permutation(1), [0]);
    assert_eq!(random, RandomState::new(9));
}

#[test]
fn rands_traits_draw_the_same_words() {
    let mut ours = RandomState::new(11);
    let words = draw(8, || ours.next_u32());
    let mut theirs = RandomState::new(11);
    let wide = theirs.next_u64();
    assert_eq!(wide, (u64::from(words[0]) << 32) | u64::from(words[1]));
    let mut bytes = [0; 10];
    theirs.fill_bytes(&mut bytes);
    assert_eq!(bytes[..4], words[2].to_le_bytes());
    assert_eq!(bytes[8..], words[4].to_le_bytes()[..2]);
    assert_eq!(Rng::next_u32(&mut theirs), words[5]);
    let ranged = draw(1000, || theirs.random_range(3..9));
    assert!((3..9).all(|value| ranged.contains(&value)), "{ranged:?}");
    assert!(ranged.iter().all(|value| (3..9).contains(value)));
}

#[test]
fn keyed_streams_never_change() {
    for (seed, layer, step, position, want) in golden().keyed_streams {
        let mut stream = KeyedStream::new(seed, layer, step, position);
        assert_eq!(draw(want.len(), || stream.next_u32()), want);
    }
    let mut stream = KeyedStream::seed_from_u64(6);
    assert_eq!(stream, KeyedStream::new(6, 0, 0, 0));
    assert_eq!(stream, KeyedStream::from_seed(6u64.to_le_bytes()));
    let (low, high) = (stream.value(0), stream.value(1));
    assert_eq!(stream.next_u64(), (u64::from(high) << 32) | u64::from(low));
}

/// Pearson's chi-squared of counts against equal shares, in standard deviations from its mean.
fn unevenness(counts: &[u32]) -> f64 {
    let share = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    let squares: f64 = counts.iter().map(|&count| (f64::from(count) - share).powi(2)).sum();
    let freedom = counts.len() as f64 - 1.0;
    (squares / share - freedom) / (2.0 * freedom).sqrt()
}

#[test]
fn keyed_streams_are_even_along_and_across_rows() {
    let table: Vec<Vec<u32>> = (0..512)
        .map(|row| {
            let mut values = vec![0; 512];
            KeyedStream::new(42, 3, 17, row).fill_u32(0, &mut values);
            values
        })
        .collect();
    for shift in [0, 8, 16, 24] {
        // Each byte of each value; pairs of neighbours in a row; pairs in neighbouring rows.
        let nibble = |value: u32| (value >> shift >> 4 & 15) as usize;
        let mut single = vec![0; 256];
        let (mut along, mut across) = (vec![0; 256], vec![0; 256]);
        for (row, values) in table.iter().enumerate() {
            for (column, &value) in values.iter().enumerate() {
                single[(value >> shift & 255) as usize] += 1;
                if let Some(&next) = values.get(column + 1) {
                    along[nibble(value) * 16 + nibble(next)] += 1;
                }
                if let Some(below) = table.get(row + 1) {
                    across[nibble(value) * 16 + nibble(below[column])] += 1;
                }
            }
        }
        for (name, counts) in [("single", single), ("along", along), ("across", across)] {
            let deviations = unevenness(&counts);
            assert!(deviations.abs() < 4.0, "{name}, bits from {shift}: {deviations}");
        }
    }
}

#[test]
fn every_bit_of_every_key_part_flips_half_of_the_bits() {
    let base = (42, 5, 1000, 31);
    let value = |key: (u64, u32, u64, u64)| {
        let stream = KeyedStream::new(key.0, key.1, key.2, key.3);
        (0..64).map(|index| stream.value(index)).collect::<Vec<_>>()
    };
    let original = value(base);
    for bit in 0..64 {
        let mut changed = vec![
            (base.0 ^ 1 << bit, base.1, base.2, base.3),
            (base.0, base.1, base.2 ^ 1 << bit, base.3),
            (base.0, base.1, base.2, base.3 ^ 1 << bit),
        ];
        if bit < 32 {
            changed.push((base.0, base.1 ^ 1 << bit, base.2, base.3));
        }
        for key in changed {
            let flipped: u32 =
                value(key).iter().zip(&original).map(|(a, b)| (a ^ b).count_ones()).sum();
            // 2048 bits: mean 1024, standard deviation 22.6.
            assert!((900..1148).contains(&flipped), "{key:?}: {flipped} of 2048");
        }
    }
}

proptest! {
    #[test]
    fn shuffles_lose_nothing(seed: u32, mut values in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut sorted = values.clone();
        let mut random = RandomState::new(seed);
        random.shuffle(&mut values);
        let order = RandomState::new(seed).permutation(values.len());
        let by_order: Vec<u8> = order.iter().map(|&index| sorted[index]).collect();
        prop_assert_eq!(&by_order, &values);
        sorted.sort_unstable();
        values.sort_unstable();
        prop_assert_eq!(sorted, values);
    }

    #[test]
    fn choices_differ(seed: u32, n in 0usize..100, k in 0usize..100) {
        match RandomState::new(seed).choice(n, k) {
            Ok(mut chosen) => {
                prop_assert!(k <= n && chosen.len() == k);
                chosen.sort_unstable();
                chosen.dedup();
                prop_assert!(chosen.len() == k && chosen.iter().all(|&index| index < n));
            }
            Err(_) => prop_assert!(k > n),
        }
    }

    #[test]
    fn numbers_stay_in_their_bounds(seed: u64, max: u64, low: i64, high: i64) {
        let mut random = RandomState::seed_from_u64(seed);
        prop_assert!(random.interval(max) <= max);
        prop_assert!((0.0..1.0).contains(&random.double()));
        if let Ok(number) = random.randint(low, high) {
            prop_assert!((low..high).contains(&number));
        }
    }

    #[test]
    fn states_come_back(seed: u32, words in 0usize..2000, normals in 0usize..3) {
        let mut random = RandomState::new(seed);
        draw(words, || random.next_u32());
        draw(normals, || random.standard_normal());
        let json = serde_json::to_string(&random).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<RandomState>(&json).expect("a state"), random);
    }

    #[test]
    fn a_filled_row_is_the_values_one_by_one(seed: u64, row: u64, start: u64, len in 0usize..40) {
        let stream = KeyedStream::new(seed, 1, 2, row);
        for start in [start / 2, u64::MAX - 40, u64::MAX - 41, 0, 1] {
            let mut filled = vec![0; len];
            stream.fill_u32(start, &mut filled);
            let single: Vec<u32> =
                (0..len as u64).map(|index| stream.value(start + index)).collect();
            prop_assert_eq!(filled, single);
        }
    }
}
