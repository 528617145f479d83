"""Code lists: the words in which Tocsin describes attacks, each with its source.

GTD    Global Terrorism Database Codebook (START, University of Maryland, 2021)
UCDP   UCDP Georeferenced Event Dataset Codebook 23.1 (Uppsala Conflict Data Program)
AJP    NATO Allied Joint Publication 2.1, Intelligence Procedures: the Admiralty code of sources and information
"""

from enum import IntEnum, StrEnum


class ArticleKind(StrEnum):
    """What an article is to a security desk."""

    ATTACK_REPORT = "attack_report"  # first-hand news of an attack, a foiled one included
    FOLLOW_UP = "follow_up"  # news about an attack already known: toll, claim, arrest, trial, funeral
    BACKGROUND = "background"  # attacks only mentioned: comment, analysis, statistics, anniversary, drill, film
    OTHER = "other"


class AttackType(StrEnum):
    """GTD `attacktype1`. The values are the names of the bench formats; `GTD_ATTACK_TYPE` has the numbers."""

    ASSASSINATION = "assassination"
    ARMED_ASSAULT = "armed_assault"
    BOMBING_EXPLOSION = "bombing_explosion"
    HIJACKING = "hijacking"
    HOSTAGE_TAKING_BARRICADE = "hostage_taking_barricade"
    HOSTAGE_TAKING_KIDNAPPING = "hostage_taking_kidnapping"
    FACILITY_INFRASTRUCTURE_ATTACK = "facility_infrastructure_attack"
    UNARMED_ASSAULT = "unarmed_assault"
    UNKNOWN = "unknown"


GTD_ATTACK_TYPE: dict[AttackType, int] = {kind: number for number, kind in enumerate(AttackType, start=1)}


class TargetType(StrEnum):
    """GTD `targtype1`, in GTD's order; `GTD_TARGET_TYPE` has the numbers."""

    BUSINESS = "business"
    GOVERNMENT_GENERAL = "government_general"
    POLICE = "police"
    MILITARY = "military"
    ABORTION_RELATED = "abortion_related"
    AIRPORTS_AIRCRAFT = "airports_aircraft"
    GOVERNMENT_DIPLOMATIC = "government_diplomatic"
    EDUCATIONAL_INSTITUTION = "educational_institution"
    FOOD_WATER_SUPPLY = "food_water_supply"
    JOURNALISTS_MEDIA = "journalists_media"
    MARITIME = "maritime"
    NGO = "ngo"
    OTHER = "other"
    PRIVATE_CITIZENS_PROPERTY = "private_citizens_property"
    RELIGIOUS = "religious"
    TELECOMMUNICATION = "telecommunication"
    TERRORISTS_MILITIA = "terrorists_militia"
    TOURISTS = "tourists"
    TRANSPORTATION = "transportation"
    UNKNOWN = "unknown"
    UTILITIES = "utilities"
    VIOLENT_POLITICAL_PARTY = "violent_political_party"


GTD_TARGET_TYPE: dict[TargetType, int] = {kind: number for number, kind in enumerate(TargetType, start=1)}


class WeaponType(StrEnum):
    """GTD `weaptype1`, in GTD's order; `GTD_WEAPON_TYPE` has the numbers."""

    BIOLOGICAL = "biological"
    CHEMICAL = "chemical"
    RADIOLOGICAL = "radiological"
    NUCLEAR = "nuclear"
    FIREARMS = "firearms"
    EXPLOSIVES = "explosives"
    FAKE_WEAPONS = "fake_weapons"
    INCENDIARY = "incendiary"
    MELEE = "melee"
    VEHICLE = "vehicle"
    SABOTAGE_EQUIPMENT = "sabotage_equipment"
    OTHER = "other"
    UNKNOWN = "unknown"


GTD_WEAPON_TYPE: dict[WeaponType, int] = {kind: number for number, kind in enumerate(WeaponType, start=1)}


class WherePrecision(IntEnum):
    """UCDP `where_prec`: how exactly the place of an event is known."""

    EXACT = 1
    NEAR = 2  # within about 25 km of a known point
    DISTRICT = 3  # second-order administrative division
    PROVINCE = 4  # first-order administrative division
    VAGUE = 5  # linear feature or fuzzy region
    COUNTRY = 6
    INTERNATIONAL = 7  # at sea or in the air


class DatePrecision(StrEnum):
    """How exactly a date is known; UCDP `date_prec` 1, 3, 4, 5."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class ClaimMode(StrEnum):
    """On whose word a perpetrator is named (after GTD `claimed`, `guncertain1`)."""

    CLAIMED = "claimed"  # by itself
    SUSPECTED = "suspected"
    BLAMED = "blamed"  # by an authority or another party
    DENIED = "denied"  # by itself
    UNKNOWN = "unknown"


class Reliability(StrEnum):
    """How reliable a source is: the letters of the Admiralty code (NATO AJP-2.1, before it STANAG 2511)."""

    A = "A"  # completely reliable
    B = "B"  # usually reliable
    C = "C"  # fairly reliable
    D = "D"  # not usually reliable
    E = "E"  # unreliable
    F = "F"  # reliability cannot be judged


class Credibility(IntEnum):
    """How credible information is: the digits of the Admiralty code."""

    CONFIRMED = 1  # by other, independent sources
    PROBABLY_TRUE = 2
    POSSIBLY_TRUE = 3
    DOUBTFUL = 4
    IMPROBABLE = 5
    CANNOT_BE_JUDGED = 6


class EventStatus(StrEnum):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    MERGED = "merged"
    REJECTED = "rejected"  # by a reviewer: no attack


class Change(StrEnum):
    """What happened to an event in one revision."""

    CREATED = "created"
    FILED = "filed"  # put on record, wakes nobody
    UPDATED = "updated"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    RETRACTED = "retracted"
    MERGED = "merged"
    SPLIT = "split"


class MessageKind(StrEnum):
    """What one message to a destination is, as its reader sees it."""

    ALERT = "alert"
    UPDATE = "update"
    CORRECTION = "correction"
    RETRACTION = "retraction"
    ACKNOWLEDGEMENT = "acknowledgement"  # somebody looks after it: for channels that keep incidents
    DIGEST = "digest"
    TEST = "test"
    SYSTEM = "system"  # of Tocsin itself: nothing is processed, messages do not arrive; and that it is over


class DeliveryState(StrEnum):
    """A delivery's life: pending -> sending -> sent | retry | unknown | dead; held ones wait for a digest."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    UNKNOWN = "unknown"  # bytes left, no answer came: ask the channel or resend once
    DEAD = "dead"
    HELD = "held"


class Outcome(StrEnum):
    """How one message ended in one stage."""

    PRODUCED = "produced"
    FILTERED = "filtered"
    DEAD = "dead"
