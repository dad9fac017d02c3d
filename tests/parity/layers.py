"""Writes layers.json: what PyTorch (float64) computes for normalisation layers, smoothed and counting
losses, and a network of them.

Made with PyTorch 2.15 and scikit-learn 1.9.1: python tests/parity/layers.py
Parameters are listed tensor by tensor as this crate lays them out: W (inputs, units) row-major, then b.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.neural_network._base import poisson_loss

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def wave(rows, columns, a, b, scale=1.0, shift=0.0):
    return torch.tensor([[scale * math.sin(a * i + b * j + 0.3) + shift for j in range(columns)] for i in range(rows)])


def set_affine(layer):
    """Off the starting values."""
    if layer.weight is not None:
        with torch.no_grad():
            for j in range(layer.weight.numel()):
                layer.weight[j] = 1.0 + 0.4 * math.sin(1.7 * j)
                layer.bias[j] = 0.3 * math.cos(0.9 * j)


def affine(layer, what):
    if layer.weight is None:
        return []
    return [v for p in (layer.weight, layer.bias) for v in (p.grad if what == "grad" else p.detach()).tolist()]


def batch_norm(momentum, is_affine, eps):
    """Two batches of 6 rows and a last one of 3; the loss is the half mean square of y less a target."""
    layer = torch.nn.BatchNorm1d(4, momentum=momentum, affine=is_affine, eps=eps)
    set_affine(layer)
    x = wave(15, 4, 1.3, 2.1, 2.0, 1.0) * torch.tensor([1.0, 0.1, 1e-3, 1.0]) + torch.tensor([0.0, 5.0, 0.0, 100.0])
    targets = wave(15, 4, 0.7, 1.9)
    batches = []
    for start in range(0, 15, 6):
        rows = x[start:start + 6].clone().requires_grad_()
        layer.zero_grad()
        y = layer(rows)
        loss = (0.5 * (y - targets[start:start + 6]) ** 2).sum(1).mean()
        loss.backward()
        batches.append({
            "y": y.tolist(), "loss": loss.item(), "dx": rows.grad.tolist(), "dparams": affine(layer, "grad"),
            "running": layer.running_mean.tolist() + layer.running_var.tolist(),
        })
    layer.eval()
    return {
        "momentum": momentum, "affine": is_affine, "epsilon": eps, "x": x.tolist(), "targets": targets.tolist(),
        "params": affine(layer, "data"), "batches": batches, "predicted": layer(x).tolist(),
    }


def layer_norm(size, is_affine, eps):
    layer = torch.nn.LayerNorm(size, elementwise_affine=is_affine, eps=eps)
    set_affine(layer)
    x = wave(4, size, 1.3, 2.1, 2.0, 1.0).requires_grad_()
    targets = wave(4, size, 0.7, 1.9)
    y = layer(x)
    loss = (0.5 * (y - targets) ** 2).sum(1).mean()
    loss.backward()
    return {
        "affine": is_affine, "epsilon": eps, "x": x.tolist(), "targets": targets.tolist(),
        "params": affine(layer, "data"), "y": y.tolist(), "loss": loss.item(), "dx": x.grad.tolist(),
        "dparams": affine(layer, "grad"),
    }


def losses():
    """Every loss with row weights and without: the mean Σ w·l / Σ w."""
    logits = wave(5, 3, 1.9, 0.8, 2.5)
    values = wave(5, 3, 0.7, -1.1, 1.5)
    shares = 0.5 + 0.5 * wave(5, 3, 2.3, 1.0)
    soft = shares / shares.sum(1, keepdim=True)
    classes = torch.tensor([2, 0, 1, 1, 0])
    one_hot = F.one_hot(classes, 3).to(torch.float64)
    counts = torch.tensor([[0.0, 3.0, 1.0], [2.0, 0.0, 7.0], [1.0, 1.0, 0.0], [0.5, 4.0, 2.0], [6.0, 0.0, 1.0]])
    weights = torch.tensor([1.0, 0.5, 0.0, 2.0, 0.25])

    def binary(smoothing):
        # Keras: targets * (1 - label_smoothing) + 0.5 * label_smoothing
        return lambda z, t: F.binary_cross_entropy_with_logits(z, t * (1 - smoothing) + smoothing / 2, reduction="none")

    def cross(smoothing):
        return lambda z, t: F.cross_entropy(z, t, reduction="none", label_smoothing=smoothing)

    poisson = lambda z, t: F.poisson_nll_loss(z, t, log_input=True, full=False, reduction="none")
    huber = lambda z, t: F.huber_loss(z, t, reduction="none")
    absolute = lambda z, t: F.l1_loss(z, t, reduction="none")
    squared = lambda z, t: F.mse_loss(z, t, reduction="none")
    mean = lambda loss: lambda z, t: loss(z, t).mean(1)
    summed = lambda loss: lambda z, t: loss(z, t).sum(1)
    # In the order of loss::all(); each with the targets that it takes.
    cases = [
        ("mean_squared_error", mean(squared), [values]),
        ("mean_squared_error, sum, halved", lambda z, t: squared(z, t).sum(1) / 2, [values]),
        ("mean_absolute_error", mean(absolute), [values]),
        ("mean_absolute_error, sum", summed(absolute), [values]),
        ("huber", mean(huber), [values]),
        ("huber, sum", summed(huber), [values]),
        ("binary_cross_entropy", mean(binary(0.0)), [one_hot, shares]),
        ("binary_cross_entropy, sum", summed(binary(0.0)), [one_hot, shares]),
        ("binary_cross_entropy, sum, smoothing 0.1", summed(binary(0.1)), [one_hot, shares]),
        ("cross_entropy", cross(0.0), [classes, one_hot, soft]),
        ("cross_entropy, smoothing 0.1", cross(0.1), [classes, one_hot, soft]),
        ("poisson", mean(poisson), [counts]),
        ("poisson, sum", summed(poisson), [counts]),
    ]
    rows = []
    for number, (name, loss, kinds) in enumerate(cases):
        for target in kinds:
            for w in (None, weights):
                z = logits.clone().requires_grad_()
                row_weights = torch.ones(5) if w is None else w
                value = (loss(z, target) * row_weights).sum() / row_weights.sum()
                value.backward()
                rows.append({
                    "loss_number": number, "name": name, "weights": None if w is None else w.tolist(),
                    "classes": target.tolist() if target.dim() == 1 else None,
                    "values": target.tolist() if target.dim() == 2 else None,
                    "loss": value.item(), "gradient": z.grad.tolist(),
                })
    t, z = counts.numpy(), logits.numpy()
    constant = np.where(t > 0, t * np.log(np.where(t > 0, t, 1.0)) - t, 0.0)
    half_deviance = [
        {"weights": None if w is None else w.tolist(), "loss": float(poisson_loss(t, np.exp(z), None if w is None else w.numpy())),
         "constant": float(np.average(constant, axis=0, weights=None if w is None else w.numpy()).sum())}
        for w in (None, weights)
    ]
    return {"logits": logits.tolist(), "cases": rows, "half_deviance": half_deviance, "counts": counts.tolist()}


def network():
    """Dense-BatchNorm-Relu-Dense-LayerNorm-Tanh-Dense, five steps of SGD with momentum; batches of 7, 7 and 5 rows."""
    x = wave(19, 4, 0.9, 1.7, 1.5)
    classes = torch.tensor([(i * i + i // 3) % 3 for i in range(19)])
    layers = [
        torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(),
        torch.nn.Linear(6, 5), torch.nn.LayerNorm(5), torch.nn.Tanh(), torch.nn.Linear(5, 3),
    ]
    for k, layer in enumerate(layers):
        if isinstance(layer, torch.nn.Linear):
            with torch.no_grad():
                for i in range(layer.in_features):
                    for j in range(layer.out_features):
                        layer.weight[j, i] = 0.7 * math.sin(1.3 * i + 0.7 * j + k)
                for j in range(layer.out_features):
                    layer.bias[j] = 0.2 * math.cos(1.1 * j + k)
        elif getattr(layer, "weight", None) is not None:
            set_affine(layer)
    model = torch.nn.Sequential(*layers)
    flat = lambda: [v for p in model.parameters() for v in (p.T if p.dim() == 2 else p).detach().reshape(-1).tolist()]
    running = lambda: layers[1].running_mean.tolist() + layers[1].running_var.tolist()
    start = flat()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    steps, batches = [], [(0, 7), (7, 14), (14, 19), (0, 7), (7, 14)]
    for first, end in batches:
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[first:end]), classes[first:end], label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        model.eval()
        steps.append({
            "rows": [first, end], "loss": loss.item(), "params": flat(), "running": running(),
            "scores": model(x).tolist(),
        })
    return {"x": x.tolist(), "classes": classes.tolist(), "params": start, "steps": steps}


golden = {
    "batch_norm": [batch_norm(0.1, True, 1e-5), batch_norm(0.3, True, 1e-3), batch_norm(0.1, False, 1e-5), batch_norm(0.3, False, 1e-5)],
    "layer_norm": [layer_norm(5, True, 1e-5), layer_norm(5, False, 1e-3), layer_norm(18, True, 1e-5), layer_norm(16, False, 1e-5)],
    "losses": losses(),
    "network": network(),
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace('},{', '},\n{') + "\n")
