"""The four bars of the paper on small samples."""

import numpy as np
import pytest

from geomadv.studies import run
from simulations import ilyas2019_datasets
from simulations.ilyas2019_datasets import SETS, STUDY, measure, problem


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(
        ilyas2019_datasets,
        "POINTS",
        {"linear": 600, "kernel": 120, "random features": 120},
    )
    monkeypatch.setattr(ilyas2019_datasets, "TESTED", 300)


@pytest.mark.usefixtures("small")
def test_what_is_learned_reflects_its_maker(tmp_path):
    grid = {"classifier": ("linear",), "data": ("gaussian", "tsipras")}
    result = run(STUDY, seed=0, grid=grid, out=tmp_path, formats=("png",))
    assert [path.suffix for path in result.figures] == [".png"]
    for name in grid["data"]:
        found = {key: result.measured[f"{name}_{key}_robust"] for key in SETS}
        assert found["D_NR"] < 0.5 < 0.7 < found["D_R"] <= found["adversarial"] + 0.05
        assert abs(found["D_NR"] - found["standard"]) < 0.15
        assert result.measured[f"{name}_D_NR_clean"] > 0.9


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["kernel", "random features"])
def test_other_classifiers_have_all_their_bars(name):
    row = measure({"data": "digits", "classifier": name}, np.random.default_rng(0))
    for key in SETS:
        for kind in ("clean", "robust"):
            low, value, high = (
                row[f"{key}_{kind}{end}"] for end in ("_lower", "", "_upper")
            )
            assert 0.0 <= low <= value <= high <= 1.0
        assert row[f"{key}_robust"] <= row[f"{key}_clean"] + 1e-12
    assert row["D_NR_clean"] > 0.8


@pytest.mark.parametrize("name", ["gaussian", "tsipras"])
def test_training_and_test_points_are_different(name):
    found = problem(name, 50, np.random.default_rng(1))
    assert found.X.shape[0] == 50
    assert not np.isin(found.X[:, 1], found.X_test[:, 1]).any()
