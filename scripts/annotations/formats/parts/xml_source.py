"""XML as annotation tools write it, read without document types and entities of its own."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from ....common.errors import UserError, at_line

MAX_XML_BYTES = 256 << 20


def read_xml(path: Path) -> Element:
    """The root element of an XML file.

    A document type is refused whatever it declares: none of the formats has one, and entities can
    grow without bound or name other files.

    Raises:
        UserError: The file is larger than MAX_XML_BYTES, is not well-formed, or has a document
            type.
    """
    if path.stat().st_size > MAX_XML_BYTES:
        raise UserError(
            f"The file is larger than {MAX_XML_BYTES >> 20} MiB",
            where=str(path),
            todo="Export the documents one by one.",
        )
    try:
        return defusedxml.ElementTree.fromstring(path.read_bytes(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise UserError(
            f"The file declares a document type or entities ({type(error).__name__})",
            where=str(path),
            todo="No annotation tool writes these, and they can do harm; take the declaration out.",
        ) from None
    except ParseError as error:
        line = error.position[0] if getattr(error, "position", None) else None
        raise UserError(
            f"The file is not well-formed XML: {error}",
            where=at_line(path, line),
            todo="A file that was cut off ends so.",
        ) from None
    except (ValueError, LookupError) as error:
        # An encoding that is unknown, or that the file does not keep to.
        raise UserError(f"The file cannot be decoded: {error}", where=str(path)) from None
