"""Numbers for src/search/halving_schedule.rs and tests/halving.rs: scikit-learn's successive halving.
Run: python halving.py > halving.json (scikit-learn 1.9.1)."""
import itertools
import json
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import load_wine
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")


class Regressor(RegressorMixin, BaseEstimator):
    def __init__(self, setting=0, epochs=1):
        self.setting = setting
        self.epochs = epochs

    def fit(self, x, y):
        return self

    def score(self, x, y):
        return float(self.setting)


class Classifier(ClassifierMixin, Regressor):
    def score(self, x, y):
        return float(self.setting)


def schedule(rows, classes, candidates, resource="n_samples", splits=5, **settings):
    estimator = Classifier() if classes else Regressor()
    y = np.arange(rows) % classes if classes else np.arange(rows) / 7.0
    search = HalvingGridSearchCV(
        estimator, {"setting": list(range(candidates))}, resource=resource, cv=KFold(splits), refit=False,
        random_state=0, **settings,
    )
    case = {
        "rows": rows, "classes": classes, "candidates": candidates, "splits": splits,
        "epochs": resource == "epochs", **settings,
    }
    try:
        search.fit(np.zeros((rows, 1)), y)
    except ValueError as error:
        assert "is greater" in str(error), error
        return {**case, "refused": True}
    return {
        **case,
        "n_resources": [int(n) for n in search.n_resources_],
        "n_candidates": [int(n) for n in search.n_candidates_],
        "n_iterations": int(search.n_iterations_),
        "n_required_iterations": int(search.n_required_iterations_),
        "n_possible_iterations": int(search.n_possible_iterations_),
        "n_remaining_candidates": int(search.n_remaining_candidates_),
        "last_min_resources": float(search.min_resources_),
        "last_max_resources": int(search.max_resources_),
    }


def schedules():
    cases = []
    for factor, lowest, aggressive in itertools.product([3, 2, 4, 1.5, 2.7], ["exhaust", "smallest", 20], [False, True]):
        settings = {"factor": factor, "min_resources": lowest, "aggressive_elimination": aggressive}
        cases += [schedule(rows, classes, candidates, **settings) for rows, classes, candidates in
                  [(150, 3, 6), (1000, 2, 9), (442, 0, 81)]]
        cases += [schedule(60, 0, candidates, resource="epochs", max_resources=most, **settings) for candidates, most in
                  [(27, 200), (243, 81), (1, 50)]]
    # Powers whose logarithms are rounded, too few rows, a bound below all rows, other numbers of folds.
    cases += [schedule(3000, 0, 3**power) for power in range(7)]
    cases += [schedule(3000, 0, 10**power, factor=10) for power in range(4)]
    cases += [schedule(29, 3, 5), schedule(30, 3, 5), schedule(31, 3, 5), schedule(500, 2, 20, max_resources=300, splits=3)]
    cases += [schedule(40, 0, 12, min_resources=41), schedule(40, 0, 12, min_resources=40, aggressive_elimination=True)]
    return cases


def by_epochs():
    """Settings at which no two candidates tie where the list is cut."""
    x, y = load_wine(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPClassifier(learning_rate_init=0.01, random_state=42, tol=1e-3))
    grid = {
        "mlpclassifier__hidden_layer_sizes": [(3,), (6,), (10,)],
        "mlpclassifier__solver": ["sgd", "adam"],
        "mlpclassifier__alpha": [1e-4, 3.0],
    }
    search = HalvingGridSearchCV(
        model, grid, resource="mlpclassifier__max_iter", max_resources=60, min_resources=6, factor=3,
        cv=StratifiedKFold(3), scoring="neg_log_loss", refit=False,
    )
    found = search.fit(x, y).cv_results_
    entries = []
    for i, params in enumerate(found["params"]):
        params = {name.removeprefix("mlpclassifier__"): value for name, value in params.items()}
        entries.append({
            "iter": int(found["iter"][i]),
            "n_resources": int(found["n_resources"][i]),
            "max_iter": params.pop("max_iter"),
            "params": params,
            "test": [float(found[f"split{fold}_test_score"][i]) for fold in range(3)],
            "train": [float(found[f"split{fold}_train_score"][i]) for fold in range(3)],
            "rank": int(found["rank_test_score"][i]),
        })
    return {"entries": entries, "best": int(search.best_index_), "n_candidates": [int(n) for n in search.n_candidates_]}


text = json.dumps({"schedules": schedules(), "by_epochs": by_epochs()})
print(text.replace('{"rows"', '\n{"rows"').replace('{"iter"', '\n{"iter"').replace(', "by_epochs"', ',\n"by_epochs"'))
