"""The text that an HTML page shows, and where the places of its source stand in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ...units import utf16_positions

# Elements that begin and end a line of what a browser shows, and cells of a row.
_BLOCKS = """
address article aside blockquote body caption dd details div dl dt fieldset figcaption figure
footer form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol p pre section summary table
tbody tfoot thead tr ul
"""
BLOCKS = frozenset(_BLOCKS.split())
CELLS = frozenset(("td", "th"))
HIDDEN = frozenset(("head", "script", "style", "template", "title"))
_WHOLE_PAGE = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
_STEP = re.compile(r"([a-z][\w:.-]*|text\(\))(?:\[(\d{1,9})\])?")
_PAGE_STEPS = re.compile(r"^/html\[1\]/body\[1\](?=/|$)")


@dataclass(frozen=True, slots=True)
class TextNode:
    """A text node: its text, its place in the shown text (None if hidden) and in all text."""

    text: str
    shown_at: int | None
    counted_at: int


@dataclass
class HtmlText:
    """The text nodes of a page, joined as a browser shows them.

    Every text node stays as it is; between lines and table cells that the source does not part
    by white space a line end or tab is put, so that words of two cells are not one.

    Args:
        text: What is shown.
        nodes: All text nodes, in order.
        paths: XPath of a text node, such as ``/div[1]/p[2]/text()[1]``, to its index.
        children: XPath of an element to the number of text nodes before each of its children, and
            before what follows it.
    """

    text: str = ""
    nodes: list[TextNode] = field(default_factory=list)
    paths: dict[str, int] = field(default_factory=dict)
    children: dict[str, list[int]] = field(default_factory=dict)

    def at_path(self, path: str, offset: int, *, is_end: bool, utf16: bool = False) -> int | None:
        """Place in the text of an offset in the node of an XPath, or None if there is none.

        Args:
            path: XPath from the body (or the root) of the page.
            offset: Characters in a text node, or number of a child of an element.
            is_end: Whether a span ends there: before a child, it ends with the text before it.
            utf16: Whether characters are UTF-16 code units, as in JavaScript, or code points.
        """
        path = normal_path(path)
        if path in self.paths:
            node = self.nodes[self.paths[path]]
            if utf16:
                positions = utf16_positions(node.text)
                offset = positions.index(offset) if offset in positions else -1
            if node.shown_at is None or not 0 <= offset <= len(node.text):
                return None
            return node.shown_at + offset
        before = self.children.get(path, [])
        if not 0 <= offset < len(before):
            return None
        number = before[offset]
        around = reversed(self.nodes[:number]) if is_end else iter(self.nodes[number:])
        for node in around:
            if node.shown_at is not None:
                return node.shown_at + (len(node.text) if is_end else 0)
        return None

    def at_count(self, offset: int, *, is_end: bool) -> int | None:
        """Place in the text of an offset that counts the code points of all text nodes.

        A ``<br>`` counts one. Between two nodes a start belongs to the later, an end to the former.
        """
        for node in self.nodes:
            inside = offset - node.counted_at
            if node.shown_at is None or not 0 <= inside <= len(node.text):
                continue
            if (is_end and inside > 0) or (not is_end and inside < len(node.text)):
                return node.shown_at + inside
        return None


def normal_path(path: str) -> str:
    """An XPath in the form of ``HtmlText.paths``: all steps numbered, from the body."""
    steps = [step for step in path.lower().lstrip(".").split("/") if step]
    found = [_STEP.fullmatch(step) for step in steps]
    parts = (f"/{m[1]}[{int(m[2] or 1)}]" if m else "/?" for m in found)
    return _PAGE_STEPS.sub("", "".join(parts))


def parse_html(source: str) -> HtmlText:
    """Parses a page or a piece of one; broken HTML is read as far as it goes.

    Nothing is fetched, and no entities but HTML's own are expanded.
    """
    # Browsers read every line end as \n (HTML standard, preprocessing the input stream).
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    whole = _WHOLE_PAGE.search(source) is not None
    page = source if whole else f"<html><body><div>{source}</div></body></html>"
    parser = etree.HTMLParser(encoding="utf8", no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(page.encode("utf8"), parser)
    except (etree.ParseError, ValueError):
        return HtmlText()
    body = None if root is None else root.find("body")
    if body is not None and not whole:
        body = body.find("div")
    if body is None:
        return HtmlText()
    _add_bodies(body)
    return _Walk().over(body)


def _add_bodies(root: etree._Element) -> None:
    """Puts rows that stand in a table itself into a ``tbody``, as browsers do."""
    for table in list(root.iter("table")):
        body = None
        for child in list(table):
            if child.tag != "tr":
                body = None
                continue
            if body is None:
                body = etree.Element("tbody")
                child.addprevious(body)
            body.append(child)


class _Walk:
    """Goes through a tree in document order, without recursion, and joins its text."""

    def __init__(self) -> None:
        self.found = HtmlText()
        self.parts: list[str] = []
        self.length, self.counted, self.hidden, self.pending = 0, 0, 0, ""
        self.open: list[tuple[str, Counter[str]]] = []

    def over(self, root: etree._Element) -> HtmlText:
        for event, node in _events(root):
            if event == "start":
                self._start(node, node is root)
            elif event == "end":
                self._end(node)
            else:
                self._child()
            if event != "start" and node is not root:
                self._text(node.tail)
        self.found.text = "".join(self.parts)
        return self.found

    def _start(self, node: etree._Element, is_root: bool) -> None:
        path = ""
        if not is_root:
            above, counts = self.open[-1]
            self._child()
            counts[node.tag] += 1
            path = f"{above}/{node.tag}[{counts[node.tag]}]"
        self.open.append((path, Counter()))
        self.found.children[path] = []
        self.hidden += node.tag in HIDDEN
        self._part(node.tag)
        if node.tag == "br":
            self.counted += 1
            if not self.hidden:
                self._show("\n")
        self._text(node.text)

    def _end(self, node: etree._Element) -> None:
        self._child()
        self.open.pop()
        self.hidden -= node.tag in HIDDEN
        self._part(node.tag)

    def _child(self) -> None:
        self.found.children[self.open[-1][0]].append(len(self.found.nodes))

    def _part(self, tag: str) -> None:
        if tag in BLOCKS:
            self.pending = "\n"
        elif tag in CELLS:
            self.pending = self.pending or "\t"

    def _show(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def _text(self, text: str | None) -> None:
        if not text:
            return
        path, counts = self.open[-1]
        self._child()
        counts["text()"] += 1
        if not self.hidden:
            last = self.parts[-1][-1] if self.parts else " "
            if self.pending and not last.isspace() and not text[0].isspace():
                self._show(self.pending)
            self.pending = ""
        self.found.paths[f"{path}/text()[{counts['text()']}]"] = len(self.found.nodes)
        shown = None if self.hidden else self.length
        self.found.nodes.append(TextNode(text, shown, self.counted))
        self.counted += len(text)
        if not self.hidden:
            self._show(text)


def _events(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    return iter(etree.iterwalk(root, events=("start", "end", "comment", "pi")))
