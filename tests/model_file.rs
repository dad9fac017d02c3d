//! Saved networks: what comes back, and what damaged or lying files do.

use std::collections::HashMap;

use blastrain::activation::{Activation, AnyActivation, Saved};
use blastrain::layer::{ActivationLayer, Dense, LayerRegistry};
use blastrain::network::Link;
use blastrain::{Error, Initializer, Scalar, Sequential};
use ndarray::Array2;
use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value, json};

fn network<F: Scalar>() -> Sequential<F> {
    let mut network = Sequential::<F>::input([2, 3, 1])
        .layer(Dense::new(5).kernel_initializer(Initializer::HeNormal))
        .activation(blastrain::activation::LeakyRelu::new(0.1 + 0.2))
        .layer(Dense::new(4).use_bias(false))
        .gelu()
        .tanh()
        .dense(2)
        .seed(3_000_000_000)
        .build()
        .unwrap();
    network.set_link(Link::Softmax);
    network
}

fn assert_round_trip<F: Scalar>() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.safetensors");
    let mut saved = network::<F>();
    // Numbers whose bits are easily lost: -0, a subnormal, the largest.
    let mut params = saved.parameters().to_vec();
    params[0] = -F::zero();
    params[1] = F::min_positive_value() / F::from_f64(8.0);
    params[2] = F::max_value();
    saved.set_parameters(&params).unwrap();

    saved.save(&path).unwrap();
    let loaded = Sequential::<F>::load(&path).unwrap();
    let bits = |network: &Sequential<F>| -> Vec<u64> {
        network.parameters().iter().map(|value| value.as_f64().to_bits()).collect()
    };
    assert_eq!(bits(&loaded), bits(&saved));
    assert_eq!(loaded.tensors(), saved.tensors());
    assert_eq!((loaded.link(), loaded.seed()), (saved.link(), saved.seed()));
    assert_eq!(loaded.input_dims(), saved.input_dims());
    assert_eq!(loaded.summary().to_string(), saved.summary().to_string());
    let configs =
        |network: &Sequential<F>| network.specs().iter().map(|s| s.config()).collect::<Vec<_>>();
    assert_eq!(configs(&loaded), configs(&saved));

    params[2] = F::one();
    saved.set_parameters(&params).unwrap();
    let again = Sequential::<F>::from_bytes(&saved.to_bytes().unwrap()).unwrap();
    let x = Array2::from_shape_fn((7, 6), |(i, j)| F::from_f64((i * 6 + j) as f64 / 10.0 - 2.0));
    assert_eq!(again.predict(x.view()).unwrap(), saved.predict(x.view()).unwrap());
}

#[test]
fn what_is_saved_comes_back_bit_for_bit() {
    assert_round_trip::<f32>();
    assert_round_trip::<f64>();
}

#[test]
fn the_same_network_gives_the_same_bytes() {
    let bytes = network::<f32>().to_bytes().unwrap();
    for _ in 0..10 {
        assert_eq!(network::<f32>().to_bytes().unwrap(), bytes);
    }
    let loaded = Sequential::<f32>::from_bytes(&bytes).unwrap();
    assert_eq!(loaded.to_bytes().unwrap(), bytes);
}

#[test]
fn safetensors_finds_the_tensors_by_name() {
    let network = network::<f64>();
    let bytes = network.to_bytes().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.sort_unstable();
    assert_eq!(
        names,
        ["dense_1.bias", "dense_1.weight", "dense_2.weight", "dense_3.bias", "dense_3.weight"]
    );
    let weight = file.tensor("dense_1.weight").unwrap();
    assert_eq!((weight.dtype(), weight.shape()), (Dtype::F64, &[6, 5][..]));
    assert_eq!(weight.data()[..8], network.parameters()[0].to_le_bytes());
}

#[test]
fn the_other_scalar_type_is_refused_naming_both() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network");
    network::<f32>().save(&path).unwrap();
    let error = Sequential::<f64>::load(&path).unwrap_err();
    assert!(matches!(&error, Error::ScalarType { found: "f32", wanted: "f64", .. }));
    assert!(
        error.to_string().ends_with("network: holds f32 numbers, but was loaded as f64"),
        "{error}"
    );
    let bytes = network::<f64>().to_bytes().unwrap();
    let error = Sequential::<f32>::from_bytes(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "memory: holds f64 numbers, but was loaded as f32");
}

#[test]
fn a_failed_save_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network");
    let good = network::<f32>();
    good.save(&path).unwrap();
    let own = Sequential::<f32>::input(1).layer(Dense::new(1).activation(Own)).build().unwrap();
    let error = own.save(&path).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("\"own\""), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), good.to_bytes().unwrap());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);

    assert!(matches!(good.save(folder.path().join("no/such/folder")), Err(Error::Io { .. })));
    assert!(matches!(Sequential::<f32>::load(folder.path().join("none")), Err(Error::Io { .. })));
}

#[test]
fn a_truncated_or_extended_file_is_refused() {
    let bytes = network::<f32>().to_bytes().unwrap();
    for length in 0..bytes.len() {
        let error = Sequential::<f32>::from_bytes(&bytes[..length]).unwrap_err();
        assert!(matches!(error, Error::Format { format: "safetensors", .. }), "{length}: {error}");
    }
    let longer = [&bytes[..], &[0; 4]].concat();
    assert!(matches!(Sequential::<f32>::from_bytes(&longer), Err(Error::Format { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    /// A changed bit is either found or gives another valid network; nothing else may happen.
    #[test]
    fn flipped_bits_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 1..4)) {
        let mut bytes = network::<f32>().to_bytes().unwrap();
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        match Sequential::<f32>::from_bytes(&bytes) {
            Ok(network) => prop_assert!(network.parameters().iter().all(|value| value.is_finite())),
            Err(Error::Format { .. } | Error::UnknownName { .. } | Error::ScalarType { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let refused = matches!(Sequential::<f32>::from_bytes(&bytes), Err(Error::Format { .. }));
        prop_assert!(refused);
    }
}

/// A file of these tensors (zeros, f32) whose metadata is a good header after `change`.
fn made(tensors: &[(&str, &[usize])], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let dense = json!({
        "units": 3, "activation": {"name": "relu"}, "kernel_initializer": "zeros",
        "bias_initializer": "zeros", "use_bias": true,
    });
    let mut header = json!({
        "format_version": 1, "crate_version": "0.1.0", "scalar": "f32", "input": [2],
        "layers": [{"kind": "dense", "config": dense}], "link": "identity", "seed": 0,
    });
    change(&mut header);
    let zeros = vec![0; 4 * tensors.iter().map(|t| t.1.iter().product::<usize>()).sum::<usize>()];
    let views = tensors.iter().map(|(name, shape)| {
        let bytes = &zeros[..4 * shape.iter().product::<usize>()];
        (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    let entries = HashMap::from([("blastrain".to_owned(), header.to_string())]);
    safetensors::serialize(views, Some(entries)).unwrap()
}

const DENSE: [(&str, &[usize]); 2] = [("dense_1.weight", &[2, 3]), ("dense_1.bias", &[3])];

#[track_caller]
fn assert_refused(bytes: &[u8], message: &str) {
    let error = Sequential::<f32>::from_bytes(bytes).unwrap_err();
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn a_file_must_hold_its_layers_tensors_and_no_others() {
    Sequential::<f32>::from_bytes(&made(&DENSE, |_| ())).unwrap();
    assert_refused(&made(&DENSE[..1], |_| ()), "the tensor \"dense_1.bias\" is missing");
    let extra = [DENSE[0], DENSE[1], ("dense_2.bias", &[1])];
    assert_refused(
        &made(&extra, |_| ()),
        "1 tensors belong to no layer, the first \"dense_2.bias\"",
    );
    let turned: [(&str, &[usize]); 2] = [("dense_1.weight", &[3, 2]), DENSE[1]];
    assert_refused(&made(&turned, |_| ()), "\"dense_1.weight\" has shape [3, 2], its layer [2, 3]");
    let error = made(&DENSE, |header| header["scalar"] = json!("f64"));
    let error = Sequential::<f64>::from_bytes(&error).unwrap_err();
    assert!(error.to_string().contains("has type F32, the network F64"), "{error}");
}

#[test]
fn claimed_sizes_are_checked_before_room_is_made() {
    let units =
        |units: u64| made(&DENSE, |header| header["layers"][0]["config"]["units"] = json!(units));
    assert_refused(&units(1_000_000_000_000), "its layer [2, 1000000000000]");
    assert_refused(&units(u64::MAX), "units is 18446744073709551615");
    assert_refused(&units(u64::MAX / 2), "units is 9223372036854775807");
    assert_refused(&units(1 << 61), "units is 2305843009213693952");
    assert_refused(&units(0), "units is 0, but must be at least 1");
    let input = |input: Value| made(&DENSE, |header| header["input"] = input);
    assert_refused(&input(json!([u64::MAX, 2])), "fits into memory");
    assert_refused(&input(json!([1u64 << 63])), "units is 3");
    assert_refused(&input(json!([0])), "the network's input is empty");
    assert_refused(&input(json!([-1])), "invalid value");
    let layers = |count: usize| {
        made(&DENSE, |header| {
            let layer = header["layers"][0].clone();
            header["layers"] = Value::from(vec![layer; count]);
        })
    };
    assert_refused(&layers(1000), "the tensor \"dense_2.weight\" is missing");
    assert_refused(&layers(0), "no layers");
}

#[test]
fn a_header_must_be_whole_and_of_this_version() {
    let setting = |kind: &str, config: Value| {
        made(&[], |h| h["layers"] = json!([{ "kind": kind, "config": config }]))
    };
    assert_refused(&setting("dropout", json!({"rate": 1.5})), "rate is 1.5");
    assert_refused(&setting("dropout", json!({"rate": 0.5, "ratio": 1})), "unknown field `ratio`");
    assert_refused(&setting("batch_norm", json!({"momentum": 0.1})), "missing field");
    assert_refused(
        &setting("layer_norm", json!({"epsilon": 0.0, "affine": false})),
        "epsilon is 0",
    );
    assert_refused(&made(&DENSE, |h| h["format_version"] = json!(2)), "format version 2");
    assert_refused(&made(&DENSE, |h| h["scalar"] = json!("bf16")), "unknown scalar type \"bf16\"");
    assert_refused(&made(&DENSE, |h| h["link"] = json!("probit")), "unknown variant `probit`");
    assert_refused(&made(&DENSE, |h| h["extra"] = json!(1)), "unknown field `extra`");
    assert_refused(&made(&DENSE, |h| *h = json!([])), "metadata \"blastrain\"");
    let activation =
        |value: Value| made(&DENSE, |h| h["layers"][0]["config"]["activation"] = value);
    assert_refused(&activation(json!({"name": "swoosh"})), "layer 1 (dense): ");
    assert_refused(&activation(json!({"name": "elu", "setting": -1.0})), "alpha is -1");
    let foreign = safetensors::serialize(Vec::<(&str, TensorView)>::new(), None).unwrap();
    assert_refused(&foreign, "not a network of this crate");
    assert_refused(b"\x80\x02}q\x00X\x07\x00\x00weights", "header");
}

#[test]
fn numbers_that_are_not_finite_are_refused_either_way() {
    let network = network::<f32>();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut bytes = network.to_bytes().unwrap();
        let last = bytes.len() - 4;
        bytes[last..].copy_from_slice(&bad.to_le_bytes());
        assert_refused(&bytes, &format!("\"dense_3.weight\" holds {bad} at position 7"));
    }
}

#[test]
fn an_unknown_kind_lists_the_known_ones() {
    let bytes = made(&DENSE, |header| header["layers"][0]["kind"] = json!("magic"));
    let error = Sequential::<f32>::from_bytes(&bytes).unwrap_err();
    let Error::UnknownName { what: "layer", got, known } = &error else { panic!("{error:?}") };
    assert_eq!(got, "magic");
    for kind in LayerRegistry::default().kinds() {
        assert!(known.contains(kind), "{known}");
    }
}

#[test]
fn layers_beyond_memory_are_refused_when_built() {
    let built = Sequential::<f64>::input(2).dense(usize::MAX).build();
    assert!(matches!(built, Err(Error::Param { name: "units", .. })));
    let built = Sequential::<f64>::input([usize::MAX, 2]).dense(1).build();
    assert!(matches!(built, Err(Error::Shape { .. })));
    let built = Sequential::<f64>::input(usize::MAX / 16).dense(4).build();
    assert!(matches!(built, Err(Error::Param { name: "units", .. })));
}

/// An activation that no registry knows.
#[derive(Debug, Clone, Copy)]
struct Own;

impl<F: Scalar> Activation<F> for Own {
    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn forward(&self, _z: &mut [F]) {}

    fn backward(&self, _saved: &[F], _dy: &mut [F]) {}
}

impl AnyActivation for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn clone_box(&self) -> Box<dyn AnyActivation> {
        Box::new(*self)
    }
}

#[test]
fn a_layer_of_its_own_after_another_stays_one() {
    // Loading does not fuse: what was two layers stays two.
    let network = Sequential::<f32>::input(1)
        .layer(Dense::new(1).activation(blastrain::activation::Relu))
        .layer(ActivationLayer::new(blastrain::activation::Tanh))
        .build()
        .unwrap();
    let loaded = Sequential::<f32>::from_bytes(&network.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded.specs().len(), 2);
}

/// Not the crate's, but it says so.
#[derive(Debug, Clone, Copy)]
struct Impostor;

impl<F: blastrain::Scalar> blastrain::activation::Activation<F> for Impostor {
    fn saved(&self) -> blastrain::activation::Saved {
        blastrain::activation::Saved::Input
    }

    fn forward(&self, z: &mut [F]) {
        z.iter_mut().for_each(|z| *z = *z * *z);
    }

    fn backward(&self, saved: &[F], dy: &mut [F]) {
        dy.iter_mut().zip(saved).for_each(|(dy, &z)| *dy *= z + z);
    }
}

impl blastrain::activation::AnyActivation for Impostor {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn clone_box(&self) -> Box<dyn blastrain::activation::AnyActivation> {
        Box::new(*self)
    }
}

#[test]
fn an_activation_with_a_name_of_the_crates_is_not_saved() {
    let network =
        Sequential::<f64>::input(2).dense(3).activation(Impostor).dense(1).build().unwrap();
    assert!(matches!(network.to_bytes(), Err(Error::Unavailable { .. })));
}
