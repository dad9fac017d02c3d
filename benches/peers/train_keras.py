"""Training in Keras: compile and fit, on the backend of KERAS_BACKEND, or the first of TensorFlow, JAX and PyTorch."""
import importlib.util
import os
import statistics
import time

import measuring
from workloads import CLASSES, INPUTS, WORKLOADS, fashion_mnist

options = measuring.options(__doc__, WORKLOADS)
workload = WORKLOADS[options.workload]
measuring.limit_threads(options.threads)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
backends = [name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)]
os.environ.setdefault("KERAS_BACKEND", backends[0] if backends else "tensorflow")

import keras
from keras import layers

if keras.backend.backend() == "torch":
    import torch

    torch.set_num_threads(options.threads)


class EpochTimes(keras.callbacks.Callback):
    """The time of each epoch of a fit."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


keras.utils.set_random_seed(0)
network = keras.Sequential([layers.Input((INPUTS,))])
for units in workload.hidden:
    network.add(layers.Dense(units, activation=None if workload.regular else "relu"))
    if workload.regular:
        for layer in (layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.5)):
            network.add(layer)
network.add(layers.Dense(CLASSES))
optimizer = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True) if workload.nesterov else keras.optimizers.Adam()
network.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))

x, y = fashion_mnist("train", min(options.rows or workload.rows, workload.rows), options.data)
measuring.reset_peak_memory()
times = EpochTimes()
network.fit(x, y, batch_size=workload.batch, epochs=4, verbose=0, callbacks=[times])
measuring.last_line(
    samples_per_s=round(len(x) / statistics.median(times.seconds[1:])),
    peak_mb=measuring.peak_memory_mb(),
    version=f"{keras.__version__} on {keras.backend.backend()}",
    threads=options.threads,
)
