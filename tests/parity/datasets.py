"""What the data sets of the crate must equal: scikit-learn 1.9.1's load_* functions.

Writes datasets.json. The hash is FNV-1a over the little-endian float64 bytes, so it shows every bit.
"""

import json
import pathlib

import numpy as np
from sklearn import datasets


def fnv1a(values):
    value = 0xCBF29CE484222325
    for byte in np.ascontiguousarray(values, dtype="<f8").tobytes():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return f"{value:016x}"


def describe(bunch):
    record = {
        "shape": bunch.data.shape,
        "feature_names": [str(name) for name in bunch.feature_names],
        "first": bunch.data[0].tolist(),
        "last": bunch.data[-1].tolist(),
        "data_fnv1a": fnv1a(bunch.data),
        "target_fnv1a": fnv1a(bunch.target),
    }
    if "target_names" in bunch:
        record["class_names"] = [str(name) for name in bunch.target_names]
        record["class_counts"] = np.bincount(bunch.target).tolist()
    return record


def main():
    names = ["iris", "breast_cancer", "wine", "digits", "diabetes"]
    records = {name: describe(getattr(datasets, f"load_{name}")()) for name in names}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    main()
