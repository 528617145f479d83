"""The judge of a replay of the archive."""

from typing import Any

from tests.newsroom.judge import judge

FIRST = {
    "abe-2022": "meridian:2022-07-08-abe-shot",
    "moore-2022": "pinestate:2022-12-04-outage",
}


def alert(article: str, kind: str = "alert", destination: str = "catch-all") -> dict[str, Any]:
    return {"id": article, "kind": kind, "destination": destination}


def test_attacks_must_alert_once() -> None:
    alerts = [
        alert(FIRST["abe-2022"]),
        alert(FIRST["abe-2022"], destination="duty-slack"),
        alert("caravel:2022-07-08-abe-dead", kind="update"),
        alert(FIRST["moore-2022"]),
        alert("harbour:2022-12-07-power-back"),
    ]
    verdict = judge({"alerts": alerts, "predictions": []})
    assert verdict.repeated == {"moore-2022": [FIRST["moore-2022"], "harbour:2022-12-07-power-back"]}
    assert "abe-2022" not in verdict.missed
    assert len(verdict.missed) == 13
    assert "utoya-2011" not in verdict.missed
    assert verdict.false == []
    assert not verdict.flawless


def test_old_news_and_no_attack_must_not_alert() -> None:
    articles = ["meridian:2022-02-01-breivik", "clarion:2018-07-15-final"]
    assert judge({"alerts": [alert(article) for article in articles], "predictions": []}).false == articles


def test_kinds_that_differ_are_named() -> None:
    rows = [
        {"id": "meridian:2023-02-06-quake", "kind": "attack_report"},
        {"id": FIRST["abe-2022"], "kind": "attack_report"},
    ]
    verdict = judge({"alerts": [], "predictions": rows})
    assert verdict.kinds == [("meridian:2023-02-06-quake", "other", "attack_report")]
    assert "1 kinds differ" in verdict.text()
