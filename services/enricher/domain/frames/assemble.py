"""From what the finders say to attack frames: each value with the span that says so, the unknown left null."""

from collections.abc import Iterable, Sequence
from datetime import date

from services.enricher.domain.frames import corrections, episodes, fillers, perpetrators, plausible
from services.enricher.domain.frames.episodes import Episode
from services.enricher.domain.frames.findings import TITLE, Findings
from services.enricher.domain.news.kind import Verdict
from services.enricher.domain.text.article import Document
from services.enricher.domain.toll import casualties
from services.enricher.domain.what import slots
from services.enricher.domain.what.slots import RoleMention, Told
from services.enricher.domain.when import dates
from services.enricher.domain.when.clock import hour_in
from services.enricher.domain.where import places
from services.enricher.domain.where.places import PlaceMention
from shared.codes import ArticleKind, AttackType, ClaimMode, DatePrecision, TargetType, WeaponType, WherePrecision
from shared.contracts import Evidence, Frame, Perpetrator, Place, Target, Toll, Victim, Weapon, WhenRange

FOCUS = 4  # telling sentences that say when and where
NEAR = 3  # sentences from a telling one on in which its hour stands
MOST_FILLERS = 12


def frames(document: Document, verdict: Verdict, found: Findings) -> list[Frame]:
    """The attacks of an article, the reported one first."""
    main = dates.choose(found.dates, verdict.telling[:FOCUS] or [0], found.published)
    told = episodes.split(document, verdict, found, main.first if main else None)
    found = fillers.choose(document, verdict, found, told)
    return [_frame(document, verdict, found, episode) for episode in told]


def _frame(document: Document, verdict: Verdict, found: Findings, episode: Episode) -> Frame:
    focus = _focus(verdict, episode)
    evidence: list[Evidence] = []
    types = _types(found, episode, focus, evidence)
    day = _date(document, verdict, found, episode, focus, evidence)
    by, tied = perpetrators.of_episode(document, found, episode)
    place = _place(document, found, episode, focus, by, evidence)
    killed, injured, hostages = _tolls(found, episode, evidence)
    evidence += tied
    sentences = [document.sentences[index] for index in focus]
    suicide = _told("suicide", slots.suicide(sentences), evidence)
    failed = _told("success", slots.success(sentences), evidence)
    damage = _told("property", slots.property_damage(sentences), evidence)
    corrects = corrections.find(document.title, document.text) if episode.reported else None
    if corrects:
        evidence.append(Evidence(field="correction", **corrects._asdict()))
    denies = corrections.taken_back(document.title, document.text) if episode.reported else None
    if denies:
        evidence.append(Evidence(field="retraction", **denies._asdict()))
    harmed = any(toll is not None and toll.best > 0 for toll in (killed, injured, hostages)) or bool(damage)
    return Frame(
        role="reported" if episode.reported else "mentioned",
        attack_types=types,
        date=day,
        place=place,
        perpetrators=by,
        targets=[
            Target(type=TargetType(one.type or "unknown"), mention=one.text)
            for one in _fillers("targets", found.targets, episode, evidence)
        ],
        victims=[Victim(mention=one.text) for one in _fillers("victims", found.victims, episode, evidence)],
        weapons=[
            Weapon(type=WeaponType(one.type or "unknown"), mention=one.text)
            for one in _fillers("weapons", found.weapons, episode, evidence)
        ],
        killed=killed,
        injured=injured,
        hostages=hostages,
        claim=_claim(by),
        suicide=suicide,
        success=False if failed is False and not harmed else True if harmed else None,
        property_damage=damage,
        correction=corrects is not None,
        retraction=denies is not None,
        evidence=evidence,
    )


def _focus(verdict: Verdict, episode: Episode) -> list[int]:
    """The first sentences of the episode that tell of the attack."""
    own = set(episode.sentences)
    telling = [index for index in verdict.telling if index in own][:FOCUS]
    return telling or [index for index in episode.sentences if index != TITLE][:1]


def _date(
    document: Document,
    verdict: Verdict,
    found: Findings,
    episode: Episode,
    focus: Sequence[int],
    evidence: list[Evidence],
) -> WhenRange | None:
    own = set(episode.sentences)
    day = dates.choose([one for one in found.dates if one.sentence in own], focus, found.published)
    if day:
        evidence.append(Evidence(field="date", start=day.start, end=day.end))
        return WhenRange(start=day.first, end=day.last, precision=day.precision) if day.first and day.last else None
    if found.published and episode.reported and verdict.kind is ArticleKind.ATTACK_REPORT:
        return _today(document, found.published, focus, evidence)
    return None


def _today(document: Document, published: date, focus: Sequence[int], evidence: list[Evidence]) -> WhenRange | None:
    """First news that says at what hour, and no day at all, is of the day on which it appeared."""
    hour = hour_in(document.sentences, [near for index in focus for near in range(index, index + NEAR)])
    if hour is None:
        return None
    evidence.append(Evidence(field="date", start=hour.start, end=hour.end))
    return WhenRange(start=published, end=published, precision=DatePrecision.DAY)


def _place(
    document: Document,
    found: Findings,
    episode: Episode,
    focus: Sequence[int],
    by: Sequence[Perpetrator],
    evidence: list[Evidence],
) -> Place | None:
    spans = [(document.sentences[index].start, document.sentences[index].end) for index in focus]
    where = episode.place or places.choose(found.places, spans, found.dateline, document.text)
    if where is None:
        return None
    where = plausible.place(where, by, found)
    evidence.append(Evidence(field="place", start=where.start, end=where.end, in_title=where.in_title))
    return _as_place(where)


def _types(found: Findings, episode: Episode, focus: Sequence[int], evidence: list[Evidence]) -> list[AttackType]:
    """Likeliest first; `unknown` where no word says."""
    wanted = [*focus, TITLE] if TITLE in episode.sentences else list(focus)
    best = slots.best_types(found.types, wanted) or slots.best_types(found.types, episode.sentences)
    for number, kind in enumerate(best):
        told = [one for one in found.types if one.type is kind and one.sentence in episode.sentences]
        first = max(told, key=lambda one: one.strength)
        evidence.append(
            Evidence(
                field=f"attack_types[{number}]",
                start=first.start,
                end=first.end,
                in_title=first.sentence == TITLE,
            )
        )
    return best or [AttackType.UNKNOWN]


def _tolls(found: Findings, episode: Episode, evidence: list[Evidence]) -> tuple[Toll | None, Toll | None, Toll | None]:
    own = set(episode.sentences)
    told = [one for one in found.tolls if (TITLE if one.in_title else one.sentence) in own]
    tolls = casualties.best(told)
    taken = next((one for one in told if one.kind == "hostages" and one.best and not one.cumulative), None)
    spans = {**tolls.spans, "hostages": [taken] if taken else []}
    evidence += [
        Evidence(field=field, start=one.start, end=one.end, in_title=one.in_title)
        for field, mentions in spans.items()
        for one in mentions
    ]
    hostages = Toll(low=taken.low, best=taken.best, high=taken.high) if taken and taken.best else None
    return tolls.killed, tolls.injured, hostages


def _fillers(
    field: str, mentions: Iterable[RoleMention], episode: Episode, evidence: list[Evidence]
) -> list[RoleMention]:
    own = set(episode.sentences)
    kept = [one for one in mentions if one.sentence in own][:MOST_FILLERS]
    evidence += [Evidence(field=f"{field}[{number}]", start=one.start, end=one.end) for number, one in enumerate(kept)]
    return kept


def _told(field: str, told: Told, evidence: list[Evidence]) -> bool | None:
    if told.start is not None and told.end is not None:
        evidence.append(Evidence(field=field, start=told.start, end=told.end))
    return told.value


def _claim(by: Sequence[Perpetrator]) -> ClaimMode | None:
    return by[0].claim if by and by[0].claim is not ClaimMode.UNKNOWN else None


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
