import json
import re

import numpy as np
import pytest
from sklearn.svm import LinearSVC

simulation = pytest.importorskip(
    "simulations.tanay2016_mnist", reason="the simulations are not in the wheel"
)

from geomadv.data import DataUnavailableError, load_digits, load_mnist  # noqa: E402
from geomadv.studies import run, simulate  # noqa: E402


@pytest.fixture(autouse=True)
def _forget():
    """Let no test see what another one loaded or trained."""
    simulation.digits.cache_clear()
    simulation.fit.cache_clear()
    yield
    simulation.digits.cache_clear()
    simulation.fit.cache_clear()


@pytest.fixture
def _absent(monkeypatch):
    def refuse():
        raise DataUnavailableError("MNIST is not on this machine")

    monkeypatch.setattr(simulation, "load_mnist", refuse)


@pytest.fixture
def _present(monkeypatch):
    monkeypatch.setattr(simulation, "load_mnist", lambda: load_mnist(download=False))


@pytest.mark.usefixtures("_absent")
def test_without_mnist_it_runs_on_the_bundled_digits_and_says_so(tmp_path, capsys):
    out, file = tmp_path / "out", tmp_path / "result.json"
    result = simulate(simulation.STUDY, out=out, json=file)
    assert result.as_expected
    assert "digits, NOT MNIST" in capsys.readouterr().out
    found = json.loads(file.read_text())
    assert "digits, NOT MNIST" in found["data"]
    assert "MNIST is not on this machine" in found["data"]
    assert not found["published"].keys() & found["measured"].keys()
    assert found["measured"]["test_error_8"] < 0.06
    assert found["measured"]["direct_difference"] < 1e-9
    names = {path.name for path in out.iterdir()}
    stems = ("tanay2016_mnist", "tanay2016_mnist_share")
    suffixes = ("png", "svg", "pdf")
    expected = {f"{stem}.{suffix}" for stem in stems for suffix in suffixes}
    assert names == expected | {"tanay2016_mnist.csv", "tanay2016_mnist.store"}
    assert {path.name for path in result.figures} == expected


@pytest.mark.usefixtures("_absent")
def test_figures_name_their_data(tmp_path, monkeypatch):
    """The words of an SVG are readable where they are kept as text."""
    import matplotlib as mpl

    import geomadv.plotting

    def save(figure, stem, formats):
        with mpl.rc_context({"svg.fonttype": "none"}):
            return geomadv.plotting.save(figure, stem, formats)

    monkeypatch.setattr(simulation, "save", save)
    result = run(simulation.STUDY, out=tmp_path, formats=("svg",))
    for path in result.figures:
        assert "scikit-learn's digits (not MNIST)" in path.read_text()


@pytest.mark.usefixtures("_absent")
def test_numbers_agree_with_the_direct_computation():
    """Everything again in all 3249 pixels, by scikit-learn and from definitions."""
    rows = {
        image: simulation.measure({"image": image}, np.random.default_rng(0))
        for image in ("original", "enlarged")
    }
    X, y, X_test, y_test = load_digits().pair(3, 7)
    enlarged = [_enlarge(images) for images in (X, X_test)]
    for image, (train, test) in {"original": (X, X_test), "enlarged": enlarged}.items():
        side = rows[image]["side"]
        C = 1e-4 * 12396 / len(y) * (28 / side) ** 2
        machine = LinearSVC(C=C, dual=False, tol=1e-10, max_iter=10_000).fit(train, y)
        w = machine.coef_[0]
        distance = y_test * machine.decision_function(test) / np.linalg.norm(w)
        assert rows[image]["test_error"] == np.mean(machine.predict(test) != y_test)
        least = np.quantile(distance, 0.99, method="inverted_cdf")
        assert rows[image]["eps"] == pytest.approx(least, rel=1e-7)
        towards = train[y > 0].mean(axis=0) - train[y < 0].mean(axis=0)
        cosine = w @ towards / np.linalg.norm(w) / np.linalg.norm(towards)
        angle = np.degrees(np.arccos(cosine))
        assert rows[image]["deviation_angle"] == pytest.approx(angle, rel=1e-6)
        assert rows[image]["strength"] == pytest.approx(1 / cosine, rel=1e-6)


def _enlarge(X):
    from PIL import Image

    large = [
        np.asarray(
            Image.fromarray(x.reshape(8, 8).astype(np.float32)).resize(
                (57, 57), Image.Resampling.BILINEAR
            )
        )
        for x in X
    ]
    return np.reshape(large, (len(X), -1)).astype(float)


@pytest.mark.mnist
@pytest.mark.usefixtures("_present")
def test_mnist_gives_the_published_picture(tmp_path):
    """Gates of the talk's numbers: error 2.7 %, eps 4.6 and 31."""
    result = run(simulation.STUDY, out=tmp_path, formats=())
    measured = result.measured
    assert re.match("MNIST, from .*mnist.npz", result.data)
    assert result.as_expected
    assert set(result.judged) == set(simulation.STUDY.accepted)
    assert 0.015 <= measured["test_error_28"] <= 0.04
    assert 0.015 <= measured["test_error_200"] <= 0.04
    assert 6.4 <= measured["eps_200"] / measured["eps_28"] <= 7.5
    assert measured["eps_28"] == pytest.approx(4.6, rel=0.02)
    assert measured["eps_200"] == pytest.approx(31, rel=0.02)


@pytest.mark.mnist
@pytest.mark.usefixtures("_present")
def test_mnist_figures_are_drawn(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, formats=("png",))
    assert len(result.figures) == 2
    assert all(path.stat().st_size > 10_000 for path in result.figures)
