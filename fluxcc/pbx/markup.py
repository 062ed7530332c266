"""Parses the XML that FreeSWITCH prints (``xml_locate``), safely: it rejects document types and
deep nesting.

Expat is used directly, because ElementTree's own parser accepts a document type with its entities,
which FreeSWITCH never prints. Counterparts: ``dialplan``, ``inquiry`` and ``doctor``.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

DEEPEST = 100
"""Levels of nested elements; a dialplan has some ten."""


def parse(text: str) -> Element:
    """The root element. Raises ``ValueError`` where the text is not plain XML."""
    builder = TreeBuilder()
    parser = expat.ParserCreate("utf-8")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise ValueError("XML that is too deep")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_declaration: object) -> None:
        raise ValueError("XML with a document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {error}") from error
    root: Element = builder.close()
    return root
