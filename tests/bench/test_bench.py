"""A measurement in small: every case, the bound, and what becomes of a peer."""

import dataclasses
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from geomadv import _dispatch
from geomadv.bench import (
    Case,
    Part,
    Peer,
    Settings,
    Spread,
    available_threads,
    bench,
    find,
    kernels,
    peak_memory,
)
from geomadv.bench._cases import CASES
from geomadv.bench._libraries import LIBRARIES, installed, limited, load, versions
from geomadv.bench._probes import _on_threads
from geomadv.bench._report import PeerResult
from geomadv.bench._timing import rounds, settle
from geomadv_kernels.contract import registry

SMALL = Settings(n=120, m=150, d=6, runs=2, threads=2)


def probe(settings: Settings) -> tuple[Callable[[], object], float]:  # noqa: ARG001
    return lambda: time.sleep(0.001), 10.0


def twice(data: Any) -> Any:
    return 2.0 * data["x"]


def case(*peers: Peer, **changes: Any) -> Case:
    """Return a case that doubles numbers, with a bound of 5 ms."""

    def agree(data: Any, ours: Any, theirs: Any) -> str:  # noqa: ARG001
        return "" if np.array_equal(ours, theirs) else "not the double"

    def ours(data: Any, threads: int) -> Any:  # noqa: ARG001
        time.sleep(0.02)
        return twice(data)

    made = Case(
        name="double.f64",
        kernel="double",
        title="doubles",
        make=lambda settings, rng: {"x": rng.random(settings.n)},
        ours=ours,
        peers=peers,
        agree=agree,
        work=lambda settings: settings.n,
        unit="values",
        bound=(Part("nap", probe, lambda settings: 50.0, "sheep"),),
    )
    return dataclasses.replace(made, **changes)


def only(found: Any) -> Any:
    (result,) = found
    return result


def test_every_case_runs_and_agrees_with_its_peers() -> None:
    """NumPy, SciPy and scikit-learn are there always; a wrong kernel would be named."""
    report = bench(find(), SMALL)
    assert report.agreed, [
        (c.name, c.failure, [p.note for p in c.peers if p.note]) for c in report.cases
    ]
    assert [c.name for c in report.cases] == [c.name for c in CASES]
    for result in report.cases:
        assert result.seconds is not None
        assert result.rate is not None
        assert 0 < result.seconds.low <= result.seconds.median <= result.seconds.high
        assert result.bound_note == ""
        timed = {p.library for p in result.peers if p.status == "timed"}
        assert timed & {"NumPy", "SciPy"}


def test_every_kernel_is_measured() -> None:
    assert set(kernels()) == set(registry())


@pytest.mark.parametrize("chosen", CASES, ids=lambda case: case.name)
@pytest.mark.errors  # what stands in for kernels returns None
def test_every_case_hands_the_threads_on(
    chosen: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def kernel(*arguments: Any, threads: int, **options: Any) -> Any:  # noqa: ARG001
        seen.append(threads)
        return (None, None, None)

    monkeypatch.setattr(_dispatch, chosen.kernel, kernel)
    chosen.ours(chosen.make(SMALL, np.random.default_rng(0)), 3)
    assert seen == [3]


@pytest.mark.parametrize(
    "chosen", [c for c in CASES if c.gpu], ids=lambda case: case.name
)
def test_on_a_gpu_every_case_has_something_to_compare_with(chosen: Case) -> None:
    """What CuPy runs takes NumPy's arrays too, and must find the same with them."""
    (peer,) = (p for p in chosen.peers if p.library == "CuPy")
    data = chosen.make(SMALL, np.random.default_rng(0))
    assert chosen.agree(data, chosen.ours(data, 2), peer.call(data)) == ""


def test_fewer_points_than_neighbours_are_all_compared() -> None:
    report = bench(find(["nearest"]), dataclasses.replace(SMALL, n=5, m=5, runs=1))
    assert report.agreed
    for result in report.cases:
        assert result.compared
        assert not [p for p in result.peers if p.status == "failed"]


def test_a_result_that_is_wrong_by_itself_is_named() -> None:
    wrong = case(Peer("NumPy", twice), check=lambda data, ours: "odd")
    found = only(bench([wrong], SMALL).cases)
    assert (found.failure, found.seconds, found.agreed) == ("odd", None, False)


def test_it_is_told_whether_anything_was_compared() -> None:
    broken = Mock(side_effect=ValueError)
    unknown = only(bench([case(Peer("NumPy", broken))], SMALL).cases)
    assert (unknown.agreed, unknown.compared) == (True, False)
    compared = only(bench([case(Peer("NumPy", twice))], SMALL).cases)
    assert compared.compared
    checked = only(bench([case(check=lambda data, ours: "")], SMALL).cases)
    assert checked.compared


def test_data_that_cannot_be_made_are_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def make(settings: Settings, rng: Any) -> Any:  # noqa: ARG001
        raise MemoryError("no room")

    found = only(bench([case(make=make)], SMALL).cases)
    assert found.failure == "MemoryError: no room"
    monkeypatch.setattr("geomadv.bench._run.total_memory", lambda: 1000)
    found = only(bench([case(size=lambda settings: 1001.0)], SMALL).cases)
    assert "double.f64 needs 1e-06 GB for n = 120" in found.failure


def test_a_wrong_peer_is_named_and_not_timed() -> None:
    peers = Peer("NumPy", twice), Peer("SciPy", lambda data: 2.0 * data["x"] + 1e-9)
    report = bench([case(*peers)], SMALL)
    good, bad = only(report.cases).peers
    assert (good.status, good.note) == ("timed", "")
    assert good.ratio.high < 1
    assert (bad.status, bad.note) == ("differs", "not the double")
    assert bad.ratio is None
    assert not report.agreed


def test_a_peer_that_fails_says_why_and_is_no_contradiction() -> None:
    def broken(data: Any) -> Any:
        raise ValueError("no\nluck " + str(data["x"].size))

    report = bench([case(Peer("NumPy", broken))], SMALL)
    failed = only(only(report.cases).peers)
    assert (failed.status, failed.note) == ("failed", "ValueError: no luck 120")
    assert report.agreed


def test_an_absent_peer_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "geomadv.bench._run.installed", lambda library: library != "SciPy"
    )
    peers = Peer("NumPy", twice), Peer("SciPy", twice)
    found = only(bench([case(*peers)], SMALL).cases)
    assert [p.status for p in found.peers] == ["timed", "absent"]


def test_a_library_that_cannot_be_imported_is_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "geomadv.bench._run.load", lambda libraries: {"SciPy": "OSError: damaged"}
    )
    found = only(bench([case(Peer("SciPy", twice))], SMALL).cases)
    assert found.peers == (PeerResult("SciPy", "failed", "OSError: damaged"),)


def test_a_kernel_that_fails_is_a_contradiction() -> None:
    def ours(data: Any, threads: int) -> Any:
        raise RuntimeError(f"{threads} threads and {data['x'].size} values")

    report = bench([case(Peer("NumPy", twice), ours=ours)], SMALL)
    found = only(report.cases)
    assert found.failure == "RuntimeError: 2 threads and 120 values"
    assert (found.seconds, found.peers) == (None, ())
    assert not report.agreed


def test_the_bound_is_the_sum_of_its_parts() -> None:
    parts = [Part(name, probe, lambda settings: 50.0, "sheep") for name in "ab"]
    found = only(bench([case(bound=tuple(parts))], SMALL).cases)
    assert found.bound is not None
    # a nap of 1 ms is 10 sheep, and 50 of each are needed: 10 ms
    assert 0.01 <= found.bound.seconds.median < 0.1
    assert found.bound.parts.keys() == {"a", "b"}
    assert found.bound.rates["a"] == pytest.approx(
        50.0 / found.bound.parts["a"], rel=1e-9
    )
    assert found.bound.ratio.high <= found.seconds.high / found.bound.seconds.low
    assert found.bound.ratio.low >= found.seconds.low / found.bound.seconds.high


def test_a_bound_that_fails_says_why() -> None:
    def broken(settings: Settings) -> Any:
        raise OSError(f"no room for {settings.n}")

    part = Part("nap", broken, lambda settings: 1.0, "sheep")
    found = only(bench([case(bound=(part,))], SMALL).cases)
    assert (found.bound, found.bound_note) == (None, "OSError: no room for 120")
    assert found.seconds is not None


def test_shares_and_single_threads_are_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {"geomadv": [1.0, 2.0], "NumPy": [6.0, 8.0], "SciPy": [0.6, 0.8]}
    monkeypatch.setattr("geomadv.bench._run.rounds", lambda *args, **options: taken)
    whole = Peer("NumPy", twice)
    part = Peer("SciPy", twice, serial=True, share=lambda settings: 0.1)
    found = only(bench([case(whole, part, bound=())], SMALL).cases)
    assert (found.rate, found.bound) == (120 / 1.5, None)
    all_of_it, tenth = found.peers
    assert (all_of_it.seconds.median, all_of_it.ratio.median) == (7.0, 5.0)
    assert (tenth.share, tenth.seconds.median) == (0.1, pytest.approx(7.0))
    # in each round 6 and 4 times ours, on one thread where ours had two
    assert (tenth.ratio.low, tenth.ratio.high) == pytest.approx((2.0, 3.0))


def test_calls_take_turns_and_each_round_begins_with_another() -> None:
    order: list[str] = []

    def call(name: str) -> Callable[[], object]:
        return lambda: (time.sleep(0.021), order.append(name))

    told: list[str] = []
    calls = {name: call(name) for name in "abc"}
    found = rounds(calls, 3, finish=lambda: None, told=told.append)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"  # the first to warm up
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(
        "abc", 3
    )
    assert told[0] == "a, run 1 of 3"


def test_a_slow_peer_takes_part_in_fewer_rounds() -> None:
    calls = {name: lambda: time.sleep(0.03) for name in "abc"}
    found = rounds(
        calls, 5, finish=lambda: None, told=str, limited=("a", "b"), limit=0.05
    )
    assert {name: len(values) for name, values in found.items()} == {
        "a": 2,
        "b": 2,
        "c": 5,
    }


def test_nothing_is_timed_while_threads_spin() -> None:
    """A thread that computes for a tenth of a second after a call is waited for."""

    def spinning() -> None:
        def spin() -> None:
            end = time.perf_counter() + 0.1
            while time.perf_counter() < end:
                sum(range(1000))

        threading.Thread(target=spin).start()

    started = time.perf_counter()
    spinning()
    settle()
    assert 0.09 <= time.perf_counter() - started < 5.0
    started = time.perf_counter()
    settle()
    assert time.perf_counter() - started < 0.4


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_probe_does_what_it_says_on_all_threads(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Units are counted where they are done, by as many workers as threads."""
    done = [0] * threads
    made = iter(range(threads))

    def worker() -> Callable[[], None]:
        me = next(made)

        def work() -> None:
            done[me] += 1
            time.sleep(1e-4)

        return work

    monkeypatch.setattr("geomadv.bench._probes._LENGTH", 0.02)
    run, units = _on_threads(worker, threads, 5.0)
    before = sum(done)
    run()
    assert units == 5.0 * (sum(done) - before)
    assert all(done)


def test_what_is_short_is_repeated_within_a_round() -> None:
    count = [0]

    def call() -> None:
        count[0] += 1
        time.sleep(0.001)

    (seconds,) = rounds({"a": call}, 1, finish=lambda: None, told=str)["a"]
    assert count[0] > 5
    assert 0.001 <= seconds < 0.02


def test_a_spread_is_a_median_with_its_range() -> None:
    assert Spread.of([4.0, 1.0, 2.0, 3.0, 5.0]) == Spread(3.0, 1.0, 5.0, 2.0, 4.0, 5)
    one = dict.fromkeys(Spread.__annotations__, 2.0) | {"rounds": 1}
    assert Spread.of([2.0]).as_json() == one


def test_selectors_are_kernels_and_cases() -> None:
    assert [c.name for c in find(["secular.ellipsoid-f64", "secular"])] == [
        "secular.ellipsoid-f64"
    ]
    assert {c.kernel for c in find(["nearest", "cap_measure"])} == {
        "nearest",
        "cap_measure",
    }
    assert len(find()) == len(CASES) == len({c.name for c in CASES})
    assert all(c.name.startswith(f"{c.kernel}.") for c in CASES)
    assert {p.library for c in CASES for p in c.peers} <= LIBRARIES.keys()
    assert kernels() == tuple(dict.fromkeys(c.kernel for c in CASES))


@pytest.mark.errors
def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="did you mean nearest"):
        find(["neareast"])
    for name, value in (("n", 0), ("m", -1), ("d", 1), ("runs", 0), ("threads", 0)):
        with pytest.raises(ValueError, match=f"{name} must be at least"):
            bench([], dataclasses.replace(SMALL, **{name: value}))
    with pytest.raises(RuntimeError, match="nonsense"):
        peak_memory("nonsense", SMALL, points=10, queries=2)


def test_threads_are_limited_for_the_block() -> None:
    from threadpoolctl import threadpool_info

    def counts() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info()}

    load(["scikit-learn"])
    before = counts()
    with limited(1):
        assert counts() == {1}
    assert counts() == before


def test_threads_of_faiss_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    class Faiss:
        threads = 7

        def omp_get_max_threads(self) -> int:
            return self.threads

        def omp_set_num_threads(self, threads: int) -> None:
            self.threads = threads

    faiss = Faiss()
    monkeypatch.setitem(sys.modules, "faiss", faiss)
    with limited(2):
        assert faiss.threads == 2
    assert faiss.threads == 7


def test_a_library_may_have_several_distributions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("numpy", "numpy-of-another-name", "numpy")
    monkeypatch.setattr("geomadv.bench._libraries.LIBRARIES", {"NumPy": names})
    assert versions(["NumPy"])["NumPy"] == np.__version__
    monkeypatch.setattr("geomadv.bench._libraries.LIBRARIES", {"NumPy": names[:2]})
    assert versions(["NumPy"])["NumPy"] == np.__version__  # what the module says


def test_versions_are_those_of_what_is_there() -> None:
    found = versions(["NumPy", "KeOps"])
    assert found["NumPy"] == np.__version__
    assert (found["KeOps"] is None) == (not installed("KeOps"))
    assert available_threads() >= 1


def test_the_peak_memory_is_measured_in_a_process_of_its_own() -> None:
    found = peak_memory("nearest", SMALL, points=2000, queries=100)
    assert 0 <= found < 256
