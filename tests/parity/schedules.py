"""Writes schedules.json: the rates of PyTorch's learning-rate schedulers over 60 epochs, or steps.

Made with PyTorch 2.15 and scikit-learn 1.9: python tests/parity/schedules.py
The test has each case's settings under the same name.
"""

import json
import math
import pathlib
import warnings

import torch
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer
from torch.optim import lr_scheduler as lr

warnings.filterwarnings("ignore")
BASE = 0.3
LENGTH = 60


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)


def rates(make):
    """The rate of each epoch, by PyTorch's usual loop."""
    optim = optimizer()
    scheduler = make(optim)
    found = []
    for _ in range(LENGTH):
        found.append(float(optim.param_groups[0]["lr"]))
        optim.step()
        if len(found) < LENGTH:
            scheduler.step()
    return found


def sequence(*parts):
    def make(optim):
        milestones = [part for part in parts if isinstance(part, int)]
        return lr.SequentialLR(optim, [part(optim) for part in parts if callable(part)], milestones)

    return make


def chained(*parts):
    return lambda optim: lr.ChainedScheduler([part(optim) for part in parts], optimizer=optim)


def of(scheduler, *args, **kwargs):
    return lambda optim: scheduler(optim, *args, **kwargs)


ONE_CYCLE = dict(max_lr=0.8, total_steps=LENGTH, cycle_momentum=False)
SCHEDULES = {
    "constant": of(lr.ConstantLR, factor=0.25, total_iters=LENGTH),
    "step": of(lr.StepLR, 7),
    "step 0.5": of(lr.StepLR, 1, gamma=0.5),
    "multi step": of(lr.MultiStepLR, [3, 30, 30, 45]),
    "multi step 0.5": of(lr.MultiStepLR, [10, 11], gamma=0.5),
    "exponential": of(lr.ExponentialLR, 0.9),
    "cosine": of(lr.CosineAnnealingLR, 60),
    "cosine short": of(lr.CosineAnnealingLR, 13, eta_min=0.01),
    "restarts": of(lr.CosineAnnealingWarmRestarts, 10),
    "restarts growing": of(lr.CosineAnnealingWarmRestarts, 5, T_mult=2, eta_min=0.02),
    "restarts tripling": of(lr.CosineAnnealingWarmRestarts, 1, T_mult=3),
    "one cycle": of(lr.OneCycleLR, **ONE_CYCLE),
    "one cycle linear": of(lr.OneCycleLR, anneal_strategy="linear", **ONE_CYCLE),
    "one cycle three phases": of(lr.OneCycleLR, three_phase=True, pct_start=0.4, div_factor=10.0, **ONE_CYCLE),
    "one cycle steep": of(lr.OneCycleLR, pct_start=0.01, final_div_factor=50.0, **ONE_CYCLE),
    "one cycle rising": of(lr.OneCycleLR, pct_start=1.0, **ONE_CYCLE),
    "warm-up": of(lr.LinearLR, total_iters=8),
    "warm-up from 0.01": of(lr.LinearLR, start_factor=0.01, total_iters=40),
    "polynomial": of(lr.PolynomialLR, total_iters=50),
    "polynomial 0.9": of(lr.PolynomialLR, total_iters=60, power=0.9),
    "polynomial square": of(lr.PolynomialLR, total_iters=30, power=2.0),
    "warm-up, cosine": sequence(of(lr.LinearLR, total_iters=5), 5, of(lr.CosineAnnealingLR, 55, eta_min=0.001)),
    "warm-up, exponential, step": sequence(
        of(lr.LinearLR, start_factor=0.1, total_iters=10), 10, of(lr.ExponentialLR, 0.8), 25, of(lr.StepLR, 9)
    ),
    "half, restarts": sequence(
        of(lr.ConstantLR, factor=0.5, total_iters=100), 4, of(lr.CosineAnnealingWarmRestarts, 6, T_mult=2)
    ),
    "warm-up times step": chained(of(lr.LinearLR, total_iters=8), of(lr.StepLR, 7, gamma=0.6)),
    "warm-up times cosine times exponential": chained(
        of(lr.LinearLR, start_factor=0.2, total_iters=20), of(lr.CosineAnnealingLR, 60), of(lr.ExponentialLR, 0.97)
    ),
}


def inverse_scaling(power, rows):
    """scikit-learn's, with its count of rows after each epoch."""
    optim = SGDOptimizer([], BASE, "invscaling", 0.9, True, power)
    found = []
    for epoch in range(LENGTH):
        found.append(float(optim.learning_rate))
        optim.iteration_ends((epoch + 1) * rows)
    return found


def plateau(values, **settings):
    optim = optimizer()
    scheduler = lr.ReduceLROnPlateau(optim, **settings)
    found = []
    for value in values:
        scheduler.step(value)
        found.append(float(optim.param_groups[0]["lr"]))
    return found


VALUES = [
    (2.0 * math.exp(-0.2 * i) + 0.3 * math.sin(1.7 * i) + 0.5 if i % 13 != 12 else 5.0) - (0.6 if i > 50 else 0.0)
    for i in range(80)
]
FALLING = [1.0 - 1e-5 * i for i in range(80)]
PLATEAUS = {
    "default": plateau(VALUES),
    "patient 2": plateau(VALUES, patience=2, factor=0.5),
    "cooling": plateau(VALUES, patience=1, factor=0.7, cooldown=4, threshold=0.05),
    "absolute": plateau(VALUES, patience=0, factor=0.9, threshold=0.2, threshold_mode="abs"),
    "rising": plateau(VALUES, mode="max", patience=3, factor=0.5),
    "rising absolute": plateau(VALUES, mode="max", patience=3, factor=0.5, threshold=1.0, threshold_mode="abs"),
    "floor": plateau(VALUES, patience=0, factor=0.1, min_lr=0.002),
    "change": plateau(VALUES, patience=0, factor=0.5, eps=0.01),
    "slow": plateau(FALLING, patience=5, factor=0.5),
}
INVERSE = [{"power": power, "rows": rows, "rates": inverse_scaling(power, rows)} for power, rows in [(0.5, 150), (0.1, 7), (1.3, 1000)]]

golden = {
    "base": BASE,
    "schedules": {name: rates(make) for name, make in SCHEDULES.items()},
    "inverse_scaling": INVERSE,
    "values": VALUES,
    "falling": FALLING,
    "plateaus": PLATEAUS,
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
