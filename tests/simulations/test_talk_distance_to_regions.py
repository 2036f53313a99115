"""Distances of random points to decision regions come out as the study says."""

import numpy as np
import pytest

import simulations.talk_distance_to_regions as talk
from geomadv.studies import run


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("talk")
    grid = {
        "problem": ("plane", "noisy plane"),
        "model": talk.MODELS,
        "kind": talk.KINDS[:2],
    }
    return run(talk.STUDY, seed=0, grid=grid, out=folder, formats=("png",)), folder


def test_measured_values_come_out_as_accepted(result):
    found, folder = result
    assert found.as_expected
    assert (folder / "talk_distance_to_regions.png").stat().st_size > 10_000
    for row in found.rows:
        assert 0 < row["nearest"] <= row["median"] <= row["farthest"]
        assert row["exact"] == 1.0


def test_random_images_are_near_all_digits():
    """One cell of each kind, with the linear classifier, which is fast."""
    cell = {"problem": "digits", "model": "linear"}
    near = {
        kind: talk.measure({**cell, "kind": kind}, np.random.default_rng(0))
        for kind in talk.KINDS
    }
    assert near["uniform noise"]["high"] < near["test points"]["median"]
    assert near["Gaussian noise"]["median"] < 0.6 * near["test points"]["median"]


def test_noisy_labels_are_those_of_a_fifth_and_test_labels_are_not():
    for name in ("plane", "blobs", "digits"):
        clean, noisy = talk.data(name), talk.data(f"noisy {name}")
        classes = len(np.unique(clean[1]))
        share = (clean[1] != noisy[1]).mean()
        assert share == pytest.approx(0.2 * (1 - 1 / classes), abs=0.05)
        assert (clean[0] == noisy[0]).all()
        assert (clean[3] == noisy[3]).all()
