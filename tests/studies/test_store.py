"""A store keeps what was recorded, whatever happens to its files."""

import importlib.util
import json
import math
import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.studies import Study
from geomadv.studies._layout import FILES, layout_of
from geomadv.studies._lock import StoreError
from geomadv.studies._records import sealed
from geomadv.studies._store import StudyStore, gathered
from geomadv.studies._writer import StoreWriter, forget

N = 12


def measure(*_):
    return {"x": 1.0}


def study(**change):
    fields = {"grid": {"n": (1, 2, 3), "kind": ("a", "b")}, "repetitions": 2}
    rest = {"name": "toy", "question": "?", "expected": "", "cost": ""}
    rest["units"] = {"x": "m"}
    return Study(**{**rest, "measure": measure, **fields, **change})


def numbers(positions, layout):
    """Return values that tell where they belong."""
    return [
        [10 * int(cell["n"]) + (cell["kind"] == "b") + repetition / 2, -1.0]
        for cell, repetition in (layout.at(p) for p in positions)
    ]


def fill(path, positions, layout=None, **options):
    layout = layout or layout_of(study(), 0)
    writer = StoreWriter(path, layout, sync=False, **options)
    values = numbers(positions, layout)
    for k in range(0, len(positions), 3):
        part = slice(k, k + 3)
        seconds = [0.5] * len(positions[part])
        writer.record(("x", "y"), positions[part], seconds, values[part])
    writer.close()
    return layout


def content(path):
    """Return every row of the newest table, and check that it belongs there."""
    table = StudyStore(path).table()
    rows = list(table.rows())
    for row in rows:
        repetition = row.get("repetition", 0)
        expected = 10 * row["n"] + (row["kind"] == "b") + repetition / 2
        assert row["x"] == expected
    return rows


def test_records_of_two_drivers_come_back_in_grid_order(tmp_path):
    layout = fill(tmp_path / "s", [7, 3, 11])
    fill(tmp_path / "s", [0, 10, 2, 4])
    table = StudyStore(tmp_path / "s").table()
    assert list(table.measured) == [0, 2, 3, 4, 7, 10, 11]
    assert list(table.missing()) == [1, 5, 6, 8, 9]
    assert table.seconds == 3.5
    rows = content(tmp_path / "s")
    assert list(rows[0]) == ["n", "kind", "repetition", "x", "y"]
    assert [(r["n"], r["kind"], r["repetition"]) for r in rows][:2] == [
        (1, "a", 0),
        (1, "b", 0),
    ]
    lazily = table.rows()
    assert len(lazily) == 7
    assert [lazily[k] for k in range(7)] == rows == list(lazily[:])
    assert lazily[-1] == rows[-1]
    with pytest.raises(IndexError):
        lazily[7]
    assert table.layout.name == layout.name
    assert StudyStore(tmp_path / "s").verify() == []


def test_a_grown_grid_keeps_what_it_had(tmp_path):
    fill(tmp_path / "s", list(range(N)))
    grown = study(grid={"kind": ("c", "b", "a"), "n": (0, 2, 3)}, repetitions=3)
    layout = layout_of(grown, 0)
    writer = StoreWriter(tmp_path / "s", layout)
    kept = [layout.at(p) for p in writer.table.measured]
    assert kept == [
        ({"kind": kind, "n": n}, r) for kind in "ba" for n in (2, 3) for r in (0, 1)
    ]
    assert len(writer.table.missing()) == 27 - 8
    writer.close()


@pytest.mark.parametrize("other", ["seed", "measure"])
def test_numbers_of_another_seed_or_measure_are_not_mixed(tmp_path, other):
    fill(tmp_path / "s", list(range(N)))
    changed = study(measure=lambda *_: {"x": 2.0}) if other == "measure" else study()
    layout = layout_of(changed, int(other == "seed"))
    writer = StoreWriter(tmp_path / "s", layout)
    assert not writer.table.measured
    writer.close()
    mixed = StoreWriter(tmp_path / "s", layout, any_version=True)
    assert len(mixed.table.measured) == N * (other == "measure")
    mixed.close()


def test_fresh_discards_this_seed_and_version_alone(tmp_path):
    fill(tmp_path / "s", [1, 2])
    fill(tmp_path / "s", [3], layout_of(study(), 1))
    fill(tmp_path / "s", [5], fresh=True)
    assert len(StudyStore(tmp_path / "s").table(seed=0).rows()) == 1
    assert len(StudyStore(tmp_path / "s").table(seed=1).rows()) == 1


def test_failures_are_kept_until_a_later_attempt_ends_well(tmp_path):
    layout = layout_of(study(), 0)
    writer = StoreWriter(tmp_path / "s", layout)
    writer.fail(3, 2, "Traceback\n  é")
    writer.fail(5, 2, "killed")
    writer.close()
    table = StudyStore(tmp_path / "s").table()
    assert list(table.failed) == [3, 5]
    first = table.failures[0]
    assert first.error == "Traceback\n  é"
    assert (first.cell, first.repetition) == layout.at(3)
    assert [failure.error for failure in table.failures] == [first.error, "killed"]
    assert len(table.missing()) == N - 2
    assert len(table.missing(retry_failed=True)) == N
    fill(tmp_path / "s", [3, 4])
    table = StudyStore(tmp_path / "s").table()
    assert list(table.failed) == [5]
    StudyStore(tmp_path / "s").prune()
    table = StudyStore(tmp_path / "s").table()
    assert list(table.failed) == [5]
    assert table.failures[0].attempts == 2
    assert len(table.rows()) == 2


# Damage


def same_json(after, before):
    """Tell whether JSON says the same as before."""
    try:
        return json.loads(after) == json.loads(before)
    except ValueError:
        return False


@given(data=st.data())
def test_damage_anywhere_costs_what_it_touches_and_is_named(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("s") / "s"
    layout = fill(path, list(range(N)))
    files = sorted(f for f in path.rglob("*") if f.is_file() and f.name != "lock")
    file = data.draw(st.sampled_from(files))
    before = file.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    if data.draw(st.booleans()):
        after = before[:place]
    else:
        changed = before[place] ^ data.draw(st.integers(1, 255))
        after = before[:place] + bytes([changed]) + before[place + 1 :]
    file.write_bytes(after)
    named = {damage.path for damage in StudyStore(path).verify()}
    writer = StoreWriter(path, layout)
    missing = list(writer.table.missing())
    writer.record(("x", "y"), missing, [0.0] * len(missing), numbers(missing, layout))
    writer.close()
    size = 16 + 2 * 8
    if file.suffix == ".cells":
        first = place // size
        cut = len(after) < N * size
        assert missing == (list(range(first, N)) if cut else [first])
        assert named == ({file} if not cut or place % size else set())
    else:
        assert missing == []  # a space in JSON may have become a tab
        assert named == (set() if same_json(after, before) else {file})
    assert len(content(path)) == N
    StudyStore(path).prune()
    assert StudyStore(path).verify() == []
    assert len(content(path)) == N


def test_cells_whose_layout_is_lost_are_set_aside_and_measured_again(tmp_path):
    path = tmp_path / "s"
    layout = fill(path, list(range(N)))
    for name in FILES:
        (path / layout.name / name).write_text("{}")
    assert len(StudyStore(path).verify()) == 2
    writer = StoreWriter(path, layout)
    assert len(writer.table.missing()) == N
    writer.record(("x", "y"), [0], [0.0], numbers([0], layout))
    writer.close()
    assert len(content(path)) == 1
    aside = path / f"damaged-{layout.name}-1"
    assert (aside / "000001.cells").stat().st_size == N * 32


def test_prune_deletes_old_versions_when_asked(tmp_path):
    path = tmp_path / "s"
    fill(path, list(range(N)))
    changed = layout_of(study(measure=lambda *_: {"x": 2.0}), 0)
    time.sleep(0.01)  # layouts carry milliseconds
    fill(path, [1, 2], changed)
    assert len(StudyStore(path).layouts()) == 2
    assert StudyStore(path).prune() <= 0
    assert len(StudyStore(path).layouts()) == 2
    assert StudyStore(path).prune(old=True) > 0
    ((_, kept),) = StudyStore(path).layouts()
    assert kept.name == changed.name


def grids(path, *grids):
    """Fill the store with other grids of one version, each with what it lacks."""
    for values in grids:
        layout = layout_of(study(grid={"n": values, "kind": ("a", "b")}), 0)
        writer = StoreWriter(path, layout, sync=False)
        missing = list(writer.table.missing())
        if missing:
            writer.record(
                ("x", "y"), missing, [0.0] * len(missing), numbers(missing, layout)
            )
        writer.close()
        time.sleep(0.01)  # layouts carry milliseconds
    return layout


def test_prune_keeps_the_cells_that_a_grown_grid_has_of_an_older_one(tmp_path):
    path = tmp_path / "s"
    grids(path, (1, 2), (1, 2, 3))
    assert len(content(path)) == 12
    StudyStore(path).prune(old=True)
    assert len(content(path)) == 12


def test_a_grid_is_forgotten_and_the_cells_of_others_stay(tmp_path):
    path = tmp_path / "s"
    one = grids(path, (1, 2))
    two = grids(path, (7,))
    forget(path, layout_of(study(grid={"n": (2, 5), "kind": ("a", "b")}), 0))
    assert not StudyStore(path).verify()
    assert len(gathered(path, one).rows()) == 4
    assert {row["n"] for row in gathered(path, one).rows()} == {1}
    assert len(gathered(path, two).rows()) == 4
    forget(path, two)
    assert [found.name for _, found in StudyStore(path).layouts()] == [one.name]
    assert len(content(path)) == 4


def test_failures_are_forgotten_with_their_grid_alone(tmp_path):
    path, layout = tmp_path / "s", layout_of(study(), 0)
    writer = StoreWriter(path, layout)
    writer.fail(0, 1, "one")
    writer.fail(11, 1, "three")
    writer.close()
    forget(path, layout_of(study(grid={"n": (1,), "kind": ("a", "b")}), 0))
    assert [f.error for f in gathered(path, layout).failures] == ["three"]


# Two drivers, full disks

HOLD = """
import sys
from pathlib import Path
from geomadv.studies._lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_driver_is_refused_by_name_and_a_dead_one_is_not_waited_for(tmp_path):
    path = tmp_path / "s"
    layout = fill(path, [0])
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"another driver: process {holder.pid} "):
            StoreWriter(path, layout)
        with pytest.raises(StoreError, match="another driver"):
            StudyStore(path).prune()
        assert len(content(path)) == 1  # reading is free
    finally:
        holder.kill()
        holder.communicate()
    StoreWriter(path, layout).close()


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store import StoreError, layout_of, numbers, study
from geomadv.studies._writer import StoreWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))
layout = layout_of(study(grid={"n": tuple(range(50)), "kind": ("a", "b")}), 0)
writer = StoreWriter(Path(sys.argv[1]), layout)
try:
    for k in range(0, layout.count, 10):
        positions = list(range(k, k + 10))
        writer.record(("x", "y"), positions, [0.0] * 10, numbers(positions, layout))
except StoreError as error:
    print(error)
writer.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX's")
def test_a_full_disk_leaves_what_was_recorded(tmp_path):
    path = tmp_path / "s"
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(path), os.path.dirname(__file__)],  # noqa: PTH120
        capture_output=True,
        text=True,
        check=True,
    )
    assert "takes no more" in ended.stdout
    assert "make room and resume" in ended.stdout
    rows = content(path)
    assert len(rows) == 70  # of 32 bytes: the eighth ten would exceed 2500
    assert StudyStore(path).verify() == []


@pytest.mark.errors
def test_what_is_no_store_is_left_alone(tmp_path):
    layout = layout_of(study(), 0)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("kept")
    with pytest.raises(StoreError, match="is a file; a store is a directory"):
        StoreWriter(tmp_path / "file", layout)
    with pytest.raises(StoreError, match=r"holds other files, such as thesis\.tex"):
        StoreWriter(tmp_path / "folder", layout)
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["thesis.tex"]
    with pytest.raises(StoreError, match="is no store of a study"):
        StudyStore(tmp_path / "folder")
    fill(tmp_path / "s", [0])
    with pytest.raises(StoreError, match="is the store of toy, not of other"):
        StoreWriter(tmp_path / "s", layout_of(study(name="other"), 0))
    with pytest.raises(ValueError, match="holds no cells of seed 3"):
        StudyStore(tmp_path / "s").table(seed=3)
    with pytest.raises(ValueError, match=r"must end in \.csv, \.parquet, \.nc"):
        StudyStore(tmp_path / "s").export(tmp_path / "a.txt")
    later = sealed({"format": 2, "study": "toy"})
    (tmp_path / "s" / "store.json").write_text(later)
    with pytest.raises(StoreError, match="has format 2; this geomadv reads up to 1"):
        StudyStore(tmp_path / "s")


# Out of the store


def test_dataset_has_labels_units_status_and_provenance(tmp_path):
    pytest.importorskip("xarray")
    fill(tmp_path / "s", [0, 1, 2, 11])
    writer = StoreWriter(tmp_path / "s", layout_of(study(), 0))
    writer.fail(4, 2, "killed")
    writer.close()
    found = StudyStore(tmp_path / "s").to_xarray()
    assert dict(found.sizes) == {"n": 3, "kind": 2, "repetition": 2}
    assert float(found.x.sel(n=3, kind="b", repetition=1)) == 31.5
    assert math.isnan(found.x.sel(n=2, kind="a", repetition=0))
    assert found.x.attrs["units"] == "m"
    status = found.status.values.ravel().tolist()
    assert status == [1, 1, 1, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert found.attrs["study"] == "toy"
    assert found.attrs["seed"] == 0
    assert {"measure", "geomadv_version", "numpy_version"} <= found.attrs.keys()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".nc"])
def test_exports_hold_the_rows_and_depend_on_nothing_else(tmp_path, suffix):
    for module in {".parquet": ["pyarrow"], ".nc": ["xarray", "h5py"]}.get(suffix, []):
        pytest.importorskip(module)
    fill(tmp_path / "a", list(range(N)))
    fill(tmp_path / "b", list(range(5, N)))
    fill(tmp_path / "b", [4, 3, 2, 1, 0])
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for name, file in zip("ab", files, strict=True):
        assert StudyStore(tmp_path / name).export(file) == N
    assert files[0].read_bytes() == files[1].read_bytes()
    rows = content(tmp_path / "a")
    if suffix == ".csv":
        lines = files[0].read_text().splitlines()
        assert lines[0] == "n,kind,repetition,x,y"
        assert lines[2] == "1,a,1,10.5,-1.0"
        assert len(lines) == N + 1
    elif suffix == ".parquet":
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(files[0])
        assert table.to_pylist() == rows
        about = json.loads(table.schema.metadata[b"geomadv"])
        assert (about["study"], about["units"]) == ("toy", {"x": "m"})
    else:
        import xarray

        with xarray.open_dataset(files[0], engine="h5netcdf") as found:
            assert found.identical(StudyStore(tmp_path / "a").to_xarray())


@pytest.mark.parametrize(
    ("axis", "kind"),
    [((True, False), "b"), ((1, 2), "i"), ((1, 2.5), "f"), (("a", 1), "U"),
     ((2**70, 1), "f")],
)  # fmt: skip
def test_axes_of_every_kind_are_exported(tmp_path, axis, kind):
    pytest.importorskip("xarray")
    parquet = pytest.importorskip("pyarrow.parquet")
    layout = layout_of(study(grid={"n": axis}, repetitions=1), 0)
    writer = StoreWriter(tmp_path / "s", layout)
    writer.record(("x",), [0, 1], [0.0, 0.0], [[1.0], [2.0]])
    writer.close()
    store = StudyStore(tmp_path / "s")
    assert store.to_xarray().n.dtype.kind == kind
    store.export(tmp_path / "a.parquet")
    if importlib.util.find_spec("h5py"):
        store.export(tmp_path / "a.nc")
    column = parquet.read_table(tmp_path / "a.parquet")["n"].to_pylist()
    assert column == ([*map(str, axis)] if kind == "U" else list(axis))


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    fill(tmp_path / "s", [0])
    for module in ("xarray", "pyarrow"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"xarray .* pip install .geomadv\[studies\]"):
        StudyStore(tmp_path / "s").to_xarray()
    with pytest.raises(ImportError, match="pyarrow is not installed"):
        StudyStore(tmp_path / "s").export(tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()
