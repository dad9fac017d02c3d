"""Writes metrics.json: random cases scored by scikit-learn 1.9.1 (numpy 2.4).

Run: python tests/parity/metrics.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import metrics as m

warnings.simplefilter("ignore")
rng = np.random.RandomState(20)
ZERO = {"Zero": 0.0, "One": 1.0, "NaN": np.nan}


def plain(value):
    """Lists and floats; NaN as None."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (np.integer, int, np.bool_, bool)):
        return int(value)
    return None if value is None or np.isnan(value) else float(value)


def random_weights(rows, kind):
    if kind == 0:
        return None
    if kind == 1:
        return np.round(rng.uniform(0, 3, rows), 3)
    weights = rng.randint(0, 3, rows).astype(float)
    weights[0] = 1.0
    return weights


def prf(true, pred, weights, averages, labels=None):
    scores = {}
    for average in averages:
        for name, zero in ZERO.items():
            options = dict(sample_weight=weights, average=average, zero_division=zero, labels=labels)
            precision, recall, f1, _ = m.precision_recall_fscore_support(true, pred, **options)
            half = m.fbeta_score(true, pred, beta=0.5, **options)
            scores[f"{average} {name}"] = [precision, recall, f1, half]
    return scores


def label_case(rows, classes, used, kind):
    """`used`: the classes drawn for targets, so that some may be missing."""
    true, pred = rng.choice(used, rows), rng.randint(0, classes, rows)
    pred = np.where(rng.uniform(size=rows) < 0.5, true, pred)
    weights = random_weights(rows, kind)
    averages = ["micro", "macro", "weighted"]
    averages += ["binary"] if classes == 2 else []
    labels = list(range(classes))
    per_class = {}
    for name, zero in ZERO.items():
        scores = m.precision_recall_fscore_support(
            true, pred, sample_weight=weights, zero_division=zero, labels=labels
        )
        per_class[name] = list(zip(*scores))
    confusion = {}
    for normalize in ["none", "true", "pred", "all"]:
        confusion[normalize] = m.confusion_matrix(
            true,
            pred,
            labels=labels,
            sample_weight=weights,
            normalize=None if normalize == "none" else normalize,
        )
    balanced = [
        m.balanced_accuracy_score(true, pred, sample_weight=weights, adjusted=adjusted)
        for adjusted in [False, True]
    ]
    report = m.classification_report(
        true, pred, sample_weight=weights, labels=labels, output_dict=True, zero_division=0.0
    )
    keys = ["precision", "recall", "f1-score", "support"]
    return dict(
        targets=true,
        predictions=pred,
        classes=classes,
        weights=weights,
        accuracy=m.accuracy_score(true, pred, sample_weight=weights),
        balanced=balanced if len(set(true)) > 1 else [balanced[0], None],
        present=prf(true, pred, weights, averages),
        all=prf(true, pred, weights, averages[:3], labels),
        per_class=per_class,
        confusion=confusion,
        report=[[report[f"{a} avg"][k] for k in keys] for a in ["macro", "weighted"]],
    )


def flag_case(rows, labels, kind):
    true = (rng.uniform(size=(rows, labels)) < 0.4).astype(int)
    pred = np.where(rng.uniform(size=true.shape) < 0.3, 1 - true, true)
    true[0], pred[1] = 0, 0
    weights = random_weights(rows, kind)
    scores = np.round(np.clip(pred * 0.4 + rng.uniform(size=true.shape) * 0.6, 0, 1), 1)
    auc = {
        average: m.roc_auc_score(true, scores, average=average, sample_weight=weights)
        for average in ["micro", "macro", "weighted"]
    }
    return dict(
        targets=true,
        predictions=pred,
        scores=scores,
        weights=weights,
        accuracy=m.accuracy_score(true, pred, sample_weight=weights),
        present=prf(true, pred, weights, ["micro", "macro", "weighted", "samples"]),
        auc=auc,
    )


def binary_case(rows, kind, digits):
    true = rng.randint(0, 2, rows)
    true[:2] = [0, 1]
    score = np.clip(np.round(0.3 * true + rng.uniform(size=rows) * 0.7, digits), 0, 1)
    weights = random_weights(rows, kind)
    if weights is not None:
        weights[:2] = 1.0
    fpr, tpr, thresholds = m.roc_curve(
        true, score, sample_weight=weights, drop_intermediate=False
    )
    return dict(
        targets=true,
        scores=score,
        weights=weights,
        auc=m.roc_auc_score(true, score, sample_weight=weights),
        curve=[fpr, tpr, thresholds[1:]],
        log_loss=m.log_loss(true, score, sample_weight=weights, labels=[0, 1]),
        brier=m.brier_score_loss(true, score, sample_weight=weights),
        top_1=m.top_k_accuracy_score(true, score, k=1, sample_weight=weights),
        top_1_margin=m.top_k_accuracy_score(true, score * 4 - 2, k=1, sample_weight=weights),
    )


def probability_case(rows, classes, kind, ties, missing):
    true = rng.randint(0, classes - missing, rows)
    true[:classes] = np.arange(classes) % (classes - missing)
    raw = rng.uniform(0.05, 1, (rows, classes)) + (np.arange(classes) == true[:, None])
    if ties:
        raw = np.ceil(raw * 2)
    proba = raw / raw.sum(axis=1, keepdims=True)
    proba[-1] = 0.0
    proba[-1, 0] = 1.0
    weights = random_weights(rows, kind)
    if weights is not None:
        weights[:classes] += 1.0
    labels = np.arange(classes)
    auc = {}
    for multi in ["ovr", "ovo"]:
        for average in ["micro", "macro", "weighted"]:
            if multi == "ovo" and (average == "micro" or weights is not None):
                continue
            if multi == "ovr" and missing and average == "macro":
                continue
            auc[f"{multi} {average}"] = m.roc_auc_score(
                true,
                proba,
                multi_class=multi,
                average=average,
                sample_weight=weights,
                labels=labels,
            )
    return dict(
        targets=true,
        probabilities=proba,
        weights=weights,
        auc=auc,
        log_loss=m.log_loss(true, proba, sample_weight=weights, labels=labels),
        brier=m.brier_score_loss(true, proba, sample_weight=weights, labels=labels),
        top_k=[
            m.top_k_accuracy_score(true, proba, k=k, sample_weight=weights, labels=labels)
            for k in range(1, classes + 1)
        ],
    )


def two_column_case(rows, kind):
    true = rng.randint(0, 2, rows)
    positive = np.round(rng.uniform(size=rows), 2)
    proba = np.column_stack([1 - positive, positive])
    weights = random_weights(rows, kind)
    options = dict(sample_weight=weights, labels=[0, 1])
    return dict(
        targets=true,
        probabilities=proba,
        weights=weights,
        log_loss=m.log_loss(true, proba, **options),
        brier=m.brier_score_loss(true, proba, **options),
    )


def regression_case(rows, outputs, kind, constant):
    true = np.round(rng.normal(size=(rows, outputs)) * 3 + 1, 3)
    pred = np.round(true + rng.normal(size=true.shape), 3)
    if constant:
        true[:, 0] = 2.0
    weights = random_weights(rows, kind)
    if constant and kind == 1:
        # In binary fractions, so that the mean of a constant is that constant: where it is rounded,
        # scikit-learn's R2 of a constant target is -1e32 instead of the 0 that it documents.
        weights = np.round(weights * 8) / 8
    options = dict(sample_weight=weights, multioutput="raw_values")
    counts = rng.poisson(2.0, true.shape).astype(float)
    rates = np.round(rng.uniform(0.2, 4, true.shape), 3)
    return dict(
        targets=true,
        predictions=pred,
        weights=weights,
        counts=counts,
        rates=rates,
        mse=m.mean_squared_error(true, pred, **options),
        rmse=m.root_mean_squared_error(true, pred, **options),
        mae=m.mean_absolute_error(true, pred, **options),
        median=m.median_absolute_error(true, pred, **options),
        r2=m.r2_score(true, pred, **options),
        explained_variance=m.explained_variance_score(true, pred, **options),
        r2_mean=m.r2_score(true, pred, sample_weight=weights),
        max_error=max(m.max_error(true[:, j], pred[:, j]) for j in range(outputs)),
        poisson=[
            m.mean_poisson_deviance(counts[:, j], rates[:, j], sample_weight=weights)
            for j in range(outputs)
        ],
    )


labels = []
for kind in range(3):
    labels.append(label_case(20, 2, [0, 1], kind))
    labels.append(label_case(6, 2, [0], kind))
    labels.append(label_case(6, 2, [1], kind))
    labels.append(label_case(30, 3, [0, 1, 2], kind))
    labels.append(label_case(12, 5, [0, 3], kind))
    labels.append(label_case(5, 4, [1, 2, 3], kind))
# Nothing hit, nothing predicted or present for most classes.
labels.append(label_case(1, 3, [2], 0))

cases = dict(
    labels=labels,
    flags=[flag_case(rows, count, kind) for kind in range(3) for rows, count in [(16, 3), (25, 4)]],
    binary=[
        binary_case(rows, kind, digits)
        for kind in range(3)
        for rows, digits in [(8, 1), (30, 1), (40, 6)]
    ],
    probabilities=[
        probability_case(rows, classes, kind, ties, missing)
        for kind in range(3)
        for rows, classes, ties, missing in [(15, 3, False, 0), (24, 4, True, 0), (12, 4, True, 1)]
    ],
    two_columns=[two_column_case(10, kind) for kind in range(3)],
    regression=[
        regression_case(rows, outputs, kind, constant)
        for kind in range(3)
        for rows, outputs, constant in [(2, 1, False), (9, 1, False), (14, 3, False), (8, 2, True)]
    ],
)
path = pathlib.Path(__file__).with_suffix(".json")
text = json.dumps(plain(cases), separators=(",", ":")).replace("},{", "},\n{")
path.write_text(text + "\n")
print(path, len(text))
