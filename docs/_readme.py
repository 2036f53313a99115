"""Write the table of papers into README.md: `make readme`."""

from pathlib import Path

from geomadv.report import papers_table

README = Path(__file__).parent.parent / "README.md"
START, END = "<!-- papers: ", "<!-- end of papers -->"


def with_table(text: str) -> str:
    """Return the text with the table of the registry between its two marks."""
    before, start, rest = text.partition(START)
    head, _, after = rest.partition(END)
    mark = head.partition("\n")[0]
    return f"{before}{start}{mark}\n\n{papers_table()}\n\n{END}{after}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
