"""A workload's network in PyTorch."""
from torch import nn


def build(workload, inputs, outputs):
    layers = []
    for units in workload.hidden:
        layers.append(nn.Linear(inputs, units))
        if workload.regular:
            layers.append(nn.BatchNorm1d(units))
        layers.append(nn.ReLU())
        if workload.regular:
            layers.append(nn.Dropout(0.5))
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))
