"""Files as NumPy 2.4 writes them and labels as scikit-learn 1.9.1 encodes them. Writes readers.json."""

import io
import json
import pathlib

import numpy as np
from sklearn.preprocessing import LabelEncoder


def npy(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue().hex()


def npz(save, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue().hex()


def read_cases():
    """Arrays of every type, both byte orders, both memory orders, every version, 0 to 3 dimensions."""
    base = np.array([[0, 1, 2], [3, 100, 5]])
    for kind in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "b1"]:
        for order in "<>":
            for memory in "CF":
                array = base.astype(order + kind)
                if kind[0] in "if":
                    array[1, 1] = -3 if kind[0] == "i" else -0.1
                yield array.copy(order=memory), None
    cube = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    for version in [(1, 0), (2, 0), (3, 0)]:
        yield cube, version
        yield np.asfortranarray(cube), version
    yield np.array(7.25), None
    yield np.array([0.1, -0.0, 1e300, 5e-324]), None
    yield np.zeros((0, 3)), None


def main():
    cases = [
        {
            "descr": array.dtype.str,
            "fortran": bool(array.flags.f_contiguous and not array.flags.c_contiguous),
            "file": npy(array, version),
            "dims": array.shape,
            "values": [float(value) for value in array.ravel(order="C")],
        }
        for array, version in read_cases()
    ]
    x = np.array([[0.1, 2.5, -3.0], [4.0, 5.5, 6.25]])
    y = np.array([2, 0], dtype="<i8")
    written = [
        {"kind": kind, "dims": shape, "file": npy((np.arange(np.prod(shape, dtype=int)) / 8).astype(kind).reshape(shape))}
        for kind in ["<f4", "<f8"]
        for shape in [(), (5,), (2, 3), (2, 3, 2), (0, 4), (12, 1)]
    ]
    labels = ["b", "a", "B", "é", "z", "10", "9", "a b", "", "日本", "😀", "\uffff", "a"]
    encoder = LabelEncoder().fit(labels)
    record = {
        "read": cases,
        "npz": npz(np.savez, x=x, y=y),
        "npz_compressed": npz(np.savez_compressed, x=x, y=y),
        "x": x.tolist(),
        "y": y.tolist(),
        "written": written,
        "labels": labels,
        "classes": encoder.classes_.tolist(),
        "codes": encoder.transform(labels).tolist(),
        "number_labels": [10, 9, -1, 2, 10],
        "number_classes": LabelEncoder().fit([10, 9, -1, 2, 10]).classes_.tolist(),
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
