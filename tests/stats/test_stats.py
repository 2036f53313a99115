import subprocess
import sys

import geomadv.stats


def test_everything_public_is_in_the_table_of_contents():
    for name in geomadv.stats.__all__:
        assert getattr(geomadv.stats, name).__doc__


def test_import_is_light():
    heavy = "{'scipy.stats', 'matplotlib', 'sklearn', 'numba', 'flint', 'hypothesis'}"
    code = f"import sys, geomadv.stats; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert answer.stdout.strip() == "[]"
