"""XML of untrusted texts: what XML 1.0 cannot hold is left out, the rest is escaped by the library."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: object) -> str:
    return _FORBIDDEN.sub("", str(text))


def put(parent: Element, name: str, text: object, **attributes: str) -> Element:
    """Append a child with this text; None appends an element without."""
    child = SubElement(parent, name, {key: clean(value) for key, value in attributes.items()})
    child.text = None if text is None else clean(text)
    return child


def write(element: Element) -> str:
    return tostring(element, encoding="unicode")
