"""One-hot and ordinal encodings of scikit-learn 1.9.1, written to encoders.json beside this file."""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

assert sklearn.__version__ == "1.9.1"
TEXTS = [["red", "S", "yes"], ["blue", "XL", "no"], ["green", "M", "yes"], ["blue", "S", "yes"], ["Red", "L", "no"]]
NEW = [["blue", "M", "no"], ["violet", "S", "yes"], ["green", "XXL", "perhaps"]]
KNOWN = [["blue", "M", "no"], ["red", "XL", "yes"]]
NUMBERS = [[3, -1], [10, 7], [3, 7], [-2, 0]]
NEW_NUMBERS = [[10, -1], [4, 0]]
SIZES = ["S", "M", "L", "XL"]
GIVEN = [["red", "green", "blue", "Red", "teal"], SIZES, ["no", "yes"]]
ONE = [["same", "a"], ["same", "b"]]


def array(rows):
    return np.array(rows, dtype=object if isinstance(rows[0][0], str) else np.int64)


def case(values, new, encoder, settings):
    result = {"values": values, "new": new, **settings}
    try:
        encoder.fit(array(values))
        encoded = encoder.transform(array(new))
    except ValueError as error:
        result["error"] = str(error)[:40]
        return result
    result["categories"] = [categories.tolist() for categories in encoder.categories_]
    result["encoded"] = encoded.tolist()
    result["back"] = encoder.inverse_transform(encoded).tolist()
    result["names"] = [str(name) for name in encoder.get_feature_names_out([f"c{i}" for i in range(len(values[0]))])]
    return result


def one_hot():
    for values, new in [(TEXTS, KNOWN), (TEXTS, NEW), (NUMBERS, NEW_NUMBERS), (NUMBERS, NUMBERS), (ONE, ONE)]:
        for drop in [None, "first", "if_binary"]:
            for unknown in ["error", "ignore"]:
                encoder = OneHotEncoder(drop=drop, handle_unknown=unknown, sparse_output=False)
                yield case(values, new, encoder, {"drop": drop, "ignore": unknown == "ignore"})
    for unknown in ["error", "ignore"]:
        encoder = OneHotEncoder(categories=GIVEN, handle_unknown=unknown, sparse_output=False)
        yield case(TEXTS, NEW if unknown == "ignore" else KNOWN, encoder, {"drop": None, "ignore": unknown == "ignore", "given": GIVEN})
    short = [["red"], SIZES, ["no", "yes"]]
    yield case(TEXTS, KNOWN, OneHotEncoder(categories=short, sparse_output=False), {"drop": None, "ignore": False, "given": short})


def ordinal():
    for values, new in [(TEXTS, KNOWN), (TEXTS, NEW), (NUMBERS, NEW_NUMBERS), (NUMBERS, NUMBERS), (ONE, ONE)]:
        for unknown in [None, -1, 99, 1]:
            how = "error" if unknown is None else "use_encoded_value"
            yield case(values, new, OrdinalEncoder(handle_unknown=how, unknown_value=unknown), {"unknown": unknown})
    yield case(TEXTS, KNOWN, OrdinalEncoder(categories=GIVEN), {"unknown": None, "given": GIVEN})
    yield case(TEXTS, NEW, OrdinalEncoder(categories=GIVEN, handle_unknown="use_encoded_value", unknown_value=-1), {"unknown": -1, "given": GIVEN})


def table():
    """A table with missing values, fitted on its first rows and applied to all."""
    rows = [
        [39, "State-gov", "Bachelors", 1.5], [None, "Private", "HS-grad", 2.0], [28, "Private", "Masters", None],
        [37, None, "HS-grad", -4.25], [52, "Self-emp", "Bachelors", 0.1], [31, "Retired", "HS-grad", None],
    ]
    fitted_rows = 4
    features = np.array(rows, dtype=object)
    features[features[:, 1] == None, 1] = "missing"  # noqa: E711
    numbers = features[:, [0, 3]].astype(float)
    features[:, 0], features[:, 3] = numbers[:, 0], numbers[:, 1]
    results = {}
    for strategy in ["mean", "median", "constant"]:
        transformer = ColumnTransformer([
            ("age", SimpleImputer(strategy=strategy, fill_value=-7.0), [0]),
            ("workclass", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [1]),
            ("education", OrdinalEncoder(categories=[["HS-grad", "Bachelors", "Masters"]]), [2]),
            ("gain", SimpleImputer(strategy=strategy, fill_value=-7.0), [3]),
        ]).fit(features[:fitted_rows])
        results[strategy] = transformer.transform(features).astype(float).tolist()
    return {"rows": rows, "fitted_rows": fitted_rows, "encoded": results}


path = pathlib.Path(__file__).with_suffix(".json")
cases = {"one_hot": list(one_hot()), "ordinal": list(ordinal()), "table": table()}
path.write_text(json.dumps(cases, separators=(",", ":")).replace('},{"values"', '},\n{"values"') + "\n")
print(path.stat().st_size, "bytes", {kind: (len(all), sum("error" in one for one in all)) for kind, all in cases.items() if kind != "table"})
