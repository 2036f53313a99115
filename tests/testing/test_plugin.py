"""The plugin in a pytest of its own: its summary, its budget, and xdist."""

import math
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SUITE = """
    import pytest
    from geomadv.claims import Choices, Reals, Sampler, claim
    from geomadv.testing import assert_statistically

    @claim(source="my draft, Lemma 1", domain={"x": Reals(0, 1)}, twin=0.9)
    def square(x):
        return x * x <= x

    @claim(source="my draft, Lemma 2", domain={"p": Choices((0.25,))})
    def coin(p):
        return Sampler(lambda n, rng: rng.random(n) < p) <= 0.5

    @claim(source="my draft, Lemma 3", domain={"x": Reals(0, 2)})
    def wrong(x):
        return x * x <= x

    def test_square():
        assert_statistically(square)

    def test_coin():
        first, second = (assert_statistically(coin).error_rate for _ in range(2))
        print(f"rates {first:.4g} {second:.4g}")

    def test_wrong():
        assert_statistically(wrong)

    def test_without_claims():
        pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    path = tmp_path / "test_draft.py"
    path.write_text(textwrap.dedent(SUITE), encoding="utf-8")
    return path


def run(suite: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    plugin = ["-p", "no:geomadv", "-p", "geomadv.testing._plugin"]
    return subprocess.run(
        [*command, *plugin, *options, str(suite)],
        capture_output=True,
        text=True,
        check=False,
        cwd=suite.parent,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one", "xdist"])
def test_the_summary_lists_each_claim(suite: Path, options: tuple[str, ...]) -> None:
    ended = run(suite, "--geomadv-error-rate", "0.01", *options)
    assert "1 failed, 3 passed" in ended.stdout, ended.stdout + ended.stderr
    rows = {
        line.split()[0]: " ".join(line.split()[1:])
        for line in ended.stdout.splitlines()
        if line.startswith("test-draft.")
    }
    assert rows["test-draft.square"] == "exact HOLDS 0 refuted"
    assert rows["test-draft.wrong"] == "exact VIOLATED -2 unproven power"
    assert re.fullmatch(
        r"statistical HOLDS 0\.\d+ unproven power", rows["test-draft.coin"]
    )
    assert "error rate of the suite at most 0.01" in ended.stdout


def test_the_rate_is_split_over_all_tests(suite: Path) -> None:
    out = run(suite, "-s", "--geomadv-error-rate", "0.01").stdout
    # 6/pi^2 of a quarter of 0.01, then a quarter of that.
    assert "rates 0.00152 0.00038" in out


@pytest.mark.errors
@pytest.mark.parametrize("rate", ["0", "1", "nan"])
def test_a_bad_rate_is_refused(suite: Path, rate: str) -> None:
    ended = run(suite, "--geomadv-error-rate", rate)
    assert ended.returncode == 4
    assert "--geomadv-error-rate must lie in (0, 1)" in ended.stderr


MORE = """
    import pytest
    from geomadv.claims import Choices, Reals, Sampler, claim
    from geomadv.testing import assert_statistically

    @claim(source="my draft, Lemma 1", domain={"p": Choices((0.25,))}, twin=0.4)
    def coin(p):
        return Sampler(lambda n, rng: rng.random(n) < p) <= 0.5

    @claim(source="my draft, Lemma 2", domain={"p": Choices((0.5,))}, twin=0.9)
    def tight(p):
        return Sampler(lambda n, rng: rng.random(n) < p) <= p

    @claim(source="my draft, Lemma 3", domain={"x": Reals(0, 1)}, twin=0.5)
    def square(x):
        return x * x <= x

    @pytest.fixture
    def decided():
        print(f"fixture {assert_statistically(coin).error_rate:.4g}")

    @pytest.fixture
    def broken():
        assert_statistically(tight, budget=1024)

    def test_first(decided):
        print(f"test {assert_statistically(coin).error_rate:.4g}")

    def test_broken(broken):
        pass

    def test_passes():
        assert_statistically(tight, 0.03, budget=4096, undecided="pass")
        assert_statistically(square, 0.02)

    def test_last(decided):
        pass
"""


def test_a_fixture_spends_the_share_of_its_test_and_is_listed(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    path = tmp_path / "test_more.py"
    path.write_text(textwrap.dedent(MORE), encoding="utf-8")
    out = run(path, "-s", "--geomadv-error-rate", "0.01").stdout
    assert "3 passed, 1 error" in out
    # The first decision of each of four tests, the second one of the first.
    assert re.findall(r"(?:fixture|test) ([\d.e-]+)", out) == [
        "0.00152",
        "0.00038",
        "0.00152",
    ]
    # The claim of the fixture that failed is listed.
    assert "test-more.tight   statistical  INCONCLUSIVE" in out
    # What tests spend of their own is said, once each; what is computed spends nothing.
    line = "error rate of the suite at most 0.01, and 0.03 by error rates that tests"
    assert line in out


def test_the_summary_shows_what_a_claim_came_to_at_its_worst(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    path = tmp_path / "test_seeds.py"
    text = textwrap.dedent(MORE).partition("@pytest.fixture")[0]
    text += textwrap.dedent("""
        @pytest.mark.parametrize("budget", [2**12, 2**4, 2**12])
        def test_coin(budget):
            assert_statistically(coin, 1e-9, budget=budget, undecided="pass")
    """)
    path.write_text(text, encoding="utf-8")
    out = run(path).stdout
    assert "3 passed" in out
    assert "test-seeds.coin  statistical  INCONCLUSIVE" in out


def test_decisions_before_the_tests_are_paid_for(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    path = tmp_path / "test_early.py"
    text = textwrap.dedent(MORE).partition("@pytest.fixture")[0]
    text += textwrap.dedent("""
        early = [assert_statistically(coin).error_rate for _ in range(3)]

        def test_rates():
            print(f"rates {sum(early)} {assert_statistically(coin).error_rate}")
    """)
    path.write_text(text, encoding="utf-8")
    out = run(path, "-s", "--geomadv-error-rate", "0.01").stdout
    rates = re.search(r"rates (\S+) (\S+)", out)
    assert rates is not None
    early, late = map(float, rates.groups())
    assert 0 < early <= 1e-4
    assert late == pytest.approx(0.01 * 0.99 * 6 / math.pi**2)


def test_a_suite_without_claims_gets_no_section(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    path = tmp_path / "test_nothing.py"
    path.write_text("def test_nothing(): pass\n")
    ended = run(path)
    assert ended.returncode == 0
    assert "geomadv" not in ended.stdout


def test_the_plugin_loads_little() -> None:
    code = (
        "import sys, geomadv.testing._plugin\n"
        "print(*({'scipy', 'hypothesis', 'geomadv.claims', 'geomadv.stats'} "
        "& set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert shown.strip() == ""
