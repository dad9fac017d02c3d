"""Writes mlp.json and mlp.npz: fits of scikit-learn 1.9.1's MLPClassifier and MLPRegressor in float64.

Run: python tests/parity/mlp.py

Every case names its data, its settings as scikit-learn spells them, and what the fit came to. Features are min-max
scaled over all rows; a stratified fifth (for diabetes a plain one) of the rows, drawn with seed 42, is for testing.
The archive holds, under the case's name, test probabilities (float32) or, behind a regression, predictions (float64).
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import MinMaxScaler

warnings.simplefilter("ignore")

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
CURVE = 50

# What every fit on a data set shares.
COMMON = {
    "iris": dict(hidden_layer_sizes=[20], alpha=1e-4, max_iter=200),
    "digits": dict(hidden_layer_sizes=[20], alpha=1e-3, max_iter=60),
    "breast_cancer": dict(hidden_layer_sizes=[20], alpha=1e-2, max_iter=60, batch_size=32),
    "wine": dict(hidden_layer_sizes=[16, 8], alpha=1.0, max_iter=150),
    "diabetes": dict(hidden_layer_sizes=[20], alpha=0.1, max_iter=100),
}
# What a solver's fits share: classifiers, regressor.
SOLVERS = {
    "constant": (
        dict(solver="sgd", learning_rate="constant", learning_rate_init=0.1),
        dict(solver="sgd", learning_rate="constant", learning_rate_init=1e-5),
    ),
    "invscaling": (
        dict(solver="sgd", learning_rate="invscaling", learning_rate_init=0.5, power_t=0.25),
        dict(solver="sgd", learning_rate="invscaling", learning_rate_init=1e-5, power_t=0.1),
    ),
    "adaptive": (
        dict(solver="sgd", learning_rate="adaptive", learning_rate_init=0.2, tol=2e-3, n_iter_no_change=2),
        dict(solver="sgd", learning_rate="adaptive", learning_rate_init=2e-5, tol=20.0, n_iter_no_change=2),
    ),
    "adam": (
        dict(solver="adam", learning_rate_init=0.01),
        dict(solver="adam", learning_rate_init=0.05),
    ),
}


def load(name):
    """Features, targets, training rows, test rows."""
    bunch = getattr(datasets, f"load_{name}")()
    features = MinMaxScaler().fit_transform(bunch.data)
    strata = None if name == "diabetes" else bunch.target
    rows = np.arange(len(features))
    train, test = train_test_split(rows, test_size=0.2, random_state=42, stratify=strata)
    return features, bunch.target, train, test


def flags(labels):
    """Three flags a row: at least 1, at least 2, odd."""
    return np.column_stack([labels >= 1, labels >= 2, labels % 2 == 1]).astype(int)


def two_outputs(values):
    return np.column_stack([values / 100.0, np.sqrt(values) - 10.0])


def row_weights(rows):
    """Weights from 0 to 2 that follow from the row's place."""
    return (rows * 7 % 5) * 0.5


class Record:
    def __init__(self):
        self.cases = []
        self.arrays = {}
        self.data = {name: load(name) for name in COMMON}

    def add(self, name, data, model, settings, test_features, **more):
        classifier = isinstance(model, MLPClassifier)
        case = {"name": name, "data": data, "settings": settings, **more}
        case["n_iter"] = int(model.n_iter_)
        case["loss"] = float(model.loss_)
        if settings.get("solver") != "lbfgs":
            case["loss_curve"] = [float(loss) for loss in model.loss_curve_[:CURVE]]
            case["epochs"] = len(model.loss_curve_)
            case["best_loss"] = None if model.best_loss_ is None else float(model.best_loss_)
            case["t"] = int(model.t_)
            case["learning_rate"] = float(model._optimizer.learning_rate)
            if model.validation_scores_ is not None:
                case["validation_scores"] = [float(score) for score in model.validation_scores_]
                case["best_validation_score"] = float(model.best_validation_score_)
        case["norms"] = [float(np.linalg.norm(coef)) for coef in model.coefs_]
        case["last_intercepts"] = model.intercepts_[-1].tolist()
        case["first_weights"] = model.coefs_[0].ravel()[:4].tolist()
        if classifier:
            predicted = np.asarray(model.predict(test_features))
            case["predictions"] = predicted.tolist()
            self.arrays[name] = model.predict_proba(test_features).astype(np.float32)
        else:
            predicted = np.asarray(model.predict(test_features), dtype=float)
            self.arrays[name] = predicted.reshape(len(test_features), -1)
        self.cases.append(case)

    def fit(self, name, data, settings, targets=None, weighted=False, task=None, first=None, **more):
        """One fit; `first` holds the settings of a fit that it warm-starts from."""
        features, labels, train, test = self.data[data]
        labels = labels if targets is None else targets(labels)
        kind = MLPRegressor if (task or data) in ("diabetes", "regression") else MLPClassifier
        settings = dict(COMMON[data], random_state=42) | settings
        weights = row_weights(train) if weighted else None
        model = kind(**settings)
        if first is not None:
            model.set_params(warm_start=True, **first)
            model.fit(features[train], labels[train], sample_weight=weights)
            model.set_params(**settings)
            more["first"] = first
        if weighted:
            more["weighted"] = True
        model.fit(features[train], labels[train], sample_weight=weights)
        self.add(name, data, model, settings, features[test], **more)

    def partial(self, name, data, settings, calls, state):
        """`calls` calls of partial_fit, on the first and the second half of the rows by turns."""
        features, labels, train, test = self.data[data]
        settings = {key: value for key, value in COMMON[data].items() if key != "max_iter"} | settings
        stream = np.random.RandomState(state) if settings.get("stream") else state
        known = {key: value for key, value in settings.items() if key != "stream"}
        kind = MLPRegressor if data == "diabetes" else MLPClassifier
        model = kind(**known, random_state=stream)
        halves = np.array_split(train, 2)
        for call in range(calls):
            rows = halves[call % 2]
            more = {} if kind is MLPRegressor or call > 0 else {"classes": np.unique(labels)}
            model.partial_fit(features[rows], labels[rows], **more)
        self.add(name, data, model, settings | {"random_state": state}, features[test], calls=calls)

    def lbfgs(self, data, activation):
        """The loss after each of the first 20 iterations, and that of the finished fit.

        Under the penalty of the other fits on iris, the finished loss is not a property of the problem: it moves by
        22 % (logistic) and 71 % (tanh) where initial weights move by their last bit (six starts). There the stronger
        penalty makes it one (0.5 % at most), and under the weak one only the mean over seeds is compared.
        """
        features, labels, train, test = self.data[data]
        kind = MLPRegressor if data == "diabetes" else MLPClassifier
        weak = dict(COMMON[data], random_state=42, solver="lbfgs", activation=activation)
        weak.pop("batch_size", None)
        weak["max_iter"] = 200

        def fit(settings):
            return kind(**settings).fit(features[train], labels[train])

        losses = [float(fit(weak | {"max_iter": iterations}).loss_) for iterations in range(1, 21)]
        name = f"{data}-lbfgs-{activation}"
        if data != "iris":
            self.add(name, data, fit(weak), weak, features[test], first_losses=losses)
            return
        by_seed = [float(fit(weak | {"random_state": seed}).loss_) for seed in range(24)]
        self.add(f"{name}-weak", data, fit(weak), weak, features[test], first_losses=losses, by_seed=by_seed)
        strong = weak | {"alpha": 0.1}
        losses = [float(fit(strong | {"max_iter": iterations}).loss_) for iterations in range(1, 21)]
        self.add(name, data, fit(strong), strong, features[test], first_losses=losses)


def matrix(record):
    for data in COMMON:
        for solver, (classifier, regressor) in SOLVERS.items():
            for activation in ACTIVATIONS:
                settings = dict(regressor if data == "diabetes" else classifier, activation=activation)
                record.fit(f"{data}-{solver}-{activation}", data, settings)
        for activation in ACTIVATIONS:
            record.lbfgs(data, activation)


def single_cases(record):
    sgd = dict(solver="sgd", learning_rate_init=0.1, max_iter=50)
    adam = dict(solver="adam", learning_rate_init=0.01, max_iter=50)
    batches = dict(batch_size=32)
    record.fit("early_stopping-multiclass", "iris", adam | dict(early_stopping=True, max_iter=100))
    record.fit("early_stopping-binary", "breast_cancer", sgd | dict(early_stopping=True, validation_fraction=0.2))
    record.fit("early_stopping-regression", "diabetes", dict(early_stopping=True, learning_rate_init=0.02))
    record.fit("early_stopping-weighted", "breast_cancer", adam | dict(early_stopping=True), weighted=True)
    adaptive = dict(early_stopping=True, learning_rate="adaptive", n_iter_no_change=2)
    record.fit("early_stopping-adaptive", "wine", sgd | adaptive | dict(alpha=1e-3))
    record.fit("early_stopping-multilabel", "iris", adam | dict(early_stopping=True), flags, multilabel=True)
    record.fit("plain_momentum", "iris", sgd | batches | dict(nesterovs_momentum=False))
    record.fit("no_momentum", "iris", sgd | batches | dict(momentum=0.0))
    record.fit("full_momentum", "iris", sgd | dict(momentum=1.0, learning_rate_init=0.001))
    record.fit("weighted-sgd", "wine", sgd | batches | dict(alpha=0.1), weighted=True)
    record.fit("weighted-adam", "iris", adam, weighted=True)
    record.fit("weighted-regression", "diabetes", dict(batch_size=50, learning_rate_init=0.05), weighted=True)
    record.fit("weighted-lbfgs", "iris", dict(solver="lbfgs", max_iter=15), weighted=True)
    record.fit("multilabel", "iris", adam | batches, flags, multilabel=True)
    record.fit("multilabel-lbfgs", "iris", dict(solver="lbfgs", max_iter=15), flags, multilabel=True)
    record.fit("two_outputs", "diabetes", dict(learning_rate_init=0.01, alpha=1e-3), two_outputs, two_outputs=True)
    two = dict(solver="sgd", learning_rate_init=0.01, batch_size=64)
    record.fit("two_outputs-sgd", "diabetes", two, two_outputs, two_outputs=True)
    record.fit("two_outputs-lbfgs", "diabetes", dict(solver="lbfgs", max_iter=15), two_outputs, two_outputs=True)
    binary = lambda labels: np.minimum(labels, 1)
    record.fit("binary", "iris", adam, binary, binary=True)
    poisson = dict(loss="poisson", learning_rate_init=0.01)
    record.fit("poisson", "diabetes", poisson)
    record.fit("poisson-batches", "diabetes", poisson | dict(batch_size=64, activation="tanh", alpha=1e-4))
    record.fit("poisson-lbfgs", "diabetes", dict(loss="poisson", solver="lbfgs", max_iter=15, activation="tanh"))
    record.fit("unshuffled", "wine", sgd | batches | dict(shuffle=False))
    record.fit("few_rows_in_last_batch", "wine", adam | dict(batch_size=47))
    record.fit("loose_tolerance", "iris", sgd | dict(tol=0.02, n_iter_no_change=3))
    record.fit("patient", "iris", sgd | dict(tol=0.5, n_iter_no_change=30))
    record.fit("no_tolerance", "digits", adam | dict(tol=0.0, n_iter_no_change=2, learning_rate_init=0.05))
    record.fit("no_penalty", "iris", adam | dict(alpha=0.0))
    record.fit("other_betas", "iris", adam | batches | dict(beta_1=0.5, beta_2=0.9, epsilon=1e-3))
    # Probabilities so near 0 and 1 that scikit-learn clips them; few steps, as such a fit magnifies rounding.
    record.fit("clipped", "iris", sgd | dict(learning_rate_init=50.0, max_iter=4, alpha=0.0, activation="identity"))
    huge = dict(learning_rate_init=50.0, max_iter=4, alpha=0.0, activation="identity")
    record.fit("clipped-binary", "iris", sgd | huge, binary, binary=True)
    record.fit("no_hidden_layer", "iris", adam | dict(hidden_layer_sizes=[]))
    record.fit("warm_start-sgd", "iris", sgd | batches, first=dict(max_iter=10))
    record.fit("warm_start-invscaling", "iris", sgd | dict(learning_rate="invscaling"), first=dict(max_iter=10))
    record.fit("warm_start-adam", "wine", adam | batches, first=dict(max_iter=10))
    record.fit("warm_start-stopped", "iris", sgd | dict(tol=0.02, n_iter_no_change=3), first=dict(max_iter=40))
    stopped = adam | dict(early_stopping=True)
    record.fit("warm_start-early_stopping", "breast_cancer", stopped, first=dict(max_iter=5))
    record.fit("warm_start-regression", "diabetes", dict(learning_rate_init=0.05), first=dict(max_iter=10))


def partial_cases(record):
    record.partial("partial-adam", "iris", dict(batch_size=16, learning_rate_init=0.01), 20, 7)
    record.partial("partial-stream", "iris", dict(batch_size=16, learning_rate_init=0.01, stream=True), 20, 7)
    sgd = dict(solver="sgd", learning_rate="invscaling", learning_rate_init=0.5, power_t=0.25)
    record.partial("partial-invscaling", "wine", sgd | dict(batch_size=20), 20, 3)
    adaptive = dict(solver="sgd", learning_rate="adaptive", learning_rate_init=0.5, tol=0.05, n_iter_no_change=2)
    record.partial("partial-adaptive", "wine", adaptive | dict(alpha=0.01), 30, 3)
    record.partial("partial-regression", "diabetes", dict(learning_rate_init=0.1, batch_size=64), 20, 5)


def main():
    record = Record()
    matrix(record)
    single_cases(record)
    partial_cases(record)
    path = pathlib.Path(__file__)
    lines = ",\n".join(json.dumps(case) for case in record.cases)
    path.with_suffix(".json").write_text(f"[\n{lines}\n]\n")
    np.savez_compressed(path.with_suffix(".npz"), **record.arrays)
    # What scikit-learn's own tests of flags fit, for the tests of the same names here.
    features, flags = datasets.make_multilabel_classification(n_samples=50, random_state=0, return_indicator=True)
    multilabel = {"features": features.astype(int).tolist(), "flags": flags.tolist()}
    path.with_name("mlp_multilabel.json").write_text(json.dumps(multilabel) + "\n")


if __name__ == "__main__":
    main()
