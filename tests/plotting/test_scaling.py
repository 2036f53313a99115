import io

import pytest

from geomadv.plotting import style
from geomadv.plotting._scaling import scaling_figure
from geomadv.stats import fit_power_law


def test_the_figure_shows_points_fit_and_exponent() -> None:
    d, values = [10, 100, 1000], [1.0, 0.31, 0.1]
    law = fit_power_law(d, values)
    with style():
        figure = scaling_figure(d, values, law, label="$y$", title="a title")
        figure.savefig(io.BytesIO())
    (axes,) = figure.axes
    line, points = axes.lines
    assert list(points.get_ydata()) == values
    assert line.get_ydata()[0] == pytest.approx(float(law.predict(10)))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    legend = axes.get_legend()
    assert legend is not None
    text = " ".join(t.get_text() for t in legend.get_texts())
    assert f"−{-law.exponent:.5f}" in text
    assert "95 % interval" in text


def test_a_constant_is_not_magnified() -> None:
    law = fit_power_law([1, 10, 100], [2.0, 2.0, 2.0])
    with style():
        axes = scaling_figure([1, 10, 100], [2.0, 2.0, 2.0], law, label="y").axes[0]
    low, high = axes.get_ylim()
    assert high / low > 10
