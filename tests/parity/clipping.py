"""Numbers for tests/parity_clipping.rs: five steps of a small network in PyTorch, with penalties in the
loss and bounds on the gradient. Run: python clipping.py > clipping.json (PyTorch 2.15)."""
import json

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, generator=generator)


X, T = normal(12, 3), 3 * normal(12, 2)
START = [normal(3, 4), normal(4), normal(4, 2), normal(2)]  # W as (inputs, units), b, W, b


def steps(kind, l1=0.0, l2=0.0, value=None, norm=None):
    params = [p.clone().requires_grad_() for p in START]
    adam = kind == "adam"
    rule = torch.optim.Adam(params, lr=0.05) if adam else torch.optim.SGD(params, lr=0.05, momentum=0.9)
    losses, norms = [], []
    for i in range(5):
        rows = slice(0, 8) if i % 2 == 0 else slice(8, 12)
        w1, b1, w2, b2 = params
        z = torch.tanh(X[rows] @ w1 + b1) @ w2 + b2
        loss = ((z - T[rows]) ** 2).mean()
        for w in (w1, w2):
            loss = loss + l1 * w.abs().sum() + l2 * (w**2).sum()
        rule.zero_grad()
        loss.backward()
        if value is not None:
            torch.nn.utils.clip_grad_value_(params, value)
        if norm is not None:
            norms.append(float(torch.nn.utils.clip_grad_norm_(params, norm)))
        rule.step()
        losses.append(float(loss.detach()))
    flat = torch.cat([p.detach().flatten() for p in params]).tolist()
    settings = {"optimizer": kind, "l1": l1, "l2": l2, "value": value, "norm": norm}
    return {**settings, "losses": losses, "norms": norms, "parameters": flat}


cases = []
for kind in ("sgd", "adam"):
    cases += [
        steps(kind),
        steps(kind, l2=0.03),
        steps(kind, l1=0.02),
        steps(kind, l1=0.01, l2=0.02),
        steps(kind, value=0.1),
        steps(kind, norm=0.5),
        steps(kind, norm=1e3),
        steps(kind, l1=0.01, l2=0.02, norm=1.0),
        steps(kind, l2=0.5, value=0.3),
    ]
start = torch.cat([p.flatten() for p in START]).tolist()
print(json.dumps({"x": X.tolist(), "targets": T.tolist(), "start": start, "cases": cases}, indent=1))
