"""Numbers for tests/grid_search.rs and tests/randomized_search.rs: scikit-learn's GridSearchCV and ParameterSampler.
Run: python grid_search.py > grid_search.json (scikit-learn 1.9.1)."""
import json
import warnings

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_iris, load_wine
from sklearn.model_selection import GridSearchCV, ParameterSampler, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
SCORING = ["accuracy", "neg_log_loss"]


def numbers(values):
    return [None if np.isnan(value) else float(value) for value in values]


def run(load, scaled, grid, splits):
    x, t = load(return_X_y=True)
    x, x_test, t, t_test = train_test_split(x, t, test_size=0.2, random_state=42)
    model = MLPClassifier(max_iter=60, learning_rate_init=0.01, random_state=42)
    prefix = ""
    if scaled:
        model, prefix = make_pipeline(StandardScaler(), model), "mlpclassifier__"
    grids = [{prefix + name: values for name, values in one.items()} for one in grid]
    cv = StratifiedKFold(splits)
    search = GridSearchCV(model, grids, scoring=SCORING, refit="accuracy", cv=cv, return_train_score=True)
    search.fit(x, t)
    found = search.cv_results_
    metrics = {}
    for name in SCORING:
        part = {"rank": found[f"rank_test_{name}"].tolist()}
        for kind in ["test", "train"]:
            part[f"mean_{kind}"] = numbers(found[f"mean_{kind}_{name}"])
            part[f"std_{kind}"] = numbers(found[f"std_{kind}_{name}"])
            part[f"splits_{kind}"] = [numbers(found[f"split{fold}_{kind}_{name}"]) for fold in range(splits)]
        metrics[name] = part
    plain = lambda params: {name.removeprefix(prefix): params[name] for name in params}
    return {
        "params": [plain(params) for params in found["params"]],
        "metrics": metrics,
        "best_index": int(search.best_index_),
        "best_score": float(search.best_score_),
        "best_params": plain(search.best_params_),
        "test_score": float((search.predict(x_test) == t_test).mean()),
    }


def sampled(axes, n_iter, seed):
    draws = ParameterSampler(axes, n_iter, random_state=seed)
    return [{name: getattr(value, "item", lambda: value)() for name, value in draw.items()} for draw in draws]


grid = {"hidden_layer_sizes": [(6,), (10,)], "activation": ["tanh", "relu"], "alpha": [1e-4, 1.0]}
# No unit in a layer: every fit of this candidate fails.
failing = {"hidden_layer_sizes": [(0,)]}
choices = {"b": [10, 20, 30, 40], "a": ["x", "y", "z"]}
print(json.dumps({
    "iris": run(load_iris, False, [grid, failing], 3),
    "wine": run(load_wine, True, [grid, {"alpha": [3.0], "solver": ["sgd", "adam"]}], 4),
    "sampled": {
        "choices": sampled(choices, 5, 7),
        "all choices": sampled(choices, 12, 7),
        "mixed": sampled(
            {"alpha": loguniform(1e-5, 1e-1), "units": randint(4, 65), "momentum": uniform(0.25, 0.5), **choices}, 6, 11
        ),
        "rare": sampled({"a": list(range(50)), "b": list(range(50))}, 5, 3),
    },
}, indent=1))
