import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import geomadv
from geomadv.cli import main
from geomadv.theories import _registry

Run = Callable[..., Any]
PROGRAM = "import sys; from geomadv.cli import main; sys.exit(main())"


def started(code: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_help_is_the_map(run: Run) -> None:
    ended = run("--help")
    assert ended.code == 0
    for word in ("verify", "claims", "errata", "scale", "simulate", "Exit codes"):
        assert word in ended.out
    assert run() == ended


@pytest.mark.parametrize("command", ["verify", "claims", "errata", "scale", "simulate"])
def test_every_command_has_help_and_json(run: Run, command: str) -> None:
    ended = run(command, "--help")
    assert ended.code == 0
    assert "--json" in ended.out


def test_version(run: Run) -> None:
    assert run("--version").out == f"geomadv {geomadv.__version__}\n"


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numpy", "rich", "scipy", "jinja2", "matplotlib")
    code = (
        "import sys; from geomadv.cli import main; main(['--help']); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    out, _ = started(code).communicate(timeout=60)
    assert out.endswith("[]\n")


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nonsense"], "nonsense"),
        (["verify", "--nonsense"], "--nonsense"),
        (["verify", "--seed", "-1"], "--seed"),
        (["verify", "--seed", "1.5"], "--seed"),
        (["verify", "--seed", "many"], "--seed"),
        (["verify", "--seed", "inf"], "--seed"),
        (["verify", "--error-rate", "0"], "--error-rate"),
        (["verify", "--error-rate", "1"], "--error-rate"),
        (["verify", "--error-rate", "nan"], "--error-rate"),
        (["verify", "--budget", "0"], "--budget"),
        (["verify", "levy1952"], "did you mean levy1951"),
        (["claims", "nonsense"], "nonsense"),
        (["simulate"], "NAME|FILE.py"),
        (["simulate"], "there are: "),
        (["simulate", "nonsense"], "nonsense"),
        (["simulate", "nonsense.py"], "nonsense.py"),
    ],
)
@pytest.mark.usefixtures("claims")
def test_a_bad_argument_is_one_line_that_names_it(
    run: Run, arguments: list[str], named: str
) -> None:
    ended = run(*arguments)
    assert ended.code == 64
    assert ended.out == ""
    assert re.fullmatch(r"Error: [^\n]+\n", ended.err)
    assert named in ended.err


def test_a_bug_is_no_verdict(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(_registry, "registry", broken)
    ended = run("verify")
    assert ended.code == 70
    assert "RuntimeError: broken" in ended.err


def test_interruption_in_process(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_registry, "registry", interrupted)
    ended = run("verify", "--json", tmp_path / "a.json")
    assert ended.code == 130
    assert ended.err.strip() == "Interrupted: unfinished output was discarded"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_a_run_cleanly(tmp_path: Path) -> None:
    code = (
        "import time, geomadv.theories._registry as r\n"
        "def registry():\n"
        "    print('ready', flush=True); time.sleep(60)\n"
        "r.registry = registry\n" + PROGRAM
    )
    process = started(code, "verify", "--json", str(tmp_path / "a.json"))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "Interrupted: unfinished output was discarded"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_leaves_is_no_error() -> None:
    code = (
        "import sys, geomadv.cli._console as c\n"
        "out = c.console()\n"
        "for _ in range(10**5): out.print('a line that is long enough')\n"
    )
    process = started(code)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


def test_letters_that_the_terminal_lacks_are_replaced() -> None:
    code = "from geomadv.cli import main; main(['--version']); print('L\\u00e9vy')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "L?vy"


def test_main_takes_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["geomadv", "--version"])
    assert main() == 0
    assert capfd.readouterr().out.startswith("geomadv ")
