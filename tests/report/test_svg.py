from geomadv.claims import Report
from geomadv.report._svg import curve_svgs, embedded

DOCUMENT = """<?xml version="1.0"?>
<!DOCTYPE svg>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="504pt" height="194pt"
 viewBox="0 0 504 194" xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata>about</metadata>
 <defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
 <g id="figure_1"><!-- a comment --><g style="stroke: #010203" clip-path="url(#p1)"/>
 <g style="stroke: #030201"/>
 <defs><path id="DejaVuSans-30" d="M 1 2
L 3 4
z
" transform="scale(0.015625)"/></defs><use xlink:href="#DejaVuSans-30" x="1"/>
 <clipPath id="p1"><rect/></clipPath></g></svg>"""


def test_a_document_becomes_a_part_of_a_page() -> None:
    glyphs: dict[str, str] = {}
    svg = embedded(DOCUMENT, "a.b-c", 'a "label" <b>', glyphs)
    assert svg.startswith(
        '<svg role="img" aria-label="a &quot;label&quot; &lt;b&gt;"\n viewBox='
    )
    for gone in ("<style", "xmlns", "figure_1", "DejaVu", "comment", "about", "xlink"):
        assert gone not in svg
    assert 'id="a-b-c-p1"' in svg
    assert "url(#a-b-c-p1)" in svg
    assert "currentColor" in svg
    assert "var(--grid)" in svg
    assert list(glyphs.values()) == ["glyph-0"]
    assert '<use href="#glyph-0"' in svg


def test_letters_are_shared_between_figures() -> None:
    glyphs: dict[str, str] = {}
    embedded(DOCUMENT, "a", "", glyphs)
    embedded(DOCUMENT.replace("DejaVuSans-30", "Other-1"), "b", "", glyphs)
    assert len(glyphs) == 1


def test_one_figure_for_each_claim_with_points(report: Report) -> None:
    labels = [result.claim.id for result in report.results]
    svgs, glyphs = curve_svgs(report.results, labels)
    without = [r.claim.id for r, s in zip(report.results, svgs, strict=True) if not s]
    assert without == ["levy1951.breaks"]
    assert "<path" in glyphs
    assert svgs == curve_svgs(report.results, labels)[0]
