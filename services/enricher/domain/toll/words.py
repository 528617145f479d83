"""The words of death and injury of one language (`lexicon/casualties/`), and the chunks a sentence is cut into.

Each chunk has a tag of one character, so that a sentence becomes a short string and the grammar of
`grammar` can be written as patterns over tags:

  g  people with a number ("five soldiers", "a policeman")     q  a number alone ("killing five")
  u  a number of something not known to be people              x  people without a number ("civilians")
  p  perpetrators ("two gunmen", "the bomber")                 m  a person's name
  0  nobody, "no soldiers"                                     r  "himself", as the object of a killing
  k  killed (participle or past)   K  killing (takes an object)   d  died, dead      D  deaths (noun)     T  death toll
  J  number of injured (as T, of the injured)
  i  wounded                       I  wounding                    j  injuries        f  suffered          h  in hospital
  s  shot (dead or alive)          S  shooting      y  struck, hit     C  claimed (lives)   c  casualties
  t  kidnapped                     H  kidnapping                  e  hostages (noun)
  M  "triple murder"   Q  "double shooting"   A  "three counts of attempted murder"   N  "three counts of murder"
  b  was, were   ~  adverb   a  and   ,  comma   n  including   o  of   w  who   v  clause break   !  not   -  no
  l  to, at (after "death toll")   z  preposition   .  any other word   ;  colon, semicolon, dash
"""

from functools import cache
from typing import NamedTuple

from services.enricher.domain.text import lexicon, numbers
from services.enricher.domain.text.numbers import Numbers
from services.enricher.domain.text.tokens import Phrases, tokenize

_TAGS = {
    "killed": "k", "killing": "K", "claiming": "C", "died": "d", "deaths": "D", "toll": "T",
    "injury_toll": "J", "wounded": "i",
    "wounding": "I", "injuries": "j", "suffered": "f", "ailing": "h", "shot": "s", "shooting": "S", "struck": "y",
    "taken": "t", "taking_hostage": "H", "hostages": "e", "casualties": "c", "be": "b", "adverbs": "~", "and": "a",
    "including": "n", "of": "o", "who": "w", "break": "v", "to": "l", "nobody": "0", "no_one": "-", "not": "!",
    "reflexive": "r", "suicides": "R", "lives": "L", "ignored": ".",
}  # fmt: skip


# A sentence without a word of these lists is not read.
_TRIGGER_LISTS = (
    "killed", "killing", "claiming", "died", "deaths", "toll", "injury_toll", "wounded", "wounding",
    "injuries", "ailing", "shot", "attempts",
    "struck", "shooting", "taken", "taking_hostage", "hostages", "casualties", "nobody", "no_one", "suicides",
)  # fmt: skip

OF_MORE = "of more"  # head of a part whose whole comes next: "one of" before "five people"


class Chunk(NamedTuple):
    """Code points of the article; `low`, `best`, `high` only where a number is given or meant."""

    tag: str
    start: int
    end: int
    low: int | None = None
    best: int | None = None
    high: int | None = None
    more: bool = False  # "three more", "another man"
    others: bool = False  # "two others": besides those already named
    definite: bool = False  # "the man": known already
    bare: bool = False  # one person, no number in the text
    part: bool = False  # "one of them": part of those just counted
    plain: bool = False  # one person without an article: "teen", "shooting suspect"
    head: str = ""
    summed: bool = False  # "a total of five"
    ordinal: int | None = None  # "a third victim": 3


class Words:
    """The word lists of one language, ready for look-up."""

    def __init__(self, language: str) -> None:
        data = lexicon.load(f"casualties/{language}")
        self.language = language
        self.numbers: Numbers = numbers.of(language)
        self.tagged = Phrases({tag: data[name] for name, tag in _TAGS.items() if name in data})
        self.plural = Phrases({"x": data["people_plural"], "p": data.get("perpetrators_plural", [])})
        self.singular = Phrases({"x": data.get("people_singular", []), "p": data.get("perpetrators_singular", [])})
        self.things = frozenset(data.get("things", []))
        self.multiples: dict[str, int] = data.get("multiples", {})
        self.multiple_killed = frozenset(data.get("multiple_killed", []))
        self.multiple_hit = frozenset(data.get("multiple_hit", []))
        self.attempts = Phrases({"attempts": data.get("attempts", [])})
        self.murders = Phrases({"murders": data.get("murders", [])})
        self.charge_words = frozenset(
            tokenize(phrase)[0].lower for name in ("attempts", "murders") for phrase in data.get(name, [])
        )
        self.manners = frozenset(data.get("manners", []))
        self.implied_deaths = frozenset(data.get("implied_deaths", []))
        self.shot = frozenset(data.get("shot_people", []))
        self.gunfights = frozenset(data.get("gunfights", []))
        self.fighters = frozenset(data.get("fighters", []))
        self.police = frozenset(data.get("police", []))
        self.forces = frozenset(data.get("forces", []))
        self.prepositions = frozenset(data.get("prepositions", []))
        self.bodies = frozenset(data.get("bodies", []))
        self.collective = Phrases({"collective": data.get("collective_of", [])})
        self.singular_verbs = frozenset(data.get("singular_verbs", []))
        self.after_attacking = frozenset(data.get("after_attacking", []))
        self.households = frozenset(data.get("households", []))
        self.hurt = frozenset(data.get("hurt", []))
        self.parents = frozenset(data.get("parents", []))
        self.pairs: dict[str, int] = data.get("pairs", {})
        self.possessives = frozenset(data.get("possessives", []))
        self.another = Phrases({"another": data.get("another", [])})
        self.more = frozenset(data.get("more", []))
        self.articles = frozenset(data.get("articles", []))
        self.cumulative = Phrases({"cumulative": data.get("cumulative", [])})
        self.further = frozenset(data.get("further", []))
        self.elsewhere = Phrases({"elsewhere": data.get("elsewhere", [])})
        self.unrelated = Phrases({"unrelated": data.get("unrelated", [])})
        self.one_attack = frozenset(data.get("one_attack", []))
        self.many_attacks = frozenset(data.get("many_attacks", []))
        self.totals = Phrases({"total": data.get("totals", [])})
        self.armed_groups = frozenset(data.get("armed_groups", []))
        self.ordinals: dict[str, int] = data.get("ordinals", {})
        self.uncounted = frozenset(data.get("uncounted", []))
        self.adverb_ending: str | None = data.get("adverb_ending")
        self.not_adverbs = frozenset(data.get("not_adverbs", []))
        self.pronouns = frozenset(data.get("pronouns", []))
        self.subjects = frozenset(data.get("subjects", []))
        self.objects = frozenset(data.get("objects", []))
        self.particles = frozenset(data.get("particles", []))
        self.members = frozenset(data.get("members", []))
        self.speech = frozenset(data.get("speech", []))
        self.parts = frozenset(data.get("parts", []))
        self.plural_verbs = frozenset(data.get("plural_verbs", []))
        self.together = frozenset(data.get("together", []))
        self.also_verbs = frozenset(data.get("also_verbs", []))
        self.ages = frozenset(data.get("ages", []))
        self.age_links = frozenset(data.get("age_links", []))
        self.age_units = frozenset(data.get("age_units", []))
        self.age_verbs = frozenset(data.get("age_verbs", []))
        self.age_ends = frozenset(data.get("age_ends", []))
        self.years_after = frozenset(data.get("years_after", []))
        self.triggers = frozenset(tokenize(phrase)[0].lower for name in _TRIGGER_LISTS for phrase in data.get(name, []))


@cache
def words(language: str) -> Words:
    """The word lists of a language that has them (FileNotFoundError otherwise: ask `lexicon.languages`)."""
    return Words(language)
