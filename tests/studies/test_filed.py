"""Arrays in files are arrays, and little of them is ever in memory."""

import errno
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.studies import Study
from geomadv.studies._filed import opened, zeros
from geomadv.studies._layout import layout_of
from geomadv.studies._records import BLOCK
from geomadv.studies._store import StudyStore
from geomadv.studies._writer import StoreWriter

KIND = np.dtype(np.int64)


@given(data=st.data())
def test_what_is_put_is_taken_as_from_an_array_in_memory(data):
    count = data.draw(st.integers(1, 1000))
    filed, array = zeros(KIND, count), np.zeros(count, KIND)
    places = st.lists(st.integers(0, count - 1), max_size=20)
    for _ in range(3):
        some = np.array(data.draw(places), np.int64)
        values = np.arange(some.size) + data.draw(st.integers(-(2**60), 2**60))
        filed.put(some, values)
        array[some] = values
        asked = np.array(data.draw(places), np.int64)
        assert filed.take(asked).tolist() == array[asked].tolist()
    first, last = data.draw(st.integers(0, count)), data.draw(st.integers(0, 2 * count))
    assert filed.part(first, last).tolist() == array[first:last].tolist()
    assert len(filed) == count


def test_a_file_that_has_become_shorter_is_an_error(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(80))
    filed = opened(path, KIND, 10)
    path.write_bytes(bytes(20))
    assert filed.part(0, 2).tolist() == [0, 0]
    with pytest.raises(OSError, match="shorter than it was"):
        filed.part(0, 3)


def test_no_room_for_the_index_is_one_clear_message(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("posix_fallocate", "ftruncate"):
        monkeypatch.setattr(f"geomadv.studies._filed.os.{name}", full, raising=False)
    with pytest.raises(OSError, match=r"no room for an index of 80 bytes .*TMPDIR"):
        zeros(KIND, 10)


def study(blocks):
    return Study(
        name="many",
        question="?",
        expected="",
        cost="",
        grid={"a": tuple(range(blocks)), "b": tuple(range(128))},
        measure=lambda *_: {},
        repetitions=BLOCK // 128,
    )


def peak(path, blocks):
    """Return the greatest memory of a resume and a reading, in bytes."""
    layout = layout_of(study(blocks), 0)
    writer, half = StoreWriter(path, layout, sync=False), layout.count // 2
    for first in range(0, half, BLOCK):
        some = np.arange(first, min(first + BLOCK, half))
        writer.record(("x",), some, 0.0 * some, some[:, None])
    for position in range(half, half + blocks):
        writer.fail(position, 1, "why " * 1000)
    writer.close()
    del writer
    tracemalloc.start()
    try:
        writer = StoreWriter(path, layout, sync=False)
        assert sum(1 for _ in writer.table.missing()) == half - blocks
        writer.close()
        table = StudyStore(path).table()
        total = sum(int(values.sum()) for _, values in table.blocks())
        assert total == half * (half - 1) // 2
        assert table.rows()[-1]["x"] == half - 1
        assert sum(len(failure.error) for failure in table.failures) == 4000 * blocks
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_cells(tmp_path):
    peak(tmp_path / "first", 2)  # which imports what is needed
    few, many = peak(tmp_path / "few", 4), peak(tmp_path / "many", 10)
    assert many - few < (10 - 4) * BLOCK / 2  # half a byte a cell
