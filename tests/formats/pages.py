"""HTML pages, and the notebooks that they are made of, for tests."""

from __future__ import annotations

from html.parser import HTMLParser

from reactive_nb.models import Cell, Notebook, Output


class Page(HTMLParser):
    """What a page is made of: elements with attributes, text, and the contents of scripts."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._in: list[str] = []
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._in and tag == self._in[-1]:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] == "script":
            self.scripts.append(data)
        elif not self._in:
            self.text += data


def display(**data: str) -> Output:
    bundle = {key.replace("_", "/").replace("svg", "svg+xml"): value for key, value in data.items()}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def notebook(*cells: Cell) -> Notebook:
    return Notebook("n", name="Q3 <report>", cells=cells)
