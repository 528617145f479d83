"""Bytes become text and elements, whatever their encoding says."""

import pytest

from services.parser.domain.document import TooComplex, decode, is_text, tree

SAMPLES = {
    "utf-8": "Взрыв в метро",
    "utf-16": "Взрыв в метро",
    "windows-1251": "Взрыв в метро Санкт-Петербурга",
    "gb18030": "北京爆炸事件造成人员伤亡",
    "shift_jis": "東京で爆発がありました",
    "iso-2022-jp": "東京で爆発がありました",
    "euc-kr": "서울에서 폭발이 발생했다",
    "windows-1256": "انفجار في بغداد",
    "windows-1252": "“quoted” – café",
}


def page(text: str, encoding: str, meta: str = "") -> bytes:
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>".encode(encoding)


@pytest.mark.parametrize(("encoding", "text"), SAMPLES.items())
def test_declared_in_the_header_or_in_the_page(encoding: str, text: str) -> None:
    assert text in decode(page(text, encoding), f"text/html; charset={encoding}")
    assert text in decode(page(text, encoding, f'<meta charset="{encoding}">'), "text/html")


def test_nothing_declared() -> None:
    text = "Взрыв прогремел в метро Санкт-Петербурга, сообщили в полиции. Погибли десять человек."
    assert text in decode(page(text, "windows-1251"), None)


def test_good_utf8_is_utf8_whatever_is_declared() -> None:
    assert "café" in decode(page("café", "utf-8", '<meta charset="iso-8859-1">'), "text/html; charset=iso-8859-1")


def test_wrongly_declared_utf8() -> None:
    assert "Взрыв в метро" in decode(
        page("Взрыв в метро", "windows-1251", '<meta charset="windows-1251">'), "text/html; charset=utf-8"
    )


@pytest.mark.parametrize("charset", ["klingon", "", "utf-8; foo", "\x00"])
def test_nonsense_declared(charset: str) -> None:
    assert "plain" in decode(page("plain \u00e9", "utf-8"), f"text/html; charset={charset}")


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"<html>", "text/html; charset=utf-8", True),
        (b"<html>", None, True),
        (b"%PDF-1.7", "text/html", False),
        (b"%PDF-1.7", None, False),
        (b"<html>", "application/pdf", False),
        (b"\x89PNG\r\n", None, False),
    ],
)
def test_what_is_a_page(body: bytes, kind: str | None, expected: bool) -> None:
    assert is_text(body, kind) is expected


@pytest.mark.parametrize("html", ["", "  \n", "\x00\x00", "<", "<!DOCTYPE html>", "just words"])
def test_no_page_is_no_error(html: str) -> None:
    tree(html)


def test_more_elements_than_an_article_has() -> None:
    with pytest.raises(TooComplex):
        tree("<html><body>" + "<br>" * 40_000)


def test_nesting_without_end() -> None:
    assert tree("<html><body>" + "<div>" * 1_000_000) is not None
