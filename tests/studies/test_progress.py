"""Bars: one of the current study, one of all, which moves with it."""

import io

import pytest
from rich.console import Console

from geomadv.studies import Progress
from geomadv.studies._progress import bars, teller


def test_the_bar_of_all_studies_moves_with_the_current_one() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with bars(console) as drawn:
        whole = drawn.add_task("all studies", total=3)
        current = drawn.add_task("now", total=None)
        tell = teller(drawn, current, "now", whole=whole, place=1)
        tell(Progress(total=20, done=4, failed=1))
        tasks = {task.id: task for task in drawn.tasks}
        assert tasks[whole].completed == pytest.approx(1.25)
        assert (tasks[current].completed, tasks[current].total) == (5, 20)
        assert tasks[current].description == "now (1 failed)"
        tell(Progress(total=20, done=19, failed=1))
        assert tasks[whole].completed == pytest.approx(2.0)
