"""A sentence as a row of chunks: groups of people with their number, words of death and injury, what links them.

Each chunk has a tag of one character, so that a sentence becomes a short string and the grammar of `casualties.py` can
be written as patterns over tags:

  g  people with a number ("five soldiers", "a policeman")     q  a number alone ("killing five")
  u  a number of something not known to be people              x  people without a number ("civilians")
  p  perpetrators ("two gunmen", "the bomber")                 m  a person's name
  0  nobody, "no soldiers"                                     r  "himself", as the object of a killing
  k  killed (participle or past)   K  killing (takes an object)   d  died, dead      D  deaths (noun)     T  death toll
  i  wounded                       I  wounding                    j  injuries        f  suffered          h  in hospital
  s  shot, stabbed (dead or alive) S  shooting                    y  struck, hit     C  claimed (lives)   c  casualties
  t  kidnapped                     H  kidnapping                  e  hostages (noun)
  M  "triple murder"   Q  "double shooting"
  b  was, were   ~  adverb   a  and   ,  comma   n  including   o  of   w  who   v  clause break   !  not   -  no
  l  to, at (after "death toll")   z  preposition   .  any other word   ;  colon, semicolon, dash
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from services.enricher.domain import lexicon, numbers
from services.enricher.domain.numbers import Numbers, Quantity
from services.enricher.domain.tokens import Phrases, Token, tokenize

REACH = 8  # tokens of a noun phrase that are read: "five members of the Afghan border police"

_TAGS = {
    "killed": "k", "killing": "K", "claiming": "C", "died": "d", "deaths": "D", "toll": "T", "wounded": "i",
    "wounding": "I", "injuries": "j", "suffered": "f", "ailing": "h", "shot": "s", "shooting": "S", "struck": "y", "taken": "t",
    "taking_hostage": "H", "hostages": "e", "casualties": "c", "be": "b", "adverbs": "~", "and": "a", "including": "n",
    "of": "o", "who": "w", "break": "v", "to": "l", "nobody": "0", "no_one": "-", "not": "!", "reflexive": "r",
    "suicides": "R", "lives": "L", "ignored": ".",
}  # fmt: skip
_SIGNS = {",": ",", ";": ";", ":": ";", "—": ";", "–": ";", "(": ";", ")": ";", "-": ".", "&": "a", "|": ";", "/": "."}


_TRIGGER_LISTS = tuple(
    "killed killing claiming died deaths toll wounded wounding injuries ailing shot struck shooting taken taking_hostage hostages "
    "casualties nobody no_one suicides".split()
)


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
        self.fighters = frozenset(data.get("fighters", []))
        self.forces = frozenset(data.get("forces", []))
        self.prepositions = frozenset(data.get("prepositions", []))
        self.bodies = frozenset(data.get("bodies", []))
        self.collective = Phrases({"collective": data.get("collective_of", [])})
        self.possessives = frozenset(data.get("possessives", []))
        self.another = Phrases({"another": data.get("another", [])})
        self.more = frozenset(data.get("more", []))
        self.articles = frozenset(data.get("articles", []))
        self.cumulative = Phrases({"cumulative": data.get("cumulative", [])})
        self.further = frozenset(data.get("further", []))
        self.elsewhere = Phrases({"elsewhere": data.get("elsewhere", [])})
        self.one_attack = frozenset(data.get("one_attack", []))
        self.many_attacks = frozenset(data.get("many_attacks", []))
        self.years_after = frozenset(data.get("years_after", []))
        self.triggers = frozenset(tokenize(phrase)[0].lower for name in _TRIGGER_LISTS for phrase in data.get(name, []))


@cache
def words(language: str) -> Words:
    return Words(language)


def chunk(tokens: Sequence[Token], lists: Words) -> list[Chunk]:
    """The chunks of one sentence."""
    chunks: list[Chunk] = []
    index = 0
    while index < len(tokens):
        found, index = _next(tokens, index, lists)
        if found is not None:
            chunks.append(found)
    return chunks


def _next(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk | None, int]:
    token = tokens[index]
    if token.lower in _SIGNS:
        if token.text == "," and (stop := _age(tokens, index)) is not None:
            return None, stop
        return Chunk(_SIGNS[token.lower], token.start, token.end), index + 1
    if token.lower in lists.multiples and index + 1 < len(tokens):
        value, noun = lists.multiples[token.lower], tokens[index + 1].lower
        tag = "M" if noun in lists.multiple_killed else "Q" if noun in lists.multiple_hit else "."
        return Chunk(tag, token.start, tokens[index + (tag != ".")].end, value, value, value), index + 1 + (tag != ".")
    if (aged := _aged(tokens, index, lists)) is not None:
        return aged
    for read in (_counted, _another, _one):
        if (found := read(tokens, index, lists)) is not None:
            return found
    if (at := lists.tagged.at(tokens, index)) is not None:
        tag, stop = at
        if tag == "-" and (people := _people(tokens, stop, lists) if stop < len(tokens) else None):
            return people[0]._replace(tag="0", start=token.start, low=0, best=0, high=0), people[1]
        zero = 0 if tag == "0" else None
        return Chunk(tag, token.start, tokens[stop - 1].end, zero, zero, zero, head=token.lower), stop
    for read in (_people, _name):
        if (found := read(tokens, index, lists)) is not None:
            return found
    tag = "z" if token.lower in lists.prepositions else "."
    return Chunk(tag, token.start, token.end, head=token.text if index and tag == "." else ""), index + 1


def _counted(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "at least five Iraqi soldiers", "three others", "five"."""
    quantity = numbers.read(tokens, index, lists.numbers)
    if quantity is None:
        return None
    if _pronoun(tokens, index, quantity, lists) or not _counts_people(tokens, index, quantity, lists):
        stop = quantity.stop
        return Chunk(".", tokens[index].start, tokens[stop - 1].end), stop
    more, stop = False, quantity.stop
    while stop < len(tokens) and tokens[stop].lower in lists.more:
        more, stop = True, stop + 1
    tag, head, after = _head(tokens, stop, lists)
    if tag == ".":
        return Chunk(".", tokens[index].start, tokens[after - 1].end), after
    if tag in "qu" and tokens[after - 1].lower in ("of", "the"):
        return Chunk(".", tokens[index].start, tokens[after - 1].end), after  # "one of the dead"
    others = head in ("others", "other") or (more and tokens[stop - 1].lower == "other")
    if tag == "q" and stop > quantity.stop:
        after = stop
    return (
        Chunk(tag if tag != "x" else "g", tokens[index].start, tokens[after - 1].end, quantity.low, quantity.best,
              quantity.high, more and not others, others, head=head, part=_part(tokens, stop)),
        after,
    )  # fmt: skip


def _part(tokens: Sequence[Token], index: int) -> bool:
    """ "one of them", "two of the wounded"."""
    following = [token.lower for token in tokens[index : index + 2]]
    return len(following) == 2 and following[0] == "of" and following[1] in ("them", "whom", "those", "these", "the")


def _pronoun(tokens: Sequence[Token], index: int, quantity: Quantity, lists: Words) -> bool:
    """ "no one", "one another", "one day": no number of people."""
    return (
        tokens[index].lower == "one"
        and quantity.stop == index + 1
        and (
            (
                index > 0
                and tokens[index - 1].lower in ("no", "any", "every", "this", "that", "which", "some", "each", "day")
            )
            or (index + 1 < len(tokens) and tokens[index + 1].lower in ("another", "day", "-"))
        )
    )


def _counts_people(tokens: Sequence[Token], index: int, quantity: Quantity, lists: Words) -> bool:
    before = tokens[index - 1] if index else None
    after = tokens[quantity.stop] if quantity.stop < len(tokens) else None
    digits = tokens[index].text[0].isdigit()
    if (
        before is not None
        and digits
        and (
            before.lower in lists.numbers.before
            or (before.text in ("-", "/", ".", ":", "'", "’") and before.end == tokens[index].start)
            or before.lower in lists.numbers.months
        )
    ):
        return False
    if digits and _of_ages(tokens, index):
        return False
    if after is not None:
        number_follows = quantity.stop + 1 < len(tokens) and tokens[quantity.stop + 1].text[0].isdigit()
        if after.text == ":" and not number_follows:
            return True
        if after.text in ("-", "–", "/", ":", "°", "]") and after.start == tokens[quantity.stop - 1].end:
            return False  # 20-year-old, 10:30, 5/6
        if after.lower in lists.numbers.units or (digits and after.lower in lists.numbers.months):
            return False
    if digits and len(tokens[index].text) == 4 and quantity.stop == index + 1 and 1900 <= (quantity.best or 0) < 2100:
        return after is not None and _head(tokens, quantity.stop, lists)[0] in ("x", "p")
    return True


def _head(tokens: Sequence[Token], index: int, lists: Words) -> tuple[str, str, int]:
    """Tag of the noun phrase that goes on here (x people, p perpetrators, u unknown, q none, . things), its head, and
    the index after it."""
    best: tuple[str, str, int] | None = None
    first = index
    while index < min(len(tokens), first + REACH):
        token = tokens[index]
        if token.lower in lists.things:
            if best is not None or not _goes_on_to_people(tokens, index + 1, lists):
                return ".", token.lower, index + 1
            index += 1  # "village chief", "road workers"
            continue
        if (at := lists.plural.at(tokens, index) or lists.singular.at(tokens, index)) is not None:
            tag, stop = at
            if best is not None and best[0] == "p" and tag == "x":
                tag = "x" if tokens[index].lower not in ("members", "member", "suspects") else "p"
            if best is not None and best[1] in _MEMBERS and best[0] == "x":
                best, index = (tag, best[1], stop), stop  # "a member of the Sons of Iraq": one
                break
            best, index = (tag, token.lower, stop), stop
            continue
        if token.lower == "of" and (index == first or (best is not None and best[1] in _MEMBERS)):
            index += 1
            continue
        if best is not None and token.text in ("'s", "’s", "'"):
            owned = _head(tokens, index + 1, lists) if index + 1 < len(tokens) and token.text != "'" else ("q", "", 0)
            return owned if owned[0] in ("x", "p", ".") else best
        if token.text == "(" and index + 2 < len(tokens) and tokens[index + 2].text == ")":
            index += 3  # "Armed Force (CAF) jawans"
            continue
        described = (
            best is None or best[1] in _MEMBERS or tokens[index - 1].text[0].isupper()
        )  # "three Indian security men"
        if _ends_phrase(tokens, index, lists) or not described:
            break
        index += 1
    if best is not None:
        return best
    return ("u" if index > first else "q"), (tokens[first].lower if first < len(tokens) else ""), max(index, first)


def _goes_on_to_people(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    return index < len(tokens) and (
        lists.plural.at(tokens, index) is not None or lists.singular.at(tokens, index) is not None
    )


_MEMBERS = frozenset({"members", "member"})


def _ends_phrase(tokens: Sequence[Token], index: int, lists: Words) -> bool:
    token = tokens[index]
    if token.text in ("-", "'s", '"', "“", "”", "'"):
        return False
    if token.lower in lists.articles or token.lower in lists.possessives:
        return tokens[index - 1].lower != "of"
    if not token.text[0].isalpha():
        return True
    at = lists.tagged.at(tokens, index)
    if at is not None:
        return True
    return token.lower in lists.prepositions or token.lower in lists.numbers.words


_AGES = frozenset({"age", "ages", "aged", "block"})
_AGE_LINKS = frozenset({"from", "to", "and", "between", "in", "of", "-", ",", "ranging", "were", "are"})


def _of_ages(tokens: Sequence[Token], index: int) -> bool:
    """ "ages 19, 26 and 30", "ranging in age from 19 to 27"."""
    for token in reversed(tokens[max(0, index - 8) : index]):
        if token.lower in _AGES:
            return True
        if not token.text.isdigit() and token.lower not in _AGE_LINKS:
            return False
    return False


_AGE_UNITS = frozenset({"year", "years", "month", "months", "week", "weeks", "day", "days"})


def _aged(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk | None, int] | None:
    """ "16-year-old": one person, unless the noun follows ("16-year-old boy", "16-year-old Ali Saad")."""
    words = [token.lower for token in tokens[index : index + 5] if token.text not in "-–"]
    if len(words) < 3 or words[1] not in _AGE_UNITS or words[2] not in ("old", "olds"):
        return None
    if not (words[0].isdigit() or words[0] in lists.numbers.words):
        return None
    stop = index + next(i for i, token in enumerate(tokens[index:]) if token.lower in ("old", "olds")) + 1
    if stop < len(tokens) and (tokens[stop].text[0].isupper() or _head(tokens, stop, lists)[0] in ("x", "p")):
        return None, stop
    return Chunk("g", tokens[index].start, tokens[stop - 1].end, 1, 1, 1, bare=True, head="old"), stop


def _another(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "another man", "another two soldiers", "a second victim", "another" before a verb."""
    at = lists.another.at(tokens, index)
    if at is None:
        return None
    stop = at[1]
    if stop < len(tokens) and (counted := _counted(tokens, stop, lists)) is not None:
        found, after = counted
        return found._replace(more=True, start=tokens[index].start), after
    tag, head, after = _head(tokens, stop, lists)
    plain = tokens[index].lower in ("another", "one", "a")
    if tag == "." or (tag in ("q", "u") and not (plain and tag == "q")):
        return None
    if head in lists.plural:
        return None
    tag = {"x": "g", "q": "g"}.get(tag, tag)
    return Chunk(
        tag, tokens[index].start, tokens[after - 1].end, 1, 1, 1, more=True, others=True, bare=True, head=head
    ), after


def _one(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "a policeman", "his wife", "the mayor of X", "a 20-year-old man"."""
    lower = tokens[index].lower
    if lower not in lists.articles and lower not in lists.possessives:
        return None
    if (at := lists.collective.at(tokens, index + 1) if index + 1 < len(tokens) else None) is not None and at[1] < len(
        tokens
    ):
        counted = _counted(tokens, at[1], lists)  # "a family of five", "the five men", "the other two"
        if counted is not None:
            found, stop = counted
            return found._replace(start=tokens[index].start, definite=lower in ("the", "his", "her", "their")), stop
    if index + 1 < len(tokens) and (counted := _counted(tokens, index + 1, lists)) is not None and lower != "a":
        found, stop = counted
        return found._replace(start=tokens[index].start, definite=True), stop
    start = index + 1
    while start < len(tokens) and (
        tokens[start].text[0].isdigit()
        or tokens[start].lower in ("-", "year", "old", "years")
        or tokens[start].lower in lists.numbers.words
    ):
        start += 1  # "a 20-year-old"
    tag, head, after = _head(tokens, start, lists)
    if tag in ("q", "u", "."):
        if tag == "q" and start > index + 1 and tokens[start - 1].lower == "old":
            return Chunk("g", tokens[index].start, tokens[start - 1].end, 1, 1, 1, bare=True, head="old"), start
        return None
    if head in lists.plural and head not in lists.singular:
        return Chunk(tag, tokens[index].start, tokens[after - 1].end, definite=True, head=head), after
    after = _possessed(tokens, after, lists)
    definite = lower in ("the", "this", "that")
    return (
        Chunk(
            "g" if tag == "x" else "p",
            tokens[index].start,
            tokens[after - 1].end,
            1,
            1,
            1,
            definite=definite,
            bare=True,
            head=head,
        ),
        after,
    )


def _possessed(tokens: Sequence[Token], index: int, lists: Words) -> int:
    """ "the mayor's wife": the head is the last noun."""
    if index < len(tokens) and tokens[index].text in ("'s", "’s"):
        tag, _, after = _head(tokens, index + 1, lists)
        if tag in ("x", "p"):
            return after
    return index


def _people(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """People without a number or an article: "civilians", "policeman killed in ..."."""
    token = tokens[index]
    for phrases, count in ((lists.plural, None), (lists.singular, 1)):
        if (at := phrases.at(tokens, index)) is None:
            continue
        tag, head, after = _head(tokens, index, lists)
        if tag == ".":
            return Chunk(".", token.start, tokens[after - 1].end), after
        if head in lists.plural:
            count = None
        if count is None:
            return Chunk(tag, token.start, tokens[after - 1].end, head=head), after
        return Chunk(
            "g" if tag == "x" else "p", token.start, tokens[after - 1].end, 1, 1, 1, bare=True, plain=True, head=head
        ), after
    return None


def _name(tokens: Sequence[Token], index: int, lists: Words) -> tuple[Chunk, int] | None:
    """ "John Q. Smith": two or more capitalised words, none of them in a list."""
    stop = index
    while stop < len(tokens) and stop - index < 6:
        token = tokens[stop]
        capital = (
            token.text[0].isupper() and not token.text.isupper() or (len(token.text) == 1 and token.text.isupper())
        )
        particle = stop > index and token.lower in (
            "al",
            "bin",
            "de",
            "la",
            "von",
            "van",
            "el",
            "del",
            "-",
            ".",
            "jr",
            "ibn",
            "ul",
            "ur",
        )
        if not (capital or particle) or token.lower in lists.things or token.lower in lists.bodies:
            break
        if capital and (lists.tagged.at(tokens, stop) is not None or token.lower in lists.prepositions):
            break
        stop += 1
    while stop > index and not tokens[stop - 1].text[0].isupper():
        stop -= 1
    if stop - index < 2:
        return None
    return Chunk("m", tokens[index].start, tokens[stop - 1].end, 1, 1, 1, bare=True, head=tokens[stop - 1].lower), stop


def _age(tokens: Sequence[Token], index: int) -> int | None:
    """ "Jane Roe, 22, was": the index after the age that begins at this comma, so that a name and its clause stay joined."""
    after = tokens[index + 1 : index + 4]
    if len(after) > 1 and after[0].lower == "aged":
        after = after[1:]
    if not after or not after[0].text.isdigit() or not 0 < int(after[0].text) < 110:
        return None
    before = tokens[index - 1] if tokens[index - 1].text != "." else tokens[index - 2]
    if (
        index
        and before.text[0].isupper()
        and (len(after) == 1 or not after[1].text[0].isalpha() or after[1].lower in _AGE_ENDS)
    ):
        return index + 1 + next(i for i, one in enumerate(tokens[index + 1 :], 1) if one.text == after[0].text)
    return None


_AGE_ENDS = frozenset({"and", "of", "who", "was", "were", "both", "died", "from", "a", "an", "is", "in", "on", "or"})
