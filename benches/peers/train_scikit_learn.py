"""Training in scikit-learn: MLPClassifier, an epoch by each partial_fit."""
import time

import measuring
from workloads import CLASSES, WORKLOADS, fashion_mnist

options = measuring.options(__doc__, WORKLOADS)
workload = WORKLOADS[options.workload]
measuring.limit_threads(options.threads)

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier


def measure():
    x, y = fashion_mnist("train", min(options.rows or workload.rows, workload.rows), options.data)
    solver = {"solver": "adam"}
    if workload.nesterov:
        solver = {"solver": "sgd", "learning_rate_init": 0.01, "momentum": 0.9, "nesterovs_momentum": True}
    batch = min(workload.batch, len(x))
    network = MLPClassifier(workload.hidden, batch_size=batch, alpha=0, random_state=0, **solver)

    def epoch():
        start = time.perf_counter()
        network.partial_fit(x, y, classes=np.arange(CLASSES))
        return start

    measuring.train(epoch, len(x), version=sklearn.__version__, threads=options.threads)


if workload.regular:
    measuring.last_line(skipped="has no batch normalisation or dropout")
else:
    measure()
