"""Best values of an event by rule, from what its reports say."""

from datetime import timedelta

from services.enricher.domain.linking import ledger
from services.enricher.domain.linking.reports import ReportRecord, of_article
from shared.codes import ArticleKind, WherePrecision
from shared.contracts import EventSnapshot, Frame
from tests.builders import NOON, PESHAWAR, QUETTA, day, enriched, frame


def said(days: int, told: Frame, kind: ArticleKind = ArticleKind.ATTACK_REPORT) -> ReportRecord:
    at = NOON + timedelta(days=days)
    (report,) = of_article(enriched(f"paper{days}/1", told, kind=kind, published_at=at), at)
    return report


def event(*reports: ReportRecord) -> EventSnapshot:
    return ledger.assess(reports[0].report_id, 1, reports, {})


def test_the_day_of_an_attack_is_not_that_of_the_hearing() -> None:
    hearing = said(40, frame(date=day("2023-03-10")), ArticleKind.FOLLOW_UP)
    assert event(said(0, frame()), hearing).date == day("2023-01-30")
    assert event(said(0, frame()), hearing, said(41, frame(date=day("2023-03-10")))).date == day("2023-03-10")


def test_an_exact_place_elsewhere_is_outvoted() -> None:
    quarter = PESHAWAR.model_copy(update={"name": "Hayatabad", "lat": 33.98, "lon": 71.43})
    shop = QUETTA.model_copy(update={"name": "Liaquat Bazaar", "precision": WherePrecision.EXACT})
    assert event(said(0, frame(place=shop)), said(1, frame()), said(2, frame(place=quarter))).place == quarter
    assert event(said(0, frame()), said(1, frame(place=shop))).place == shop


def test_a_province_adds_nothing_to_a_town() -> None:
    province = QUETTA.model_copy(update={"name": "Balochistan", "precision": WherePrecision.PROVINCE})
    assert event(said(0, frame()), said(1, frame(place=province)), said(2, frame(place=province))).place == PESHAWAR
