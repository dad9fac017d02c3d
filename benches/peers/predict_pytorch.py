"""Prediction in PyTorch under no_grad: calls of 1, 32, 1024 and 10,000 test rows."""
import measuring
from workloads import CLASSES, INPUTS, WORKLOADS, fashion_mnist

options = measuring.options(__doc__, WORKLOADS)

import torch

import pytorch_network

torch.set_num_threads(options.threads)
torch.manual_seed(0)
network = pytorch_network.build(WORKLOADS[options.workload], INPUTS, CLASSES).eval()
x = torch.from_numpy(fashion_mnist("t10k", folder=options.data)[0])
measured = []
with torch.no_grad():
    for batch in (1, 32, 1024, 10_000):
        batches = [rows for rows in x.split(batch) if len(rows) == batch]
        call = measuring.microseconds_per_call(lambda i: network(batches[i]), len(batches))
        measured.append({"batch": batch, "us_per_call": round(call, 2), "rows_per_s": round(1e6 * batch / call)})
measuring.last_line(predict=measured, version=torch.__version__, threads=options.threads)
