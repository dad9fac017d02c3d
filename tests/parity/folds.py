"""Folds of scikit-learn 1.9.1's splitters, written to folds.json beside this file.

Each case holds the splitter, its settings, rows or labels, and the folds as scikit-learn gives them
(`folds`: [train, test] pairs; beyond 12 rows their FNV-1a digest only), or that it raises (`error`).
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit

assert sklearn.__version__ == "1.9.1"
MASK = (1 << 64) - 1


def digest(folds):
    value = 0xCBF29CE484222325
    for train, test in folds:
        for word in [len(train), *train, len(test), *test]:
            value = ((value ^ word) * 0x100000001B3) & MASK
    return value


def run(splitter, rows, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            [train.tolist(), test.tolist()] for train, test in splitter().split(np.zeros(rows), labels)
        ]


def case(name, rows, labels, make, **settings):
    result = {"splitter": name, "rows": rows, **settings}
    if labels is not None:
        result["labels"] = labels
    try:
        folds = run(make, rows, labels)
    except ValueError as error:
        result["error"] = str(error)[:40]
        return result
    result["digest"] = digest(folds)
    if rows <= 12:
        result["folds"] = folds
    return result


def k_fold():
    for rows in [1, 2, 3, 5, 10, 23, 150, 1000]:
        for k in [1, 2, 3, 5, 10]:
            for seed in [None, 0, 42]:
                shuffle = seed is not None
                yield case("k_fold", rows, None, lambda: KFold(k, shuffle=shuffle, random_state=seed), k=k, seed=seed)


def label_sets():
    random = np.random.RandomState(7)
    yield [0, 0, 1, 1, 0, 0]
    yield [2, 2, 0, 1, 0, 1, 2, 0, 1, 2, 2, 2]
    yield [9, 4, 9, 4, 4, 9, 9, 9, 4, 9, 9]
    yield [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    yield [0, 1, 2, 3]
    yield [3, 3, 3, 3, 3]
    yield [5, 5, 1, 1, 1, 7, 7, 7, 7, 1, 1, 5, 1, 1, 1, 1, 1, 1, 1, 7, 1, 1, 1]
    yield load_iris().target.tolist()
    yield load_breast_cancer().target.tolist()
    yield random.choice(6, size=200, p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.02]).tolist()
    yield random.permutation([0] * 17 + [1] * 17 + [2] * 16).tolist()


def stratified_k_fold():
    for labels in label_sets():
        for k in [1, 2, 3, 5, 10]:
            for seed in [None, 0, 42]:
                shuffle = seed is not None
                yield case("stratified_k_fold", len(labels), labels, lambda: StratifiedKFold(k, shuffle=shuffle, random_state=seed), k=k, seed=seed)


SIZES = [(None, None), (0.2, None), (None, 0.7), (0.3, 0.5), (0.3, 0.7), (3, None), (None, 4), (2, 5), (0.4, 6), (4, 0.5),
         (0.6, 0.6), (0, None), (None, 0), (1.0, None), (0.0, None), (None, 1.0), (1000, None), (None, 1000), (6, 6), (0.05, 0.05)]


def shuffle_splits():
    for rows in [1, 2, 10, 11, 150]:
        for test, train in SIZES:
            for seed in [0, 42]:
                yield case("shuffle_split", rows, None, lambda: ShuffleSplit(3, test_size=test, train_size=train, random_state=seed),
                           n_splits=3, test=test, train=train, seed=seed)
    for labels in label_sets():
        for test, train in SIZES:
            yield case("stratified_shuffle_split", len(labels), labels,
                       lambda: StratifiedShuffleSplit(4, test_size=test, train_size=train, random_state=42),
                       n_splits=4, test=test, train=train, seed=42)


cases = [*k_fold(), *stratified_k_fold(), *shuffle_splits()]
# Each set of labels once.
sets = []
for entry in cases:
    if "labels" in entry:
        if entry["labels"] not in sets:
            sets.append(entry["labels"])
        entry["labels"] = sets.index(entry["labels"])
text = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in cases)
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text('{"labels":%s,\n"cases":[\n%s]}\n' % (json.dumps(sets, separators=(",", ":")), text))
print(path.stat().st_size, "bytes", len(cases), "cases", sum("error" in entry for entry in cases), "errors")
