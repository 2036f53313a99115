import io

import pytest

from geomadv.bench import BoundResult, CaseResult, PeerResult, Spread
from geomadv.plotting import style
from geomadv.plotting._bench import _ticks, bench_figure


def spread(median: float) -> Spread:
    return Spread(median, 0.5 * median, 2.0 * median, 0.9 * median, 1.1 * median, 7)


def result(name: str, *peers: PeerResult, bound: float | None = None) -> CaseResult:
    return CaseResult(
        name=name,
        kernel=name,
        title=f"the {name}",
        unit="values",
        seconds=spread(0.1),
        rate=10.0,
        bound=bound
        and BoundResult(
            {"nap": 1.0}, {"nap": "B"}, {"nap": 1.0}, spread(1), spread(bound)
        ),
        peers=peers,
    )


CASES = (
    result(
        "first",
        PeerResult("NumPy", "timed", seconds=spread(1.0), ratio=spread(4.0)),
        PeerResult("SciPy", "timed", serial=True, seconds=spread(1), ratio=spread(8.0)),
        PeerResult("torch", "absent"),
        bound=1.25,
    ),
    result("second", PeerResult("NumPy", "failed", "ValueError")),
    CaseResult("third", "third", "the third", "values", failure="RuntimeError"),
)


def test_rows_are_cases_with_seconds_and_marks_are_ratios() -> None:
    with style():
        figure = bench_figure(CASES, title="a machine")
        figure.savefig(io.BytesIO())
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert [t.get_text() for t in axes.get_yticklabels()] == ["the first", "the second"]
    marks = {
        line.get_label(): line
        for line in axes.lines
        if not line.get_label().startswith("_")
    }
    assert marks.keys() == {"geomadv", "bound", "NumPy", "SciPy"}
    assert marks["geomadv"].get_xdata()[0] == 1.0
    assert marks["bound"].get_xdata()[0] == pytest.approx(0.8)
    assert (marks["NumPy"].get_xdata()[0], marks["NumPy"].get_ydata()[0]) == (4.0, 0)
    assert marks["SciPy"].get_markerfacecolor() == "white"
    assert marks["NumPy"].get_markerfacecolor() != "white"
    ranges = [list(x.get_xdata()) for x in axes.lines if x.get_label().startswith("_")]
    assert ranges == [[0.4, 1.6], [2.0, 8.0], [4.0, 16.0]]
    low, high = axes.get_xlim()
    assert low < 0.4 < 16.0 < high
    ticks = [t.get_text() for t in axes.get_xticklabels()]
    assert ticks == ["0.5", "1", "2", "5", "10", "20"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(marks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.15, 23.0, [0.2, 0.5, 1, 2, 5, 10, 20]),
        (0.9, 1.1, [1]),
        (0.02, 900.0, [0.1, 1, 10, 100]),
        (1e-3, 1e3, [1e-3, 1e-2, 0.1, 1, 10, 100, 1e3]),
        (1e-5, 1e14, [1e-4, 1e-2, 1, 100, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14]),
    ],
)
def test_ticks_are_read_at_a_glance(
    low: float, high: float, ticks: list[float]
) -> None:
    found = _ticks(low, high)
    for tick in ticks:
        assert any(tick == pytest.approx(other) for other in found)
    assert all(low <= tick <= high for tick in found)
    assert 1 <= len(found) <= 15


def test_a_figure_without_anything_can_be_drawn() -> None:
    with style():
        figure = bench_figure(CASES[2:])
        figure.savefig(io.BytesIO())
    assert list(figure.axes[0].get_yticklabels()) == []
