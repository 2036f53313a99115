"""``geomadv bench``: kernels against their peers and the bound of the machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geomadv.cli._exits import refuse
from geomadv.cli._options import Json, Seed, count, duration, positive
from geomadv.cli._outputs import check_outputs, write_json

if TYPE_CHECKING:
    from geomadv.bench import Case, Report, Settings

_FORMATS = (".png", ".svg", ".pdf")
_MOST_THREADS = 4096
_PEAK = Path("/proc/self/clear_refs")  # forgets the peak of the memory so far

KERNELS = (
    "nearest",
    "radius_count",
    "enlargement",
    "kernel_expansion",
    "kernel_expansion_gradient",
    "linear_margin",
    "linear_perturbation",
    "box_perturbation",
    "secular",
    "cap_measure",
    "cap_coordinate",
    "log_betainc",
    "log_betainc_inverse",
    "weighted_chi2_tail",
    "sphere_sample",
    "gaussian_sample",
    "sphere_heights",
)

EPILOG = "\n".join(["\b", "Kernels:", *(f"  {name}" for name in KERNELS)])


def _dimension(value: str | float | int) -> int:
    """Read a whole number of at least 2."""
    whole = count(value)
    if whole < 2:
        raise typer.BadParameter(f"must be at least 2, got {value}")
    return whole


def bench(
    selectors: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KERNEL|CASE",
            help="Kernels, or cases by their names in the table; all by default.",
            show_default=False,
        ),
    ] = None,
    n: Annotated[
        int, typer.Option("--n", parser=positive, metavar="N", help="Queries.")
    ] = 20_000,
    m: Annotated[
        int, typer.Option("--m", parser=positive, metavar="M", help="Points.")
    ] = 20_000,
    d: Annotated[
        int, typer.Option("--d", parser=_dimension, metavar="D", help="Coordinates.")
    ] = 50,
    runs: Annotated[
        int, typer.Option(parser=positive, metavar="N", help="Rounds of timing.")
    ] = 7,
    limit: Annotated[
        float,
        typer.Option(
            parser=duration,
            metavar="TIME",
            help="Time of each peer in a case: a slow one runs in fewer rounds.",
        ),
    ] = 25.0,
    threads: Annotated[
        int | None,
        typer.Option(
            parser=positive,
            metavar="N",
            help="Threads of geomadv and of its peers; all processors by default.",
            show_default=False,
        ),
    ] = None,
    gpu: Annotated[
        bool, typer.Option("--gpu", help="Measure on the GPU, against CuPy.")
    ] = False,
    memory: Annotated[
        bool,
        typer.Option(
            "--memory", help="Measure the peak memory at a million points as well."
        ),
    ] = False,
    seed: Seed = 0,
    json: Json = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw into FILE.png, .svg or .pdf."),
    ] = None,
) -> int:
    """Measure kernels against their peers and the bound of the machine.

    Peers are scikit-learn, faiss, SciPy, torch, NumPy and KeOps, as far as they are
    installed: `pip install "geomadv[bench]"` brings faiss and torch.
    """
    if out is not None and out.suffix not in _FORMATS:
        refuse("--out", f"must end in {', '.join(_FORMATS)}, got {str(out)!r}")
    if memory and gpu:
        refuse("--memory", "is for the processor; leave --gpu out")
    if memory and not _PEAK.exists():
        refuse("--memory", f"needs {_PEAK}, which Linux has")
    if threads is not None and threads > _MOST_THREADS:
        refuse("--threads", f"must be at most {_MOST_THREADS}, got {threads}")
    check_outputs(out=out, json=json)
    from geomadv.bench import Settings, available_threads
    from geomadv.bench._run import too_large

    cases = _cases(selectors, gpu)
    workers = threads or available_threads()
    settings = Settings(n, m, d, runs, workers, seed, gpu, limit)
    for case in cases:
        wrong = too_large(case, settings)
        if wrong:
            refuse("--n, --m, --d", wrong)
    report = _run(cases, settings, memory)
    if json is not None:
        write_json(json, report.as_json())
    if out is not None:
        _draw(report, out)
    from geomadv.cli._bench_table import print_bench
    from geomadv.cli._console import console

    print_bench(console(), report)
    return 0 if report.agreed else 1


def _cases(selectors: list[str] | None, gpu: bool) -> "tuple[Case, ...]":
    from geomadv.bench import DeviceUnavailableError, device_name, find

    try:
        cases = find(selectors or ())
    except ValueError as error:
        refuse("KERNEL|CASE", str(error))
    if gpu:
        try:
            device_name()
        except DeviceUnavailableError as error:
            refuse("--gpu", f"cannot be used: {error}")
        cases = tuple(case for case in cases if case.gpu)
        if not cases:
            refuse("--gpu", "none of these cases has one to compare with in CuPy")
    return cases


def _run(cases: "tuple[Case, ...]", settings: "Settings", memory: bool) -> "Report":
    """Measure, with progress on the terminal that standard error is."""
    import dataclasses
    from contextlib import nullcontext

    from geomadv.bench import bench as measure
    from geomadv.cli._console import console

    screen = console(stderr=True)
    shown: Any = screen.status("") if screen.is_terminal else nullcontext()
    with shown as status:
        tell = status.update if status is not None else (lambda line: None)
        report = measure(cases, settings, told=tell)
        if memory:
            found = _memory(cases, settings, tell)
            report = dataclasses.replace(report, memory=found)
    return report


def _memory(
    cases: "tuple[Case, ...]", settings: "Settings", tell: Any
) -> dict[str, float]:
    from geomadv.bench import peak_memory
    from geomadv.bench._memory import KERNELS as MEASURED

    chosen = {case.kernel for case in cases}
    found = {}
    for kernel in MEASURED:
        if kernel in chosen:
            tell(f"{kernel}: peak memory")
            found[kernel] = peak_memory(kernel, settings)
    return found


def _draw(report: "Report", out: Path) -> None:
    from geomadv.plotting import save, style
    from geomadv.plotting._bench import bench_figure

    s = report.settings
    machine = report.machine["gpu"] or report.machine["processor"]
    threads = "" if s.gpu else f", threads = {s.threads}"
    title = f"{machine}: n = {s.n}, m = {s.m}, d = {s.d}{threads}"
    with style():
        figure = bench_figure(report.cases, title=title)
        save(figure, out.with_suffix(""), (out.suffix[1:],))
