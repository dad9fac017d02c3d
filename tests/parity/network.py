"""Writes network.json: what PyTorch (float64) computes for a small network, its losses and optimisers.

Made with PyTorch 2.15: python tests/parity/network.py
Parameters are listed tensor by tensor as this crate lays them out: W (inputs, units) row-major, then b.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

SIZES = [3, 5, 4, 2]
ROWS = 6
CLASSES = [0, 1, 1, 0, 1, 0]
KEPT_STEPS = [1, 3, 5]


def features():
    return torch.tensor([[math.sin(0.9 * i + 1.7 * j) * 1.5 for j in range(3)] for i in range(ROWS)])


def network():
    layers = []
    for k, (inputs, units) in enumerate(zip(SIZES, SIZES[1:])):
        linear = torch.nn.Linear(inputs, units)
        with torch.no_grad():
            for i in range(inputs):
                for j in range(units):
                    linear.weight[j, i] = 0.7 * math.sin(1.3 * i + 0.7 * j + k)
            for j in range(units):
                linear.bias[j] = 0.2 * math.cos(1.1 * j + k)
        layers.append(linear)
    return layers


def forward(layers, x):
    first = torch.tanh(layers[0](x))
    second = torch.relu(layers[1](first))
    return [first, second, layers[2](second)]


def flat(tensors):
    """[weight, bias, weight, bias …] as one list, weights transposed."""
    return [v for t in tensors for v in (t.T if t.dim() == 2 else t).detach().reshape(-1).tolist()]


def parameters(layers):
    return [p for layer in layers for p in (layer.weight, layer.bias)]


def groups(layers, decay):
    """Weight decay on weights only, as in this crate."""
    return [
        {"params": [layer.weight for layer in layers], "weight_decay": decay},
        {"params": [layer.bias for layer in layers], "weight_decay": 0.0},
    ]


OPTIMIZERS = {
    "sgd": (torch.optim.SGD, dict(lr=0.3), 0.0),
    "sgd_decay": (torch.optim.SGD, dict(lr=0.3), 0.05),
    "momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9), 0.0),
    "momentum_decay": (torch.optim.SGD, dict(lr=0.1, momentum=0.9), 0.05),
    "nesterov": (torch.optim.SGD, dict(lr=0.1, momentum=0.8, nesterov=True), 0.0),
    "nesterov_decay": (torch.optim.SGD, dict(lr=0.1, momentum=0.8, nesterov=True), 0.05),
    "adam": (torch.optim.Adam, dict(lr=0.05), 0.0),
    "adam_decay": (torch.optim.Adam, dict(lr=0.05, betas=(0.8, 0.95), eps=1e-4), 0.1),
    "adamw": (torch.optim.AdamW, dict(lr=0.05), 0.1),
    "rmsprop": (torch.optim.RMSprop, dict(lr=0.02), 0.0),
    "rmsprop_decay": (torch.optim.RMSprop, dict(lr=0.02, alpha=0.9, eps=1e-5), 0.1),
    "rmsprop_momentum": (torch.optim.RMSprop, dict(lr=0.02, momentum=0.7), 0.0),
    "rmsprop_centered": (torch.optim.RMSprop, dict(lr=0.02, centered=True), 0.0),
    "rmsprop_all": (torch.optim.RMSprop, dict(lr=0.02, alpha=0.9, centered=True, momentum=0.7), 0.1),
}


def descend(name):
    make, settings, decay = OPTIMIZERS[name]
    layers = network()
    optimizer = make(groups(layers, decay), **settings)
    losses, kept = [], []
    for step in range(1, 6):
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(layers, features())[-1], torch.tensor(CLASSES))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step in KEPT_STEPS:
            kept.append(flat(parameters(layers)))
    return {"name": name, "losses": losses, "parameters": kept}


def hand_worked():
    layers = network()
    x = features()
    outputs = forward(layers, x)
    loss = F.cross_entropy(outputs[-1], torch.tensor(CLASSES))
    loss.backward()
    return {
        "features": x.tolist(),
        "classes": CLASSES,
        "parameters": flat(parameters(layers)),
        "outputs": [o.tolist() for o in outputs],
        "probabilities": torch.softmax(outputs[-1], 1).tolist(),
        "loss": loss.item(),
        "gradient": flat([p.grad for p in parameters(layers)]),
    }


def weighted(per_row, weights):
    """Σ w·l / Σ w."""
    return (per_row * weights).sum() / weights.sum()


def losses():
    logits = torch.tensor([[2.5 * math.sin(1.9 * i + 0.8 * j) for j in range(3)] for i in range(5)])
    values = torch.tensor([[1.5 * math.cos(0.7 * i - 1.1 * j) for j in range(3)] for i in range(5)])
    shares = torch.tensor([[0.5 + 0.5 * math.sin(2.3 * i + j) for j in range(3)] for i in range(5)])
    soft = shares / shares.sum(1, keepdim=True)
    classes = torch.tensor([2, 0, 1, 1, 0])
    one_hot = F.one_hot(classes, 3).to(torch.float64)
    weights = torch.tensor([1.0, 0.5, 0.0, 2.0, 0.25])
    binary = lambda z, t: F.binary_cross_entropy_with_logits(z, t, reduction="none")
    huber = lambda delta: lambda z, t: F.huber_loss(z, t, reduction="none", delta=delta)
    cases = {
        "mean_squared_error": (values, lambda z, t: F.mse_loss(z, t, reduction="none").mean(1)),
        "mean_squared_error_sum": (values, lambda z, t: F.mse_loss(z, t, reduction="none").sum(1)),
        "mean_squared_error_halved": (values, lambda z, t: F.mse_loss(z, t, reduction="none").mean(1) / 2),
        "mean_absolute_error": (values, lambda z, t: F.l1_loss(z, t, reduction="none").mean(1)),
        "mean_absolute_error_sum": (values, lambda z, t: F.l1_loss(z, t, reduction="none").sum(1)),
        "huber": (values, lambda z, t: huber(1.0)(z, t).mean(1)),
        "huber_0.6_sum": (values, lambda z, t: huber(0.6)(z, t).sum(1)),
        "binary_cross_entropy": (one_hot, lambda z, t: binary(z, t).mean(1)),
        "binary_cross_entropy_soft": (shares, lambda z, t: binary(z, t).mean(1)),
        "binary_cross_entropy_sum": (shares, lambda z, t: binary(z, t).sum(1)),
        "cross_entropy_classes": (classes, lambda z, t: F.cross_entropy(z, t, reduction="none")),
        "cross_entropy_one_hot": (one_hot, lambda z, t: F.cross_entropy(z, t, reduction="none")),
        "cross_entropy_soft": (soft, lambda z, t: F.cross_entropy(z, t, reduction="none")),
        # Shares that do not sum to 1.
        "cross_entropy_shares": (shares, lambda z, t: F.cross_entropy(z, t, reduction="none")),
    }
    rows = []
    for name, (target, loss) in cases.items():
        for w in (None, weights):
            z = logits.clone().requires_grad_()
            value = weighted(loss(z, target), torch.ones(5) if w is None else w)
            value.backward()
            rows.append({
                "name": name, "weights": None if w is None else w.tolist(),
                "classes": target.tolist() if target.dim() == 1 else None,
                "values": target.tolist() if target.dim() == 2 else None,
                "loss": value.item(), "gradient": z.grad.tolist(),
            })
    return {"logits": logits.tolist(), "cases": rows}


def activations():
    grid = [i / 4 for i in range(-24, 25)]
    functions = {
        "identity": lambda z: z * 1.0,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
        "elu": F.elu,
        "gelu": F.gelu,
        "silu": F.silu,
        "softplus": F.softplus,
    }
    curves = []
    for name, function in functions.items():
        z = torch.tensor(grid, requires_grad=True)
        y = function(z)
        y.sum().backward()
        curves.append({"name": name, "values": y.tolist(), "derivatives": z.grad.tolist()})
    return {"grid": grid, "curves": curves}


golden = {
    "network": hand_worked(),
    "kept_steps": KEPT_STEPS,
    "optimizers": [descend(name) for name in OPTIMIZERS],
    "losses": losses(),
    "activations": activations(),
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, separators=(",", ":")).replace('},{', '},\n{') + "\n")
