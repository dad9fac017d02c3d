"""Writes lbfgs.json: the losses of SciPy's L-BFGS-B, without bounds, on standard problems.

Made with SciPy 1.17 and NumPy 2.4: python tests/parity/lbfgs.py
Each problem has its start, the loss after each of the first KEPT iterations, and where and why the descent ended.
The test computes the same objectives from the formulas here.
"""

import json
import math
import pathlib

import numpy as np
from scipy.optimize import minimize

KEPT = 60


def rosenbrock(x):
    """Sum of 100 (b - a^2)^2 + (1 - a)^2 over neighbours a, b."""
    a, b = x[:-1], x[1:]
    miss = b - a * a
    gradient = np.zeros_like(x)
    gradient[:-1] += -400 * a * miss - 2 * (1 - a)
    gradient[1:] += 200 * miss
    return float(np.sum(100 * miss**2 + (1 - a) ** 2)), gradient


def scaled_quadratic(x):
    """Sum of c (x - 1)^2 / 2 with c from 1e-3 to 1e3."""
    c = 10.0 ** (6.0 * np.arange(x.size) / (x.size - 1) - 3.0)
    return float(np.sum(0.5 * c * (x - 1) ** 2)), c * (x - 1)


def beale(x):
    gradient, value = np.zeros(2), 0.0
    for power, target in [(1, 1.5), (2, 2.25), (3, 2.625)]:
        miss = target - x[0] + x[0] * x[1] ** power
        value += miss**2
        gradient += 2 * miss * np.array([x[1] ** power - 1, x[0] * power * x[1] ** (power - 1)])
    return value, gradient


def kinks(x):
    """Sum of k |x - 1|, k = 1, 2, ...: searches fail at the kinks."""
    k = np.arange(1.0, x.size + 1)
    return float(np.sum(k * np.abs(x - 1))), k * np.sign(x - 1)


def wrong_sign(x):
    """A gradient that points down: the first search fails."""
    return float(np.sum(x * x)), -2 * x


def misleading(x):
    """The gradient points down near the minimum: a search fails there, the memory is thrown away."""
    c = np.arange(1.0, x.size + 1)
    sign = 1.0 if np.sum(c * x * x) > 1.0 else -1.0
    return float(np.sum(c * x * x)), sign * 2 * c * x


def rows(count, columns):
    return np.array([[math.sin(1.3 * i + 0.7 * j * j + 0.2 * i * j) for j in range(columns)] for i in range(count)])


LOGISTIC_X = rows(12, 4)
LOGISTIC_Y = np.array([(i * i + i // 3) % 2 for i in range(12)], dtype=float)


def logistic(x):
    """Mean of ln(1 + e^z) - y z with z = X w + b, plus 0.01 |w|^2 / 2; w, then b."""
    z = LOGISTIC_X @ x[:-1] + x[-1]
    value = np.mean(np.logaddexp(0, z) - LOGISTIC_Y * z) + 0.005 * np.sum(x[:-1] ** 2)
    delta = (1 / (1 + np.exp(-z)) - LOGISTIC_Y) / len(z)
    return float(value), np.append(LOGISTIC_X.T @ delta + 0.01 * x[:-1], np.sum(delta))


MLP_X = rows(20, 3)
MLP_SIZES = [3, 5, 2]
MLP_T = np.array([[math.cos(0.9 * i), math.sin(0.4 * i) * 0.5] for i in range(20)])


def mlp(x):
    """Mean over rows of |tanh(X W1 + b1) W2 + b2 - t|^2 / 2; W1 (3, 5), b1, W2 (5, 2), b2."""
    w1, b1, w2, b2 = x[:15].reshape(3, 5), x[15:20], x[20:30].reshape(5, 2), x[30:]
    hidden = np.tanh(MLP_X @ w1 + b1)
    miss = hidden @ w2 + b2 - MLP_T
    delta = miss / len(miss)
    back = (delta @ w2.T) * (1 - hidden**2)
    gradient = [MLP_X.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]
    return float(0.5 * np.sum(miss**2) / len(miss)), np.concatenate([g.ravel() for g in gradient])


def descent(name, objective, start, **options):
    losses = []
    start = np.array(start, dtype=float)
    result = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        options=options,
        callback=lambda intermediate_result: losses.append(float(intermediate_result.fun)),
    )
    return {
        "problem": name,
        "options": options,
        "start": start.tolist(),
        "first": objective(start)[0],
        "losses": losses[:KEPT],
        "evaluations": int(result.nfev),
        "iterations": int(result.nit),
        "x": result.x.tolist(),
        "loss": float(result.fun),
        "message": result.message,
    }


def spread(count, size):
    return [size * math.sin(2.1 * k + 0.5) for k in range(count)]


CASES = [
    descent("rosenbrock", rosenbrock, [-1.2, 1.0]),
    descent("rosenbrock", rosenbrock, [-1.2, 1.0], maxcor=3),
    descent("rosenbrock", rosenbrock, [-1.2, 1.0], maxiter=7),
    descent("rosenbrock", rosenbrock, [-1.2, 1.0], maxfun=12),
    descent("rosenbrock", rosenbrock, [-1.2, 1.0], gtol=1e-2),
    descent("rosenbrock", rosenbrock, [-1.2, 1.0] * 5),
    descent("rosenbrock", rosenbrock, [-1.2, 1.0] * 25),
    descent("scaled_quadratic", scaled_quadratic, [0.0] * 20),
    descent("scaled_quadratic", scaled_quadratic, [0.0] * 20, maxiter=20),
    descent("beale", beale, [1.0, 1.0]),
    descent("beale", beale, [3.0, 2.0], ftol=0.0),
    descent("kinks", kinks, [0.0, 0.3, -0.7], maxiter=6),
    descent("misleading", misleading, [3.0, -2.0, 4.0], ftol=0.0),
    descent("misleading", misleading, [3.0, -2.0, 4.0], ftol=0.0, maxcor=1),
    descent("wrong_sign", wrong_sign, [1.0, -2.0]),
    descent("logistic", logistic, [0.0] * 5),
    descent("logistic", logistic, [3.0, -4.0, 5.0, -6.0, 7.0], gtol=1e-9, ftol=0.0),
    descent("mlp", mlp, spread(32, 0.7), maxiter=20),
    descent("mlp", mlp, spread(32, 3.0), maxiter=20),
]

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"cases": CASES}, separators=(",", ":")) + "\n")
for case in CASES:
    print(case["problem"], len(case["start"]), case["options"], case["iterations"], case["evaluations"], case["loss"], case["message"])
