"""One number of people, as one clause gives it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TollMention:
    """A number of people killed, injured, hit or taken (`hostages`), as one clause gives it.

    `best` null: the writer gives none ("dozens", "civilians"); 0: the text says that nobody was. `start`, `end`: code
    points of the text (or title) that was read, `sentence`: index of its sentence.
    """

    kind: str
    low: int | None
    best: int | None
    high: int | None
    start: int
    end: int
    sentence: int
    perpetrators: int | None = None
    cumulative: bool = False  # of a longer period than one attack: "since 2004", "236 attacks this year"
    elsewhere: bool = False  # of another attack: "in a separate attack"
    additional: bool = False  # on top of an earlier number: "three more died"
    further: bool = False  # of a later blow of the same attack: "a second bomb killed five"
    others: bool = False  # besides those counted as something else: "killed one and shot three others"
    of_perpetrators: bool = False  # all of them perpetrators: "the gunman was shot dead"
    bare: bool = False  # single persons, no number in the text
    definite: bool = False  # "the man": told of before
    total: bool = False  # "death toll"
    summed: bool = False  # "a total of five"
    weak: bool = False  # a state, often of a part of the injured: "two are in critical condition"
    bodies: bool = False  # all the dead, whoever they are: "four dead", "a toll of four"
    part: bool = False  # of people counted before: "one of them died"
    names: tuple[int, int] | None = None  # span of the victim's name
    head: str = ""
    age: int | None = None  # of the one person told of
    in_title: bool = False
    joined: bool = False  # by "and" with another number of its kind: "a bomb killed five and a mine killed two"

    @property
    def position(self) -> int:
        """Where it stands: the title before the first sentence."""
        return -1 if self.in_title else self.sentence
