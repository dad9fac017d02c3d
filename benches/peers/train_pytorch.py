"""Training in PyTorch: eager, fused optimisers."""
import time

import measuring
from workloads import CLASSES, INPUTS, WORKLOADS, fashion_mnist

options = measuring.options(__doc__, WORKLOADS)
workload = WORKLOADS[options.workload]

import torch
from torch import nn

import pytorch_network

torch.set_num_threads(options.threads)
torch.manual_seed(0)
network = pytorch_network.build(workload, INPUTS, CLASSES).train()
loss = nn.CrossEntropyLoss()
if workload.nesterov:
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, fused=True)
else:
    optimizer = torch.optim.Adam(network.parameters(), fused=True)

x, y = map(torch.from_numpy, fashion_mnist("train", min(options.rows or workload.rows, workload.rows), options.data))
batches = max(len(x) // workload.batch, 1)


def epoch():
    order = torch.randperm(len(x))
    start = time.perf_counter()
    for rows in order.split(workload.batch)[:batches]:
        optimizer.zero_grad()
        loss(network(x[rows]), y[rows]).backward()
        optimizer.step()
    return start


measuring.train(epoch, min(batches * workload.batch, len(x)), version=torch.__version__, threads=options.threads)
