"""One step of a 3-5-2 sigmoid network in NumPy, for tests/tutorial_step.rs."""

import json
import pathlib

import numpy as np

random = np.random.RandomState(42)
w1, b1 = random.randn(3, 5), np.array([0.1, -0.2, 0.3, -0.4, 0.5])
w2, b2 = random.randn(5, 2), np.array([-0.6, 0.7])
x = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
y = np.array([[1.0, 0.0], [0.0, 1.0]])
rate = 0.5


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


hidden = sigmoid(x @ w1 + b1)
p = sigmoid(hidden @ w2 + b2)
# Squared error ½·Σ(p − y)² over outputs, mean over rows.
delta = (p - y) * p * (1 - p)
hidden_delta = delta @ w2.T * hidden * (1 - hidden)
rows = len(x)
gradient = [x.T @ hidden_delta, hidden_delta.sum(0), hidden.T @ delta, delta.sum(0)]
gradient = np.concatenate([tensor.ravel() for tensor in gradient]) / rows
parameters = np.concatenate([tensor.ravel() for tensor in (w1, b1, w2, b2)])
numbers = {
    "parameters": parameters.tolist(),
    "outputs": p.tolist(),
    "output_delta": delta.tolist(),
    "loss": 0.5 * np.mean(np.sum((p - y) ** 2, axis=1)),
    "gradient": gradient.tolist(),
    "stepped": (parameters - rate * gradient).tolist(),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n")
