"""Exclusive or in NumPy by hand: 2-10-1, ReLU and sigmoid, gradient descent on all four rows, 10,000 iterations."""
import statistics
import time

import numpy as np

import measuring

ITERATIONS, RATE = 10_000, 0.01
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGET = np.array([[0.0], [1.0], [1.0], [0.0]])


def fit():
    """Seconds for all iterations, and the loss of the last one."""
    random = np.random.RandomState(42)
    hidden, hidden_bias = random.randn(2, 10), np.zeros((1, 10))
    output, output_bias = random.randn(10, 1) * np.sqrt(2 / 10), np.zeros((1, 1))
    start = time.perf_counter()
    for _ in range(ITERATIONS):
        active = np.maximum(X @ hidden + hidden_bias, 0)
        probability = 1 / (1 + np.exp(-(active @ output + output_bias)))
        loss = -np.mean(TARGET * np.log(probability) + (1 - TARGET) * np.log(1 - probability))
        by_score = (probability - TARGET) / len(X)
        by_hidden = (by_score @ output.T) * (active > 0)
        output -= RATE * (active.T @ by_score)
        output_bias -= RATE * by_score.sum(axis=0, keepdims=True)
        hidden -= RATE * (X.T @ by_hidden)
        hidden_bias -= RATE * by_hidden.sum(axis=0, keepdims=True)
    return time.perf_counter() - start, float(loss)


fits = [fit() for _ in range(4)]
seconds = statistics.median(seconds for seconds, _ in fits[1:]) / ITERATIONS
measuring.last_line(us_per_iteration=round(1e6 * seconds, 3), final_loss=fits[-1][1], version=np.__version__)
