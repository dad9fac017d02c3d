"""What the programs of the peers have in common: options, threads, timing, and a last line of JSON."""
import argparse
import json
import os
import pathlib
import statistics
import time


def options(description, workloads=None):
    parser = argparse.ArgumentParser(description=description)
    if workloads:
        parser.add_argument("workload", choices=workloads)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, help="training rows, if fewer than the workload's")
    parser.add_argument("--data", help="folder of Fashion-MNIST")
    return parser.parse_args()


def limit_threads(threads):
    """For libraries without a setting of their own; before they are imported, and NumPy too."""
    for name in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{name}_NUM_THREADS"] = str(threads)
    if hasattr(os, "sched_getaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        if threads < len(processors):
            os.sched_setaffinity(0, processors[:threads])


def samples_per_s(epoch, rows):
    """One warm-up epoch, then the median of three. `epoch` returns the time at which it began to train."""
    rates = []
    for _ in range(4):
        start = epoch()
        rates.append(rows / (time.perf_counter() - start))
    return statistics.median(rates[1:])


def microseconds_per_call(call, count, seconds=0.3):
    """One warm-up round, then the median of three; `call(i)` is given 0 to `count` - 1 in turn."""
    means = []
    for _ in range(4):
        calls, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            call(calls % count)
            calls += 1
        means.append((time.perf_counter() - start) / calls)
    return 1e6 * statistics.median(means[1:])


def reset_peak_memory():
    """Lets the peak count from now on, where the system allows it (Linux)."""
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def peak_memory_mb():
    """The most memory held at a time, in 10⁶ bytes; none but on Linux."""
    try:
        status = pathlib.Path("/proc/self/status").read_text()
    except OSError:
        return None
    peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return round(int(peak[0]) * 1024 / 1e6, 1) if peak else None


def last_line(**fields):
    print(json.dumps(fields))


def train(epoch, rows, **fields):
    """Measures and prints the last line of a training."""
    reset_peak_memory()
    rate = samples_per_s(epoch, rows)
    last_line(samples_per_s=round(rate), peak_mb=peak_memory_mb(), **fields)
