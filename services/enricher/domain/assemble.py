"""From what the finders say to attack frames: each value with the span that says so, the unknown left null."""

from collections.abc import Sequence


from services.enricher.domain import attack_types, casualties, dates, episodes, places
from services.enricher.domain.dates import DateMention
from services.enricher.domain.episodes import Episode
from services.enricher.domain.findings import TITLE, Findings
from services.enricher.domain.kind import Verdict
from services.enricher.domain.places import PlaceMention
from services.enricher.domain.text import Document
from shared.codes import AttackType, WherePrecision
from shared.contracts import Evidence, Frame, Place, Toll, WhenRange

FOCUS = 4  # telling sentences that say when and where


def frames(document: Document, verdict: Verdict, found: Findings) -> list[Frame]:
    """The attacks of an article, the reported one first."""
    lead = [index for index in verdict.telling[:FOCUS]] or [0]
    main = dates.choose(found.dates, lead, found.published)
    when = main.first if main else None
    told = episodes.split(document, verdict, found, when)
    return [_frame(document, verdict, found, episode) for episode in told]


def _frame(document: Document, verdict: Verdict, found: Findings, episode: Episode) -> Frame:
    focus = _focus(verdict, episode)
    day = _date(found, episode, focus)
    place = episode.place or _place(document, found, episode, focus)
    types, type_evidence = _types(found, episode, focus)
    killed, injured, hostages, toll_evidence = _tolls(found, episode)
    evidence = [
        *type_evidence,
        *([Evidence(field="date", start=day.start, end=day.end)] if day else []),
        *([Evidence(field="place", start=place.start, end=place.end, in_title=place.in_title)] if place else []),
        *toll_evidence,
    ]
    return Frame(
        role="reported" if episode.reported else "mentioned",
        attack_types=types,
        date=WhenRange(start=day.first, end=day.last, precision=day.precision)
        if day and day.first and day.last
        else None,
        place=_as_place(place) if place else None,
        killed=killed,
        injured=injured,
        hostages=hostages,
        evidence=evidence,
    )


def _focus(verdict: Verdict, episode: Episode) -> list[int]:
    """The first sentences of the episode that tell of the attack."""
    own = set(episode.sentences)
    return [index for index in verdict.telling if index in own][:FOCUS] or [i for i in episode.sentences if i >= 0][:1]


def _date(found: Findings, episode: Episode, focus: Sequence[int]) -> DateMention | None:
    own = set(episode.sentences)
    return dates.choose([one for one in found.dates if one.sentence in own], focus, found.published)


def _place(document: Document, found: Findings, episode: Episode, focus: Sequence[int]) -> PlaceMention | None:
    spans = [(document.sentences[index].start, document.sentences[index].end) for index in focus]
    return places.choose(found.places, spans, found.dateline, document.text)


def _types(found: Findings, episode: Episode, focus: Sequence[int]) -> tuple[list[AttackType], list[Evidence]]:
    wanted = [*focus, TITLE] if TITLE in episode.sentences else list(focus)
    best = attack_types.best_types(found.types, wanted) or attack_types.best_types(found.types, episode.sentences)
    evidence = []
    for number, kind in enumerate(best):
        told = [one for one in found.types if one.type is kind and one.sentence in wanted]
        if told:
            first = max(told, key=lambda one: one.strength)
            evidence.append(
                Evidence(
                    field=f"attack_types[{number}]", start=first.start, end=first.end, in_title=first.sentence == TITLE
                )
            )
    return best or [AttackType.UNKNOWN], evidence


def _tolls(found: Findings, episode: Episode) -> tuple[Toll | None, Toll | None, Toll | None, list[Evidence]]:
    own = set(episode.sentences)
    told = [one for one in found.tolls if (TITLE in own if one.in_title else one.sentence in own)]
    tolls = casualties.best(told)
    evidence = [
        Evidence(field=field, start=one.start, end=one.end, in_title=one.in_title)
        for field, mentions in tolls.spans.items()
        for one in mentions
    ]
    taken = next((one for one in told if one.kind == "hostages" and one.best and not one.cumulative), None)
    hostages = Toll(low=taken.low, best=taken.best, high=taken.high) if taken and taken.best else None
    if taken and hostages:
        evidence.append(Evidence(field="hostages", start=taken.start, end=taken.end, in_title=taken.in_title))
    return tolls.killed, tolls.injured, hostages, evidence


def _as_place(mention: PlaceMention) -> Place:
    return Place(
        name=mention.name,
        locality=mention.locality,
        admin1=mention.admin1,
        country=mention.country,
        lat=mention.lat,
        lon=mention.lon,
        precision=WherePrecision(mention.precision),
        geonameid=mention.geonameid,
        radius_km=mention.radius_km,
    )
