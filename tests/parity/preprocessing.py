"""Writes preprocessing.json: matrices scaled by scikit-learn 1.9.1 (numpy 2.4).

Run: python tests/parity/preprocessing.py
"""

import json
import pathlib

import numpy as np
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, StandardScaler

rng = np.random.RandomState(7)


def listed(value):
    return None if value is None else np.asarray(value).tolist()


def matrix(rows, columns):
    features = rng.normal(size=(rows, columns)) * 10.0 ** rng.randint(-3, 4, columns)
    return np.round(features + rng.normal(size=columns) * 5, 6)


def awkward(rows):
    """Columns that are constant, nearly so, huge, tiny, or far from zero."""
    noise = rng.normal(size=rows)
    return np.column_stack(
        [
            np.full(rows, 0.1),
            np.zeros(rows),
            np.full(rows, 1e16 / 3),
            1e9 + noise,
            1.0 + 1e-15 * rng.randint(0, 2, rows),
            1e-15 * rng.randint(0, 2, rows),
            1e-9 * noise,
            1e12 * noise,
        ]
    )


def min_max_case(features, new, feature_range, clip):
    scaler = MinMaxScaler(feature_range=feature_range, clip=clip).fit(features)
    scaled = scaler.transform(new)
    return dict(
        features=listed(features),
        new=listed(new),
        range=listed(feature_range),
        clip=clip,
        scale=listed(scaler.scale_),
        offset=listed(scaler.min_),
        scaled=listed(scaled),
        back=listed(scaler.inverse_transform(scaled)),
    )


def standard_case(features, new, weights, with_mean, with_std):
    scaler = StandardScaler(with_mean=with_mean, with_std=with_std)
    scaler.fit(features, sample_weight=weights)
    scaled = scaler.transform(new)
    return dict(
        features=listed(features),
        new=listed(new),
        weights=listed(weights),
        with_mean=with_mean,
        with_std=with_std,
        mean=listed(scaler.mean_),
        variance=listed(scaler.var_),
        scale=listed(scaler.scale_),
        scaled=listed(scaled),
        back=listed(scaler.inverse_transform(scaled)),
    )


min_max, standard = [], []
for rows, columns in [(1, 2), (2, 3), (11, 4)]:
    features, new = matrix(rows, columns), matrix(3, columns)
    for feature_range in [(0.0, 1.0), (-2.5, 0.1)]:
        for clip in [False, True]:
            min_max.append(min_max_case(features, new, feature_range, clip))
    weights = np.round(rng.uniform(0, 2, rows), 3)
    weights[rows // 2] = 1.5
    for chosen in [None, weights]:
        for with_mean in [True, False]:
            for with_std in [True, False]:
                standard.append(standard_case(features, new, chosen, with_mean, with_std))
features = awkward(9)
weights = rng.randint(0, 3, 9).astype(float)
min_max.append(min_max_case(features, features[:3], (0.0, 1.0), False))
standard.append(standard_case(features, features[:3], None, True, True))
standard.append(standard_case(features, features[:3], weights, True, True))

labels = []
for values in [["b", "a", "ä", "B", "a", ""], [3, -2, 3, 10], [True, False, True]]:
    encoder = LabelEncoder().fit(values)
    labels.append(
        dict(
            labels=values,
            classes=encoder.classes_.tolist(),
            indices=encoder.transform(values).tolist(),
        )
    )

path = pathlib.Path(__file__).with_suffix(".json")
text = json.dumps(dict(min_max=min_max, standard=standard, labels=labels), separators=(",", ":"))
path.write_text(text.replace("},{", "},\n{") + "\n")
print(path, len(text))
