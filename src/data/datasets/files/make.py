"""Writes the data files of this folder from scikit-learn's copies of the data sets.

Every number is written with repr, so that it reads back as the same float64.
Run with numpy 2.4 and scikit-learn 1.9.1: python src/data/datasets/files/make.py
"""

import gzip
import pathlib

from sklearn import datasets

FOLDER = pathlib.Path(__file__).parent


def write(name, bunch, target_name, targets):
    names = [str(feature) for feature in bunch.feature_names] + [target_name]
    lines = [",".join(names)]
    for row, target in zip(bunch.data, targets):
        lines.append(",".join([number(value) for value in row] + [str(target)]))
    text = ("\n".join(lines) + "\n").encode()
    if name.endswith(".gz"):
        text = gzip.compress(text, 9, mtime=0)
    (FOLDER / name).write_bytes(text)


def number(value):
    return repr(float(value)).removesuffix(".0")


def main():
    iris = datasets.load_iris()
    write("iris.csv", iris, "species", iris.target_names[iris.target])
    cancer = datasets.load_breast_cancer()
    write("breast_cancer.csv.gz", cancer, "diagnosis", cancer.target_names[cancer.target])
    wine = datasets.load_wine()
    write("wine.csv.gz", wine, "cultivar", wine.target_names[wine.target])
    digits = datasets.load_digits()
    write("digits.csv.gz", digits, "digit", digits.target)
    diabetes = datasets.load_diabetes()
    write("diabetes.csv.gz", diabetes, "progression", [number(value) for value in diabetes.target])


if __name__ == "__main__":
    main()
