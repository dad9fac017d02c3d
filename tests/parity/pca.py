"""PCA of scikit-learn 1.9.1 (full SVD) on the crate's data sets, written to pca.json beside this file."""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.decomposition import PCA

assert sklearn.__version__ == "1.9.1"
DATA = {"iris": load_iris().data, "wine": load_wine().data, "digits": load_digits().data}
# Data set, rows used (a stride), number of components or share of variance, whiten.
CASES = [
    ("iris", 1, None, False), ("iris", 1, 2, False), ("iris", 1, 3, True), ("iris", 1, 0.95, False), ("iris", 1, 0.5, True),
    ("wine", 1, None, False), ("wine", 1, None, True), ("wine", 1, 5, True), ("wine", 1, 0.999, False),
    ("digits", 1, 6, False), ("digits", 1, 7, True), ("digits", 1, 0.6, False),
    # Fewer rows than columns.
    ("digits", 100, 7, False), ("wine", 25, 4, True),
]


def case(name, stride, n_components, whiten):
    features = DATA[name][::stride]
    pca = PCA(n_components, whiten=whiten, svd_solver="full").fit(features)
    some = features[:: max(1, len(features) // 5)]
    projected = pca.transform(some)
    return {
        "data": name, "stride": stride, "n_components": n_components, "whiten": whiten,
        "mean": pca.mean_.tolist(), "components": pca.components_.tolist(),
        "explained_variance": pca.explained_variance_.tolist(),
        "explained_variance_ratio": pca.explained_variance_ratio_.tolist(),
        "singular_values": pca.singular_values_.tolist(), "noise_variance": float(pca.noise_variance_),
        "every": max(1, len(features) // 5), "projected": projected.tolist(),
        "back": pca.inverse_transform(projected).tolist(),
        "names": pca.get_feature_names_out().tolist(),
    }


path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(json.dumps(case(*settings), separators=(",", ":")) for settings in CASES) + "\n]\n")
print(path.stat().st_size, "bytes")
