"""Writes line_search.json: the steps that SciPy's port of MINPACK-2's dcsrch tries along wavy functions.

Made with SciPy 1.17: python tests/parity/line_search.py
Constants are those of L-BFGS-B. Searches of at least three trials are kept; 20 of them come to a value that is lower, but not low enough, which is
what the first stage of the search is for.
"""

import json
import math
import pathlib
import random

from scipy.optimize._dcsrch import DCSRCH

MOST = 40
random.seed(11)


def case(want_shallow):
    waves = [[random.uniform(0.1, 2.0), 10 ** random.uniform(-0.5, 1.5), random.uniform(0.0, 6.0)] for _ in range(3)]
    slope, bend = random.uniform(-3.0, 1.0), random.choice([0.0, 0.01, 0.1, 1.0])

    def value(t):
        return slope * t + bend * t * t + sum(h * math.sin(f * t + p) for h, f, p in waves)

    def derivative(t):
        return slope + 2 * bend * t + sum(h * f * math.cos(f * t + p) for h, f, p in waves)

    if derivative(0.0) >= -0.05:
        return None
    first, steps, values = 10 ** random.uniform(-3, 3), [], [value(0.0)]
    shallow = False

    def watched(t):
        nonlocal shallow
        steps.append(t)
        found = value(t)
        shallow |= values[0] + 1e-3 * derivative(0.0) * t < found <= min(values)
        values.append(found)
        return found

    search = DCSRCH(watched, derivative, 1e-3, 0.9, 0.1, 0.0, 1e10)
    search(first, phi0=value(0.0), derphi0=derivative(0.0), maxiter=MOST)
    if not 3 <= len(steps) < MOST - 1:
        return None
    if want_shallow and not shallow:
        return None
    return {"slope": slope, "bend": bend, "waves": waves, "first": first, "steps": steps}


cases = []
while len(cases) < 120:
    found = case(len(cases) >= 100)
    if found:
        cases.append(found)
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
print(len(cases), sorted(len(c["steps"]) for c in cases))
