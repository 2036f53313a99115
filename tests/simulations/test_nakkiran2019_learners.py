"""Learners on pancakes and parities come out as the study says."""

import numpy as np
import pytest

import simulations.nakkiran2019_learners as learners
from geomadv.studies import run


def test_measured_values_come_out_as_accepted(tmp_path):
    grid = {"learner": ("linear", "1-NN"), "d": (3, 48)}
    result = run(learners.STUDY, seed=0, grid=grid, out=tmp_path, formats=("png",))
    assert result.as_expected
    rows = {(r["law"], r["feature"], r["learner"], r["d"]): r for r in result.rows}
    for law in learners.LAWS:
        assert rows[law, False, "1-NN", 3]["accuracy"] > 0.98
        assert rows[law, False, "1-NN", 48]["accuracy"] < 0.6
        for d in (3, 48):
            row = rows[law, False, "linear", d]
            assert row["accuracy"] <= row["best_linear"] + 0.05


@pytest.mark.parametrize(
    ("law", "p", "size"), [("pancakes", 2, 0.3), ("parity", np.inf, 0.2)]
)
def test_steps_have_the_stated_size_and_leave_the_hidden_rule(law, p, size):
    source = learners.law(law, True, 6)
    X, y = source.sample(200, 0)
    moved = learners.turned_over(X, y, law, 6)
    assert np.linalg.norm(moved - X, p, axis=1) == pytest.approx(size)
    assert (source.oracle_predict(moved) == source.oracle_predict(X)).all()
    if law == "pancakes":
        assert size < source.margin
        assert (source.bayes_predict(moved) == -y).all()
