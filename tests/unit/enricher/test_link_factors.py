"""What speaks for and against a report being of a known event."""

from datetime import timedelta

import pytest

from services.enricher.domain.linking import ledger
from services.enricher.domain.linking.factors import Factors, factors, rarity_among
from services.enricher.domain.linking.link import decide
from services.enricher.domain.linking.reports import KnownEvent, ReportRecord, of_article
from services.enricher.domain.linking.search import Found, could_be, search
from shared.codes import ArticleKind, AttackType, WherePrecision
from shared.contracts import ArticleEnriched, Frame, Place, Victim
from shared.ids import uuid7
from tests.builders import NOON, PESHAWAR, QUETTA, day, enriched, frame, toll

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAKISTAN = Place(name="Pakistan", country="PK", lat=30.0, lon=70.0, precision=WherePrecision.COUNTRY)


def report(article: ArticleEnriched) -> ReportRecord:
    return of_article(article, article.published_at or NOON)[0]


def event(*articles: ArticleEnriched) -> KnownEvent:
    reports, event_id = tuple(report(article) for article in articles), uuid7()
    return KnownEvent(event_id, ledger.assess(event_id, 1, reports, {}), True, reports)


def held(article: ArticleEnriched, *candidates: KnownEvent) -> Factors:
    """Factors of a report and the first of the candidates."""
    return factors(report(article), candidates[0], rarity_among(candidates))


def test_a_toll_rises_from_the_earlier_report_to_the_later_whichever_came_in_first() -> None:
    full = event(enriched("caravel/1", frame(killed=toll(40)), published_at=NOON + 5 * HOUR))
    flash = held(enriched("herald/1", frame(killed=toll(3)), published_at=NOON), full)
    assert "killed_rises" in flash
    late = held(enriched("herald/1", frame(killed=toll(3)), published_at=NOON + 9 * HOUR), full)
    assert "killed_falls" in late


def test_one_report_that_is_read_wrongly_spoils_nothing() -> None:
    wrong = enriched("caravel/1", frame(place=QUETTA, date=day("2023-01-12")))
    split = event(enriched("ledger/1", frame()), wrong, enriched("caravel/2", frame(place=QUETTA)))
    assert split.snapshot.place == QUETTA
    assert held(enriched("herald/1", frame()), split).keys() >= {"place_some", "date_same"}


def test_an_undated_report_is_news_of_its_own_days() -> None:
    known = event(enriched("caravel/1", frame()))
    assert "date_recent" in held(enriched("herald/1", frame(date=None), published_at=NOON + DAY), known)
    assert "date_unknown" in held(enriched("herald/1", frame(date=None), published_at=NOON + 9 * DAY), known)


def test_the_day_of_a_hearing_is_not_held_against_the_day_of_the_attack() -> None:
    hearing = frame(date=day("2023-03-10"))
    late, first = NOON + 40 * DAY, event(enriched("caravel/1", frame()))
    assert "date_own" in held(enriched("herald/1", hearing, kind=ArticleKind.FOLLOW_UP, published_at=late), first)
    assert "date_differs" in held(enriched("herald/1", hearing, published_at=late), first)


def test_an_attack_alone_in_place_and_days_is_the_one_meant() -> None:
    known, other = event(enriched("caravel/1", frame())), event(enriched("ledger/1", frame()))
    assert "alone" in held(enriched("herald/1", frame()), known)
    assert held(enriched("herald/1", frame()), known, other).keys() >= {"rivals"}
    assert "alone" not in held(enriched("herald/1", frame()), known, other)


def test_where_places_agree_roughly_a_quiet_country_does() -> None:
    known = event(enriched("caravel/1", frame()))
    vague = enriched("herald/1", frame(place=PAKISTAN))
    assert "alone_in_country" in held(vague, known)
    assert "alone_in_country" not in held(vague, known, event(enriched("ledger/1", frame(place=QUETTA))))


def test_an_unknown_type_differs_from_none() -> None:
    known = event(enriched("caravel/1", frame()))
    assert (
        not {"types_same", "types_differ"}
        & held(enriched("herald/1", frame(attack_types=[AttackType.UNKNOWN])), known).keys()
    )


def test_persons_whom_both_name_count_by_themselves() -> None:
    text = "A bomb tore through a mosque, said Rashid Khan of the rescue service. Hospital officials counted the dead."
    known = event(enriched("caravel/1", frame(), text=text))
    assert held(enriched("herald/1", frame(), text=text), known)["persons"] > 0


@pytest.mark.parametrize(("place", "asked"), [(PESHAWAR, True), (QUETTA, False)])
def test_a_sentence_years_later_asks_for_attacks_of_its_town(place: Place, asked: bool) -> None:
    known = event(enriched("caravel/1", frame(place=place)))
    sentence = report(enriched("herald/9", frame(date=None), kind=ArticleKind.FOLLOW_UP, published_at=NOON + 700 * DAY))
    assert could_be(known.snapshot, search(sentence)) is asked


def test_a_decision_carries_its_factors_and_the_order_of_candidates_changes_nothing() -> None:
    known, other = event(enriched("caravel/1", frame())), event(enriched("ledger/1", frame(place=QUETTA)))
    one, same = (
        decide(report(enriched("herald/1", frame())), Found(pair)) for pair in ([known, other], [other, known])
    )
    assert one.event is not None
    assert one.event.event_id == known.event_id
    assert one == same
    assert {"place_same", "date_same", "types_same"} <= one.factors.keys()


def test_named_victims_tell_attacks_of_one_town_and_day_apart() -> None:
    def named(*mentions: str) -> Frame:
        return frame(victims=[Victim(mention=mention) for mention in mentions])

    known = event(enriched("caravel/1", named("Amina Gul", "Karim Yusuf Jr.")))
    assert "victims_same" in held(enriched("herald/1", named("Karim A. Yusuf")), known)
    assert "victims_differ" in held(enriched("herald/1", named("Bilal Shah")), known)
    assert not {"victims_same", "victims_differ"} & held(enriched("herald/1", named("a shopkeeper")), known).keys()


def test_words_are_rare_beside_what_else_is_on_file_and_beside_nothing_nobody_knows() -> None:
    known = event(enriched("caravel/1", frame()))
    elsewhere = [event(enriched(f"ledger/{n}", frame(place=QUETTA), text="A lorry overturned.")) for n in range(20)]
    alike = [event(enriched(f"ledger/{n}", frame(place=QUETTA))) for n in range(20)]

    def terms(*others: KnownEvent) -> float:
        told = report(enriched("herald/1", frame()))
        return factors(told, known, rarity_among([known], told, None, others))["terms"]

    assert terms(*elsewhere) > 1.5 * terms() > 0
    assert terms(*elsewhere) > 2 * terms(*alike)
