"""Writes random_state.json: what NumPy's legacy generator and scikit-learn's splits give.

Made with NumPy 2.4.6 and scikit-learn 1.9.1: python tests/parity/random_state.py
Lists too long to keep are given as a digest (FNV-1a over 64-bit words).
"""

import json
import pathlib

import numpy as np
from sklearn.model_selection import train_test_split

MASK = 2**64 - 1
SEEDS = [0, 1, 42, 2**32 - 1]


def digest(numbers, start=0xCBF29CE484222325):
    value = start
    for number in numbers:
        value = ((value ^ int(number)) * 0x100000001B3) & MASK
    return value


def u32(random, n):
    return [int(x) for x in random.randint(0, 2**32, n, dtype=np.uint64)]


def floats(array):
    return [float(x) for x in np.ravel(array)]


def permutation_digests(seed):
    """One generator makes a permutation of every size from 1 to 1000; the digest at each 100th."""
    random = np.random.RandomState(seed)
    value, digests = 0xCBF29CE484222325, []
    for size in range(1, 1001):
        value = digest(random.permutation(size), value)
        if size % 100 == 0:
            digests.append(value)
    return digests


def randints(seed):
    random = np.random.RandomState(seed)
    bounds = [
        (0, 1), (5, 6), (0, 2), (-3, 4), (0, 10), (10, 1000), (-(2**31), 2**31), (0, 2**32), (0, 2**32 - 1),
        (0, 2**32 + 1), (-(2**40), 2**40), (7, 2**62 + 3), (-(2**63), 2**63 - 1), (-(2**63), -(2**63) + 5),
    ]
    rows = []
    for low, high in bounds * 4:
        rows.append([low, high, int(random.randint(low, high, dtype=np.int64))])
    return rows


def intervals(seed):
    """interval(max) is what randint draws from below max + 1, for unsigned numbers too."""
    random = np.random.RandomState(seed)
    rows = []
    for high in [1, 2, 3, 7, 8, 1000, 2**31, 2**32, 2**32 + 1, 2**53, 2**63, 2**63 + 1, 2**64 - 1, 2**64]:
        for _ in range(3):
            rows.append([high - 1, int(random.randint(0, high, dtype=np.uint64))])
    return rows


def stream(seed):
    fresh = lambda: np.random.RandomState(seed)
    mixed = fresh()
    return {
        "seed": seed,
        "u32": u32(fresh(), 12),
        "u32_digest_5000": digest(u32(fresh(), 5000)),
        "double": floats(fresh().random_sample(12)),
        "double_digest_3000": digest(fresh().random_sample(3000).view(np.uint64)),
        "uniform": floats(fresh().uniform(-2.5, 7.25, 12)),
        "randn_5_3": floats(fresh().randn(5, 3)),
        "randn_digest_2000": digest(fresh().randn(2000).view(np.uint64)),
        "normal": floats(fresh().normal(3.5, 0.25, 7)),
        # Words between the normals: the cached one must survive them.
        "mixed": [float(mixed.standard_normal()), u32(mixed, 1)[0], float(mixed.standard_normal()),
                  float(mixed.random_sample()), float(mixed.standard_normal()), u32(mixed, 1)[0]],
        "randint": randints(seed),
        "interval": intervals(seed),
        "permutation_17": fresh().permutation(17).tolist(),
        "permutation_digests": permutation_digests(seed),
        "choice": [[n, k, np.random.RandomState(seed).choice(n, k, replace=False).tolist()]
                   for n, k in [(1, 1), (5, 0), (5, 5), (30, 7)]],
    }


def array_seeds():
    seeds = [2**32, 2**32 + 42, 2**64 - 1, 0x0123456789ABCDEF]
    return [[s, u32(np.random.RandomState([s & 0xFFFFFFFF, s >> 32]), 5)] for s in seeds]


def saved_state():
    random = np.random.RandomState(5)
    random.random_sample(700)
    random.standard_normal()
    _, key, position, has_gauss, cached = random.get_state()
    assert has_gauss == 1
    return {"key_digest": digest(key), "position": int(position), "cached_gaussian": float(cached),
            "next": floats(random.standard_normal(3))}


def split(labels, rows, fraction, seed, keep):
    """The digest is over the training part's length, both parts, and the generator's next word."""
    random = np.random.RandomState(seed)
    stratify = None if labels is None else np.array(labels)
    train, test = train_test_split(np.arange(rows), test_size=fraction, random_state=random, stratify=stratify)
    numbers = [len(train), *train, *test, *u32(random, 1)]
    case = {"rows": rows, "fraction": fraction, "seed": seed, "digest": digest(numbers)}
    if keep:
        case |= {"train": train.tolist(), "test": test.tolist()}
    return case


def plain_splits():
    cases = []
    for rows in [2, 3, 5, 10, 100, 1797]:
        for fraction in [0.1, 0.2, 0.25, 1 / 3, 0.33, 0.5, 0.7]:
            for seed in SEEDS:
                if rows - int(np.ceil(fraction * rows)) > 0:
                    cases.append(split(None, rows, fraction, seed, keep=rows <= 5))
    return cases


def label_sets():
    drawn = np.random.RandomState(1234)
    return {
        "two equal": [0, 1] * 10,
        "largest first": [9] * 5 + [2] * 7 + [4] * 3,
        "interleaved": [3, 1, 2, 1, 3, 3, 2, 1, 0, 0, 3, 1, 2, 3],
        "all tied": [5, 4, 3, 2, 1, 0] * 5,
        "tied in groups": [0] * 3 + [1] * 3 + [2] * 3 + [3] * 5 + [4] * 5 + [5] * 7,
        "pairs": [7, 6, 5, 4, 7, 6, 5, 4],
        "rare class": [0] * 93 + [1] * 2 + [2] * 5,
        "huge labels": [10**15, 3, 10**15, 3, 3, 10**12, 10**12, 3, 10**15],
        "ten classes": drawn.randint(0, 10, 500).tolist(),
        "unbalanced": drawn.choice([0, 1, 2], size=300, p=[0.7, 0.25, 0.05]).tolist(),
        "fifty classes": [int(x) for x in drawn.permutation(np.repeat(np.arange(50), np.arange(50) % 7 + 2))],
    }


def stratified_splits():
    sets = []
    for name, labels in label_sets().items():
        cases = []
        for fraction in [0.1, 0.2, 0.25, 1 / 3, 0.4, 0.5, 0.62, 0.8]:
            for seed in SEEDS + [7, 2024]:
                try:
                    cases.append(split(labels, len(labels), fraction, seed, keep=len(labels) < 10))
                except ValueError as error:
                    assert "number of classes" in str(error), error
        assert cases, name
        sets.append({"name": name, "labels": labels, "cases": cases})
    return sets


def splitmix(word):
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def keyed_streams():
    """The crate's own definition, in whole numbers of any size: a guard against change."""
    gamma, rows = 0x9E3779B97F4A7C15, []
    for seed, layer, step, position in [(0, 0, 0, 0), (42, 1, 1000, 7), (MASK, 2**32 - 1, MASK, MASK), (42, 7, 1, 1000)]:
        key = splitmix((seed + gamma) & MASK)
        for part in [layer, step, position]:
            key = splitmix(((key + gamma) & MASK) ^ part)
        words = [splitmix((key + (k + 1) * gamma) & MASK) for k in range(3)]
        values = [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
        rows.append([seed, layer, step, position, values])
    return rows


def main():
    golden = {
        "streams": [stream(seed) for seed in SEEDS],
        "array_seeds": array_seeds(),
        "saved_state": saved_state(),
        "keyed_streams": keyed_streams(),
        "splits": plain_splits(),
        "stratified": stratified_splits(),
    }
    # One line a case keeps differences readable.
    parts = []
    for name, value in golden.items():
        if isinstance(value, dict):
            parts.append(f" {json.dumps(name)}: {json.dumps(value)}")
        else:
            lines = ",\n  ".join(json.dumps(item) for item in value)
            parts.append(f" {json.dumps(name)}: [\n  {lines}\n ]")
    path = pathlib.Path(__file__).with_name("random_state.json")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
