import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

from geomadv.plotting import FORMATS, PALETTE, WIDTHS, new_figure, save, style

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def drawn():
    figure = new_figure("column")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], label="$x$")
    axes.legend()
    return figure


def test_each_format_is_written(tmp_path):
    with style():
        paths = save(drawn(), tmp_path / "new" / "a.figure")
    assert [path.name for path in paths] == [f"a.figure.{x}" for x in FORMATS]
    for path, suffix in zip(paths, FORMATS, strict=True):
        assert path.read_bytes().startswith(MAGIC[suffix])
    assert sorted(path.parent.iterdir()) == sorted(paths)


@pytest.mark.parametrize("suffix", FORMATS)
def test_equal_figures_are_equal_files(tmp_path, suffix):
    contents = []
    for stem in ("one", "two"):
        with style():
            (path,) = save(drawn(), tmp_path / stem, (suffix,))
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_style_ends_with_its_block():
    before = dict(mpl.rcParams)
    with style():
        assert mpl.rcParams["axes.spines.top"] is False
        colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    assert dict(mpl.rcParams) == before
    assert colours == list(PALETTE.values())[:7]


def test_style_does_not_depend_on_the_settings_around_it():
    with mpl.rc_context({"lines.linestyle": "--", "font.size": 30}), style():
        assert mpl.rcParams["lines.linestyle"] == "-"
        assert mpl.rcParams["font.size"] == 8


def luminance(colour):
    value = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_first_two_colours_differ_in_grey_too():
    """A curve must be told from another one on a grey print."""
    blue, vermilion = luminance(PALETTE["blue"]), luminance(PALETTE["vermilion"])
    assert abs(blue - vermilion) > 0.05


def test_figure_has_the_width_of_its_name():
    for name, inches in WIDTHS.items():
        assert new_figure(name, aspect=0.5).get_size_inches().tolist() == [
            inches,
            inches / 2,
        ]


def test_axes_placed_by_hand_stay_where_they_are(tmp_path):
    with style():
        figure = new_figure(layout="none")
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        save(figure, tmp_path / "figure", ("png",))
    assert axes.get_position().bounds == (0, 0, 1, 1)


def test_import_leaves_matplotlib_alone():
    code = "import sys, geomadv.plotting; print('matplotlib' in sys.modules)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.errors
def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match="width must be one of 'column', 'wide'"):
        new_figure("narrow")
    with pytest.raises(ValueError, match=r"aspect must lie in \(0, 10\], got 0.0"):
        new_figure(aspect=0)
    with pytest.raises(ValueError, match="layout must be one of"):
        new_figure(layout="tight")
    with pytest.raises(ValueError, match="formats must be one of 'png', 'svg', 'pdf'"):
        save(new_figure(), tmp_path / "figure", ("png", "gif"))
    assert list(tmp_path.iterdir()) == []
