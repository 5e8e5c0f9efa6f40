"""Makes learning curves of boosting and of networks, on data for choosing constants and on data that were held out.

    python bench/curves/make.py [NAME ...]      needs scikit-learn, takes some minutes

`boosting_friedman` and `mlp_classes` are curves on which constants of early stopping may be chosen, as on those of
digits; `boosting_diabetes` and `mlp_cancer` are for reporting. A file has `configs`, and a list of 81 validation values a
configuration, of each metric.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, make_classification, make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

STEPS = 81
CONFIGS = 120
HERE = Path(__file__).resolve().parent


def boosting_diabetes():
    return boosting(*load_diabetes(return_X_y=True), np.random.default_rng(1))


def boosting_friedman():
    data = make_friedman1(450, n_features=10, noise=2.0, random_state=0)
    return boosting(*data, np.random.default_rng(3))


def mlp_cancer():
    x, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(2)
    return mlp(x, np.where(rng.random(len(y)) < 0.1, 1 - y, y), rng)  # a tenth is wrong, as labels are


def mlp_classes():
    shape = {"n_informative": 8, "n_redundant": 4, "n_classes": 4, "flip_y": 0.1, "class_sep": 1.2}
    return mlp(*make_classification(600, 20, **shape, random_state=0), np.random.default_rng(4))


SETS = (boosting_diabetes, boosting_friedman, mlp_cancer, mlp_classes)


def boosting(x, y, rng):
    train_x, valid_x, train_y, valid_y = train_test_split(x, y, test_size=0.4, random_state=0)
    for _ in range(CONFIGS):
        config = {
            "learning_rate": float(10 ** rng.uniform(-2.5, 0)),
            "max_depth": int(rng.integers(1, 7)),
            "subsample": float(rng.uniform(0.2, 1)),
            "min_samples_leaf": int(rng.integers(1, 30)),
            "max_features": float(rng.uniform(0.2, 1)),
        }
        model = GradientBoostingRegressor(n_estimators=STEPS, random_state=0, **config).fit(train_x, train_y)
        losses = [float(np.sqrt(((valid_y - guess) ** 2).mean())) for guess in model.staged_predict(valid_x)]
        yield config, {"loss": losses}


def mlp(x, y, rng):
    classes = np.unique(y)
    train_x, valid_x, train_y, valid_y = train_test_split(x, y, test_size=0.4, random_state=0)
    scaler = StandardScaler().fit(train_x)
    train_x, valid_x = scaler.transform(train_x), scaler.transform(valid_x)
    for _ in range(CONFIGS):
        config = {
            "learning_rate_init": float(10 ** rng.uniform(-5, -0.5)),
            "hidden_layer_sizes": int(rng.choice([4, 16, 64, 256])),
            "alpha": float(10 ** rng.uniform(-6, 1)),
            "batch_size": int(rng.choice([8, 32, 128])),
            "solver": str(rng.choice(["sgd", "adam"])),
        }
        model = MLPClassifier(random_state=0, **config)
        curves = {"acc": [], "loss": []}
        for _ in range(STEPS):
            model.partial_fit(train_x, train_y, classes=classes)
            chances = np.nan_to_num(model.predict_proba(valid_x), nan=1 / len(classes))
            curves["acc"].append(float(accuracy_score(valid_y, chances.argmax(1))))
            curves["loss"].append(float(log_loss(valid_y, np.clip(chances, 1e-6, 1 - 1e-6), labels=classes)))
        yield config, curves


def write(name, rows):
    rows = list(rows)
    metrics = rows[0][1]
    curves = {metric: [[round(value, 4) for value in row[1][metric]] for row in rows] for metric in metrics}
    configs = [
        {key: round(value, 6) if isinstance(value, float) else value for key, value in row[0].items()}
        for row in rows
    ]
    (HERE / f"{name}.json").write_text(json.dumps({"configs": configs, **curves}, separators=(",", ":")))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for curves in SETS:
        if len(sys.argv) < 2 or curves.__name__ in sys.argv[1:]:
            write(curves.__name__, curves())
