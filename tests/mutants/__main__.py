"""Plants errors in the formulas, one at a time, and asks whether the tests see them.

`make mutants` plants 200, in copies of the tree: those of `plan.json` that the tree
still has, and others in place of the rest. The plan holds the test that caught each: it
is asked first, and the others where it does not see the error. A run that was
interrupted goes on: what was caught stays so while the text of its module is the same,
and the others are tried again. The exit code is 0 where every mutant is caught or known
as equivalent.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

from tests.mutants._choice import choose, equivalents
from tests.mutants._sites import KINDS, Mutant, mutants
from tests.mutants._tests import arguments_for, claim_ids, formula_modules
from tests.mutants._trial import LIMIT, Copy

ROOT = Path(__file__).parents[2]
PLAN = Path(__file__).with_name("plan.json")
RESULTS = ("caught", "equivalent", "survived", "broken", "not run")


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for, and return the exit code."""
    options = _options().parse_args(arguments)
    sources = formula_modules(options.root)
    everything = [m for module, text in sources.items() for m in mutants(module, text)]
    known = equivalents(everything)
    wanted = [m for m in everything if options.only in m.module]
    options.out.mkdir(parents=True, exist_ok=True)
    state = options.out / "state.jsonl"
    kept = _kept(options)
    chosen = choose(wanted, options.count, options.seed, kept.keys())
    _write_plan(chosen, kept, options)
    keys = {m: f"{m.name}|{_hash(sources[m.module])}" for m in chosen}
    rows = {
        m: {"result": "equivalent", "by": known[m.name]}
        for m in chosen
        if m.name in known
    }
    before = _read(state)
    for mutant in chosen:
        old = before.get(keys[mutant])
        if mutant not in rows and old and (old["result"] == "caught" or options.report):
            rows[mutant] = old
    left = [] if options.report else [m for m in chosen if m not in rows]
    if left:
        _run(left, rows, keys, state, kept, options)
    by = {m.name: rows[m]["by"] for m in rows if rows[m]["result"] == "caught"}
    _write_plan(chosen, kept | by, options)
    report = [
        asdict(m) | {"name": m.name} | rows.get(m, {"result": "not run", "by": ""})
        for m in chosen
    ]
    text = json.dumps({"seed": options.seed, "mutants": report}, indent=1)
    (options.out / "report.json").write_text(text + "\n", encoding="utf-8")
    _say(_table(report))
    return int(any(r["result"] not in ("caught", "equivalent") for r in report))


def _kept(options: argparse.Namespace) -> dict[str, str]:
    """Return the mutants of an earlier run like this one, and the tests that see them.

    That of the same folder or that of the tree; nothing if there is none.
    """
    for path in (options.out / "plan.json", PLAN):
        plan = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if plan.get("run") == _kind(options):
            return dict(plan["names"])
    return {}


def _write_plan(
    chosen: list[Mutant], by: dict[str, str], options: argparse.Namespace
) -> None:
    names = {m.name: by.get(m.name, "") for m in chosen}
    text = json.dumps({"run": _kind(options), "names": names}, indent=1)
    (options.out / "plan.json").write_text(text + "\n", encoding="utf-8")


def _kind(options: argparse.Namespace) -> dict[str, object]:
    return {"count": options.count, "seed": options.seed, "only": options.only}


def _run(
    left: list[Mutant],
    rows: dict[Mutant, dict[str, str]],
    keys: dict[Mutant, str],
    state: Path,
    kept: dict[str, str],
    options: argparse.Namespace,
) -> None:
    claims = claim_ids(options.root)
    copies: SimpleQueue[Copy] = SimpleQueue()
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        ThreadPoolExecutor(options.workers) as pool,
        state.open("a", encoding="utf-8") as file,
    ):
        for worker in range(options.workers):
            copies.put(Copy(options.root, Path(folder) / str(worker), options.limit))

        def judge(mutant: Mutant) -> dict[str, str]:
            copy = copies.get()
            try:
                tests = arguments_for(copy.root, mutant.module, claims)
                return asdict(copy.judge(mutant, tests, kept.get(mutant.name, "")))
            finally:
                copies.put(copy)

        futures = {pool.submit(judge, mutant): mutant for mutant in left}
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                mutant = futures[future]
                rows[mutant] = future.result()
                file.write(json.dumps({"key": keys[mutant]} | rows[mutant]) + "\n")
                file.flush()
                result, by = rows[mutant]["result"], rows[mutant]["by"]
                _say(f"{done}/{len(left)} {result}: {_words(asdict(mutant))} [{by}]")
        finally:
            pool.shutdown(cancel_futures=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="mutants in all")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    parser.add_argument("--only", default="", help="a part of the modules' paths")
    parser.add_argument("--workers", type=int, default=2, help="copies of the tree")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds a mutant")
    parser.add_argument(
        "--report", action="store_true", help="run nothing, say what is known"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "mutants")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return parser


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(state: Path) -> dict[str, dict[str, str]]:
    if not state.exists():
        return {}
    lines = state.read_text(encoding="utf-8").splitlines()
    # A run that was killed may leave half a line.
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return {row.pop("key"): row for row in rows}


def _words(row: dict[str, object]) -> str:
    place = f"{row['module']}:{row['line']} {row['function']}"
    return f"{row['kind']} in {place}: {row['original']} -> {row['mutated']}"


def _table(report: list[dict[str, object]]) -> str:
    """Return the counts by layer and by kind, and every mutant that is not caught."""

    def layer(row: dict[str, object]) -> str:
        parts = str(row["module"]).split("/")
        return "/".join(parts[1:-1])

    def lines(title: str, groups: Iterable[str], of: str) -> list[str]:
        found = [f"{title:<28}" + "".join(f"{r:>12}" for r in RESULTS)]
        for group in groups:
            counts = Counter(
                str(row["result"])
                for row in report
                if group in ("all", layer(row) if of == "layer" else row[of])
            )
            found.append(f"{group:<28}" + "".join(f"{counts[r]:>12}" for r in RESULTS))
        return found

    layers = sorted({layer(row) for row in report})
    text = lines("kind", (*KINDS, "all"), "kind")
    text += ["", *lines("layer", layers, "layer")]
    for result in RESULTS[1:4]:
        for row in report:
            if row["result"] == result:
                text += ["", f"{result}: {_words(row)}", f"    {row['by']}".rstrip()]
    return "\n".join(text)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


THREADS = ("MKL", "NUMBA", "OMP", "OPENBLAS")

if __name__ == "__main__":
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in THREADS})
    # A kill ends the tests that run as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
