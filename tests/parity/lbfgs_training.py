"""Writes lbfgs_training.json: the losses of scikit-learn's MLPClassifier(solver="lbfgs"), iteration by iteration.

Made with scikit-learn 1.9 and SciPy 1.17: python tests/parity/lbfgs_training.py
Iris and breast cancer, min-max scaled; the initial parameters are listed as this crate lays them out
(W, b, layer by layer).
"""

import json
import pathlib
import warnings

import scipy.optimize
from sklearn import datasets
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import MinMaxScaler

KEPT = 20
ALPHA = 0.01
minimize = scipy.optimize.minimize
warnings.filterwarnings("ignore")


def fit(data, activation):
    x, y = data(return_X_y=True)
    x = MinMaxScaler().fit_transform(x)
    losses, starts = [], []

    def watched(fun, x0, **kwargs):
        starts.append(x0.copy())
        return minimize(fun, x0, callback=lambda intermediate_result: losses.append(float(intermediate_result.fun)), **kwargs)

    scipy.optimize.minimize = watched
    model = MLPClassifier(
        (7,), activation=activation, solver="lbfgs", alpha=ALPHA, random_state=3, max_iter=100, tol=1e-4
    ).fit(x, y)
    outputs = model.n_outputs_
    sizes = [x.shape[1], 7, outputs]
    weights = sum(a * b for a, b in zip(sizes, sizes[1:]))
    flat, parameters, w, b = starts[0], [], 0, weights
    for inputs, units in zip(sizes, sizes[1:]):
        parameters += flat[w : w + inputs * units].tolist() + flat[b : b + units].tolist()
        w, b = w + inputs * units, b + units
    return {
        "data": data.__name__.removeprefix("load_"),
        "activation": activation,
        "outputs": outputs,
        "alpha": ALPHA,
        "parameters": parameters,
        "losses": losses[:KEPT],
        "loss": float(model.loss_),
        "iterations": int(model.n_iter_),
    }


FITS = [
    fit(data, activation)
    for data in (datasets.load_iris, datasets.load_breast_cancer)
    for activation in ("identity", "logistic", "tanh", "relu")
]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"fits": FITS}, separators=(",", ":")) + "\n")
for f in FITS:
    print(f["data"], f["activation"], f["iterations"], f["losses"][0], f["losses"][-1], f["loss"])
