"""Numbers for tests/cross_validation.rs: scikit-learn's cross_validate over a pipeline and a bare
estimator. Run: python cross_validation.py > cross_validation.json (scikit-learn 1.9.1)."""
import json
import warnings

from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

warnings.filterwarnings("ignore")
CLASSIFY = ["accuracy", "neg_log_loss", "f1_macro"]
REGRESS = ["r2", "neg_mean_absolute_error"]


def run(model, data, cv, scoring):
    x, t = data(return_X_y=True)
    scores = cross_validate(model, x, t, cv=cv, scoring=scoring, return_train_score=True)
    part = lambda kind: {name: scores[f"{kind}_{name}"].tolist() for name in scoring}
    return {"test": part("test"), "train": part("train")}


def classifier(**settings):
    return MLPClassifier(hidden_layer_sizes=(12,), max_iter=60, learning_rate_init=0.02, random_state=3, **settings)


cases = {
    "iris, 4 stratified folds": run(classifier(), load_iris, StratifiedKFold(4, shuffle=True, random_state=1), CLASSIFY),
    "wine, scaled, 3 stratified folds": run(
        make_pipeline(StandardScaler(), classifier()), load_wine, StratifiedKFold(3), CLASSIFY
    ),
    "breast cancer, scaled twice, early stopping": run(
        make_pipeline(MinMaxScaler(), StandardScaler(), classifier(early_stopping=True)),
        load_breast_cancer,
        StratifiedKFold(3, shuffle=True, random_state=7),
        CLASSIFY,
    ),
    "diabetes, scaled, 3 shuffles": run(
        make_pipeline(
            StandardScaler(),
            MLPRegressor(hidden_layer_sizes=(8,), solver="sgd", max_iter=40, learning_rate_init=1e-3, random_state=5),
        ),
        load_diabetes,
        ShuffleSplit(3, test_size=0.25, random_state=2),
        REGRESS,
    ),
    "diabetes, bare, 5 folds": run(
        MLPRegressor(hidden_layer_sizes=(8,), max_iter=40, learning_rate_init=1e-2, random_state=5),
        load_diabetes,
        KFold(5),
        REGRESS,
    ),
}
print(json.dumps(cases, indent=1))
