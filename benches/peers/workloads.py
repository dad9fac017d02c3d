"""The networks that are measured, as in examples/throughput, and their data."""
import dataclasses
import gzip
import pathlib

INPUTS, CLASSES = 784, 10
FOLDER = "/usr/share/datasets/fashion-mnist"


@dataclasses.dataclass(frozen=True)
class Workload:
    hidden: tuple
    batch: int
    rows: int
    # SGD with Nesterov momentum instead of Adam.
    nesterov: bool = False
    # Batch normalisation before and dropout of 0.5 behind each ReLU.
    regular: bool = False


WORKLOADS = {
    "small": Workload((128,), 32, 60_000),
    "medium": Workload((512, 512), 128, 60_000),
    "regular": Workload((512, 256), 128, 60_000, regular=True),
    "large": Workload((2048, 2048), 512, 20_480, nesterov=True),
}


def fashion_mnist(part, rows=None, folder=None):
    """Pixels in [0, 1] as float32 and classes as int64 of the part "train" or "t10k"."""
    # Not above: NumPy reads the number of threads when it is imported.
    import numpy as np

    def values(name, header):
        path = pathlib.Path(folder or FOLDER, f"{part}-{name}-ubyte.gz")
        with gzip.open(path) as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)

    images = values("images-idx3", 16).reshape(-1, INPUTS)[:rows]
    labels = values("labels-idx1", 8)[:rows]
    return (images / np.float64(255)).astype(np.float32), labels.astype(np.int64)
