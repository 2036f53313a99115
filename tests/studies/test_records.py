"""Files of records: what is written is read, and what is damaged is seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.studies._filed import opened
from geomadv.studies._records import (
    BLOCK,
    Appender,
    RecordWriter,
    line,
    read_line,
    read_lines,
    read_records,
    record_type,
    salt_of,
)

SALT = salt_of("layout/000001")
SIZE = record_type(2).itemsize
N = 7


def written(path, n=N):
    rng = np.random.default_rng(3)
    values = rng.standard_normal((n, 2))
    writer = RecordWriter(path, 2, SALT, sync=False)
    writer.append(range(10, 10 + n - 2), np.ones(n - 2), values[: n - 2])
    writer.append([10 + n - 2, 10 + n - 1], [1.0, 1.0], values[n - 2 :])
    writer.close()
    return values


def read(path, salt=SALT):
    records = read_records(path, 2, salt)
    sound = np.concatenate([good for _, _, good in records.blocks()] or [[]])
    return records.entries.part(0, 10**9), sound.astype(bool), records.tail


def test_what_is_written_is_read(tmp_path):
    values = written(tmp_path / "a")
    array, sound, tail = read(tmp_path / "a")
    assert sound.all()
    assert tail == 0
    assert array["position"].tolist() == list(range(10, 10 + N))
    assert (array["values"] == values).all()
    assert (tmp_path / "a").stat().st_size == N * SIZE == N * (16 + 16)


def test_all_floats_come_back_to_the_bit(tmp_path):
    odd = [np.nan, np.inf, -np.inf, -0.0, 5e-324, np.nextafter(1, 2)]
    writer = RecordWriter(tmp_path / "a", 6, SALT, sync=True)
    writer.append([0], [0.0], [odd])
    writer.close()
    array = read_records(tmp_path / "a", 6, SALT).entries.part(0, 1)
    assert array["values"].tobytes() == np.array(odd).tobytes()


@given(byte=st.integers(0, N * SIZE - 1), flip=st.integers(1, 255))
def test_a_changed_byte_costs_its_record_alone(tmp_path_factory, byte, flip):
    path = tmp_path_factory.mktemp("r") / "a"
    written(path)
    content = bytearray(path.read_bytes())
    content[byte] ^= flip
    path.write_bytes(content)
    _, sound, _ = read(path)
    assert np.flatnonzero(~sound).tolist() == [byte // SIZE]


def test_a_file_cut_at_any_byte_keeps_its_whole_records(tmp_path):
    written(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    for size in range(len(content) + 1):
        (tmp_path / "b").write_bytes(content[:size])
        _, sound, tail = read(tmp_path / "b")
        assert (len(sound), tail) == divmod(size, SIZE)
        assert sound.all()


def test_zeros_and_records_in_anothers_place_are_seen(tmp_path):
    written(tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    first, second = content[:SIZE], content[SIZE : 2 * SIZE]
    (tmp_path / "b").write_bytes(second + first + bytes(SIZE) + content[3 * SIZE :])
    _, sound, _ = read(tmp_path / "b")
    assert sound.tolist() == [False] * 3 + [True] * (N - 3)
    _, sound, _ = read(tmp_path / "a", salt_of("layout/000002"))
    assert not sound.any()


def test_checksums_are_those_of_zlib_over_many_blocks(tmp_path):
    n = 40_000
    writer = RecordWriter(tmp_path / "a", 1, SALT, sync=False)
    writer.append(np.arange(n), np.zeros(n), np.arange(n)[:, None] / 7)
    writer.close()
    records = read_records(tmp_path / "a", 1, SALT)
    firsts = [first for first, _, good in records.blocks() if good.all()]
    assert firsts == list(range(0, n, BLOCK))
    assert len(firsts) > 2


def test_a_file_of_records_is_never_written_over(tmp_path):
    (tmp_path / "a").write_text("kept")
    with pytest.raises(FileExistsError):
        Appender(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "kept"


def test_a_piece_that_does_not_fit_leaves_nothing(tmp_path, monkeypatch):
    """The disk takes five bytes and is then full."""
    real, calls = __import__("os").write, []

    def full(file, data):
        calls.append(len(data))
        if len(calls) == 2:
            return real(file, data[:5])
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return real(file, data)

    monkeypatch.setattr("geomadv.studies._records.os.write", full)
    appender = Appender(tmp_path / "a")
    appender.append(b"whole piece")
    with pytest.raises(OSError, match="No space"):
        appender.append(b"another piece")
    appender.append(b" and on")
    appender.close()
    assert (tmp_path / "a").read_bytes() == b"whole piece and on"
    assert calls == [11, 13, 8, 7]


@given(byte=st.integers(0), flip=st.integers(1, 255))
def test_a_changed_byte_costs_its_line_or_joins_two(tmp_path_factory, byte, flip):
    path = tmp_path_factory.mktemp("r") / "a"
    documents = [{"position": k, "error": "é\n" * k} for k in range(4)]
    lines = [line(document) for document in documents]
    content = bytearray(b"".join(lines))
    byte %= len(content)
    content[byte] ^= flip
    path.write_bytes(content)
    read = list(read_lines(path))
    found = [document for _, document in read if document is not None]
    damaged = [place for place, document in read if document is None]
    file = opened(path, np.dtype(np.uint8), len(content))
    for place, document in read:
        if document is not None:
            assert read_line(file, place) == document
    hit = int(np.searchsorted(np.cumsum([len(x) for x in lines]), byte, side="right"))
    end = byte == sum(len(x) for x in lines[: hit + 1]) - 1
    assert len(damaged) >= 1
    lost = {hit, hit + 1} if end else {hit}
    assert [d for d in documents if d not in found] == [
        d for k, d in enumerate(documents) if k in lost
    ]
