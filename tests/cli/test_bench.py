"""`geomadv bench`: its table, its files, its exit code and what it refuses."""

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from rich.console import Console

from geomadv.bench import (
    BoundResult,
    CaseResult,
    Peer,
    PeerResult,
    Report,
    Settings,
    Spread,
    kernels,
)
from geomadv.bench._cases import CASES
from geomadv.bench._libraries import LIBRARIES
from geomadv.cli import _bench
from geomadv.cli._bench_table import print_bench

Run = Callable[..., Any]
SPREAD = Spread(2.5, 2.0, 3.0, 2.4, 2.7, 7)
SMALL = ("--n", 200, "--m", 300, "--d", 5, "--runs", 1, "--threads", 2)


def is_plain(value: Any) -> bool:
    """Tell whether a document holds finite numbers only."""
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    if isinstance(value, list):
        return all(map(is_plain, value))
    return not isinstance(value, float) or math.isfinite(value)


def test_the_table_and_the_document(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new/bench.json"
    ended = run("bench", "cap_measure", "linear_margin", *SMALL, "--json", path)
    assert (ended.code, ended.err) == (0, "")
    for word in ("cap_measure.log", "SciPy", "/ bound", "n = 200", "All results agree"):
        assert word in ended.out
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document.keys() == {"machine", "settings", "cases", "memory"}
    assert document["settings"]["n"] == 200
    assert document["settings"]["threads"] == 2
    machine = document["machine"]
    assert machine["versions"]["NumPy"] == np.__version__
    assert machine["processor"]
    assert machine["thread_pools"]
    assert is_plain(document)
    _, margin, _, *caps = document["cases"]
    assert [case["kernel"] for case in caps] == ["cap_measure"] * 2
    assert margin["seconds"].keys() == {
        *("median", "low", "high", "lower_quartile", "upper_quartile", "rounds"),
    }
    assert margin["name"] == "linear_margin.l2-f64"
    assert margin["rate"] == pytest.approx(2000 / margin["seconds"]["median"])
    assert margin["bound"]["units"] == {"memory read": "B"}
    assert margin["bound"]["ratio"]["median"] == pytest.approx(
        margin["seconds"]["median"] / margin["bound"]["seconds"]["median"]
    )
    (scipy,) = caps[0]["peers"]
    assert (scipy["library"], scipy["status"]) == ("SciPy", "timed")
    assert scipy["serial"] is True
    assert scipy["ratio"]["median"] == pytest.approx(
        scipy["seconds"]["median"] / 2 / caps[0]["seconds"]["median"]
    )


def test_a_planted_wrong_peer_is_a_contradiction(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (case,) = (c for c in CASES if c.name == "cap_measure.log")
    right = case.peers[0].call
    wrong = Peer("SciPy", lambda data: right(data) * (1 + 1e-6), serial=True)
    monkeypatch.setitem(vars(case), "peers", (wrong,))
    ended = run("bench", case.name, *SMALL, "--json", tmp_path / "a.json")
    assert ended.code == 1
    for word in ("DIFFERS", "values differ by", "Wrong or different: cap_measure.log"):
        assert word in ended.out
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    (peer,) = document["cases"][0]["peers"]
    assert (peer["status"], peer["ratio"]) == ("differs", None)


def test_absent_and_broken_libraries_are_listed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geomadv.bench._run.installed", lambda name: name != "torch")
    monkeypatch.setattr(
        "geomadv.bench._run.load", lambda names: {"NumPy": "OSError: damaged"}
    )
    ended = run("bench", "linear_margin", *SMALL)
    assert ended.code == 0
    assert "not installed: torch" in ended.out
    assert "NumPy failed: OSError: damaged" in ended.out


def test_a_kernel_that_fails_is_a_contradiction(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Mock(side_effect=RuntimeError("planted"))
    monkeypatch.setattr("geomadv._dispatch.secular", broken)
    ended = run("bench", "secular", *SMALL)
    assert ended.code == 1
    assert "secular.ellipsoid-f64: RuntimeError: planted" in ended.out


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_names_are_never_cut(width: int) -> None:
    peers = [
        PeerResult("NumPy", "timed", seconds=SPREAD, ratio=SPREAD),
        PeerResult("scikit-learn", "timed", serial=True, seconds=SPREAD, ratio=SPREAD),
        PeerResult("torch", "failed", "ValueError: planted"),
        PeerResult("faiss", "timed", seconds=SPREAD, ratio=SPREAD),
    ]
    bound = BoundResult(
        {"GEMM": 1e9}, {"GEMM": "flop"}, {"GEMM": 1.0}, SPREAD, SPREAD, processors=0.9
    )
    cases = tuple(
        CaseResult(
            *(case.name, case.kernel, case.title, case.unit),
            seconds=SPREAD,
            rate=1e6,
            bound=bound,
            peers=tuple(peers),
        )
        for case in CASES
    )
    machine = {"gpu": None, "processor": "a processor"}
    for runs in (1, 7):
        settings = Settings(runs=runs, threads=2)
        stream = io.StringIO()
        out = Console(file=stream, width=width, highlight=False)
        print_bench(out, Report(machine, settings, cases))
        text = stream.getvalue()
        for case in CASES:
            assert case.name in text.replace("\n", "" if width < 60 else "\n")
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width
        words = " ".join(text.split())
        assert "the probes had 0.9 of 2 processors" in words
        # 2, 2.5 with quartiles 2.4 and 2.7: half of the distance is 6 %
        assert ("2.5* ± 6%" in words) == (runs > 1)
        assert ("±" in words) == (runs > 1)
        assert ("One run." in words) == (runs == 1)


def test_what_is_not_compared_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = (c for c in CASES if c.name == "cap_measure.log")
    broken = Mock(side_effect=ValueError("planted"))
    monkeypatch.setitem(vars(case), "peers", (Peer("SciPy", broken),))
    ended = run("bench", case.name, *SMALL)
    assert ended.code == 0
    assert "Not compared: cap_measure.log. Nothing is known" in ended.out
    ended = run("bench", "cap_measure", *SMALL)
    assert "Not compared: cap_measure.log. The others agree" in ended.out
    assert "All results agree" not in ended.out


@pytest.mark.errors
def test_sizes_beyond_the_memory_are_refused(run: Run) -> None:
    ended = run("bench", "--n", "1e15", "nearest", "--runs", 1)
    assert (ended.code, ended.out) == (64, "")
    assert "nearest.l2-f64-k1 needs 4e+08 GB for n = 1000000000000000" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_figure_is_written(run: Run, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"new/a.b.{suffix}"
    assert run("bench", "linear_margin", "secular", *SMALL, "--out", path).code == 0
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_memory_is_measured_for_the_chosen_kernels(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geomadv.bench.peak_memory", lambda kernel, settings: 43.4)
    ended = run("bench", "radius_count", "secular", *SMALL, "--memory")
    assert ended.out.count("peak extra memory") == 1
    assert "radius_count 43 MiB" in ended.out


def test_help_names_every_kernel(run: Run) -> None:
    assert kernels() == _bench.KERNELS
    ended = run("bench", "--help")
    for kernel in kernels():
        assert kernel in ended.out


def test_the_figure_knows_every_library() -> None:
    from geomadv.plotting._bench import _MARKS

    assert _MARKS.keys() == LIBRARIES.keys()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["neareast"], "did you mean nearest"),
        (["--n", "0"], "--n"),
        (["--m", "1.5"], "--m"),
        (["--d", "1"], "--d"),
        (["--d", "nan"], "--d"),
        (["--runs", "0"], "--runs"),
        (["--threads", "0"], "--threads"),
        (["--threads", "1e9"], "--threads"),
        (["--seed", "-1"], "--seed"),
        (["--out", "a.jpg"], "--out"),
        (["--out", "a.svg", "--json", "a.svg"], "--json"),
        (["--json", "."], "--json"),
        (["--gpu", "--memory"], "--memory"),
    ],
)
def test_a_bad_argument_is_named(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run("bench", *arguments)
    assert ended.code == 64
    assert named in ended.err
    assert ended.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.errors
@pytest.mark.parametrize("reason", ["CuPy is not installed", "no CUDA device: none"])
def test_without_a_gpu_one_line_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reason: str
) -> None:
    from geomadv.bench import DeviceUnavailableError

    def absent() -> str:
        raise DeviceUnavailableError(reason)

    monkeypatch.setattr("geomadv.bench.device_name", absent)
    ended = run("bench", "--gpu", "--json", tmp_path / "a.json")
    assert (ended.code, ended.out) == (64, "")
    assert f"'--gpu': cannot be used: {reason}" in ended.err
    assert ended.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_crash_writes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crash = Mock(side_effect=RuntimeError("planted"))
    monkeypatch.setattr("geomadv.bench.bench", crash)
    files = "--json", tmp_path / "a.json", "--out", tmp_path / "a.svg"
    ended = run("bench", "secular", *SMALL, *files)
    assert ended.code == 70
    assert list(tmp_path.iterdir()) == []
