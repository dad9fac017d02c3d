"""Numbers for tests/sweep_reference.rs: scikit-learn's GridSearchCV on the grid of examples/grid_search.
Run: OPENBLAS_NUM_THREADS=1 python sweep.py [--pipeline] [iris wine breast_cancer digits] (scikit-learn 1.9.1).
Puts what it was asked for into sweep.json beside it, and the seconds on stderr; all four take some ten minutes.

Per candidate and fold: test rows predicted correctly, epochs, and the last training loss."""
import json
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler
from threadpoolctl import threadpool_info

warnings.filterwarnings("ignore")  # many fits end at max_iter; the workers inherit it

GRID = {
    "hidden_layer_sizes": [(10,), (20,), (30,)],
    "activation": ["tanh", "relu"],
    "solver": ["sgd", "adam"],
    "alpha": [1e-4, 1e-3, 1e-2],
    "learning_rate": ["constant", "adaptive"],
}
FOLDS = 3


def scores(model, x, t):
    network = model[-1] if isinstance(model, Pipeline) else model
    correct = int((model.predict(x) == t).sum())
    return {"accuracy": correct / len(t), "correct": correct, "epochs": network.n_iter_, "loss": network.loss_}


def run(name, pipeline):
    x, t = getattr(datasets, f"load_{name}")(return_X_y=True)
    model, prefix = MLPClassifier(max_iter=1000, random_state=42), ""
    if pipeline:
        model, prefix = Pipeline([("scale", MinMaxScaler()), ("mlp", model)]), "mlp__"
    else:
        x = MinMaxScaler().fit_transform(x)
    x, x_test, t, t_test = train_test_split(x, t, test_size=0.2, random_state=42)
    grid = {prefix + axis: values for axis, values in GRID.items()}
    search = GridSearchCV(model, grid, scoring=scores, refit="accuracy", cv=FOLDS, n_jobs=2)
    start = time.perf_counter()
    search.fit(x, t)
    seconds = time.perf_counter() - start
    print(f"{name}{' --pipeline' * pipeline}: {seconds:.1f} s", file=sys.stderr, flush=True)
    found = search.cv_results_
    column = lambda what, kind: [[kind(found[f"split{f}_test_{what}"][c]) for f in range(FOLDS)] for c in range(72)]
    return {
        "mean_scores": found["mean_test_accuracy"].tolist(),
        "correct": column("correct", int),
        "epochs": column("epochs", int),
        "losses": column("loss", float),
        "best_index": int(search.best_index_),
        "best_score": float(search.best_score_),
        "best_params": {axis.removeprefix(prefix): value for axis, value in search.best_params_.items()},
        "test_score": float(np.mean(search.predict(x_test) == t_test)),
    }


def compact(value, indent=0):
    """JSON with one line per list of a data set."""
    if indent == 3 or not isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    inner = ",\n".join(f"{' ' * (indent + 1)}{json.dumps(k)}: {compact(v, indent + 1)}" for k, v in value.items())
    return f"{{\n{inner}\n{' ' * indent}}}"


if __name__ == "__main__":
    file = Path(os.environ.get("SWEEP_JSON", Path(__file__).with_suffix(".json")))
    pipeline = "--pipeline" in sys.argv
    for name in [a for a in sys.argv[1:] if a != "--pipeline"] or ["iris", "wine", "breast_cancer", "digits"]:
        result = run(name, pipeline)
        known = json.loads(file.read_text()) if file.exists() else {}
        kernels = {pool["architecture"] for pool in threadpool_info() if pool["internal_api"] == "openblas"}
        known["made_with"] = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, OpenBLAS for {', '.join(kernels)}"
        known.setdefault("pipeline" if pipeline else "plain", {})[name] = result
        file.write_text(compact(known) + "\n")
