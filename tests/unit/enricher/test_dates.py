"""Dates: what a text gives, resolved against publication, and which one is the attack's."""

import time
from datetime import date

import pytest

from services.enricher.domain.text.article import split
from services.enricher.domain.when import dates
from services.enricher.model.fit_dates import Dated, fit_dates
from shared.codes import DatePrecision

WEDNESDAY = date(2017, 5, 24)


def find(text: str, published: date | None = WEDNESDAY, language: str = "en") -> list[dates.DateMention]:
    return dates.find(text, split(text), published, language)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It happened on May 3, 2016.", date(2016, 5, 3)),
        ("It happened on 3 May 2016.", date(2016, 5, 3)),
        ("It happened on the 3rd of May 2016.", date(2016, 5, 3)),
        ("It happened on 2016-05-03.", date(2016, 5, 3)),
        ("It happened on 05/23/2017.", date(2017, 5, 23)),
        ("It happened on 23/05/2017.", date(2017, 5, 23)),
        ("It happened on 03/04/2017 at 5:14 PM.", date(2017, 3, 4)),
        ("BOGOTA, 3 Feb 90 -- It happened.", date(1990, 2, 3)),
        ("It happened on May 3.", date(2017, 5, 3)),
        ("It happened on Dec. 30.", date(2016, 12, 30)),
        ("It happened on Friday.", date(2017, 5, 19)),
        ("It happened on Wednesday.", date(2017, 5, 24)),
        ("It happened last Wednesday.", date(2017, 5, 17)),
        ("It happened late Monday night.", date(2017, 5, 22)),
        ("It happened on Tuesday, May 23, 2017.", date(2017, 5, 23)),
        ("It happened today.", date(2017, 5, 24)),
        ("It happened yesterday.", date(2017, 5, 23)),
        ("It happened last night.", date(2017, 5, 23)),
        ("It happened this morning.", date(2017, 5, 24)),
        ("It happened four days ago.", date(2017, 5, 20)),
        ("It happened on the 12th.", date(2017, 5, 12)),
        ("It happened on the 30th.", date(2017, 4, 30)),
        ("It happened two days before Christmas.", date(2016, 12, 23)),
        ("It happened on New Year's Eve.", date(2016, 12, 31)),
    ],
)
def test_days(text: str, expected: date) -> None:
    mention = find(text)[0]
    assert (mention.first, mention.last, mention.precision) == (expected, expected, DatePrecision.DAY)


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("It happened in March 2015.", date(2015, 3, 1), date(2015, 3, 31), DatePrecision.MONTH),
        ("It happened in August.", date(2016, 8, 1), date(2016, 8, 31), DatePrecision.MONTH),
        ("It happened in 2015.", date(2015, 1, 1), date(2015, 12, 31), DatePrecision.YEAR),
        ("It happened last week.", date(2017, 5, 15), date(2017, 5, 21), DatePrecision.WEEK),
        ("It happened last month.", date(2017, 4, 1), date(2017, 4, 30), DatePrecision.MONTH),
        ("It happened late last month.", date(2017, 4, 20), date(2017, 4, 30), DatePrecision.MONTH),
        ("It happened three years ago.", date(2014, 1, 1), date(2014, 12, 31), DatePrecision.YEAR),
        ("It happened overnight.", date(2017, 5, 23), date(2017, 5, 24), DatePrecision.DAY),
        ("It happened overnight. Police came at 1:30 a.m.", date(2017, 5, 24), date(2017, 5, 24), DatePrecision.DAY),
        ("It happened overnight, about 11 pm.", date(2017, 5, 23), date(2017, 5, 23), DatePrecision.DAY),
        ("It happened over the weekend.", date(2017, 5, 20), date(2017, 5, 21), DatePrecision.WEEK),
    ],
)
def test_periods(text: str, first: date, last: date, precision: DatePrecision) -> None:
    mention = find(text)[0]
    assert (mention.first, mention.last, mention.precision) == (first, last, precision)


@pytest.mark.parametrize("text", ["on Friday", "yesterday", "last month", "on May 3", "two years ago", "on the 12th"])
def test_nothing_is_invented_without_a_day_of_publication(text: str) -> None:
    assert all(one.first is None for one in find(f"It happened {text}.", None))


@pytest.mark.parametrize("text", ["He sat down.", "It may rain.", "Room 12.", "30 February 2016", "On 31/31/2017"])
def test_what_is_no_date(text: str) -> None:
    assert [one for one in find(text) if one.first is not None] == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "L'attaque a eu lieu le 3 mai 2016.", date(2016, 5, 3)),
        ("fr", "L'attaque a eu lieu lundi.", date(2017, 5, 22)),
        ("es", "El ataque ocurrió el 3 de mayo de 2016.", date(2016, 5, 3)),
        ("pt", "O ataque ocorreu na terça-feira.", date(2017, 5, 23)),
        ("de", "Der Anschlag geschah am 3. Mai 2016.", date(2016, 5, 3)),
        ("ru", "Взрыв произошел 3 мая 2016 года.", date(2016, 5, 3)),
        ("tr", "Saldırı 3 Mayıs 2016 günü oldu.", date(2016, 5, 3)),
        ("ar", "وقع الهجوم في 3 مايو 2016.", date(2016, 5, 3)),
        ("ur", "حملہ 3 مئی 2016 کو ہوا۔", date(2016, 5, 3)),
        ("de", "Der Anschlag geschah im März.", date(2017, 3, 1)),
        ("de", "Der Anschlag geschah letzte Woche.", date(2017, 5, 15)),
        ("fr", "L'attaque a eu lieu en août.", date(2016, 8, 1)),
        ("fr", "L'attaque a eu lieu le mois dernier.", date(2017, 4, 1)),
        ("es", "El ataque ocurrió la semana pasada.", date(2017, 5, 15)),
        ("pt", "O ataque ocorreu no ano passado.", date(2016, 1, 1)),
        ("ru", "Взрыв произошел в прошлом месяце.", date(2017, 4, 1)),
    ],
)
def test_other_languages(language: str, text: str, expected: date) -> None:
    assert find(text, language=language)[0].first == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Police said Tuesday that a man was shot on Sunday night.", date(2017, 5, 21)),
        ("A bomb exploded on Monday, police said on Tuesday.", date(2017, 5, 22)),
        ("He appeared in court on Tuesday, charged with Friday's shooting.", date(2017, 5, 19)),
        ("A suspect was arrested on Tuesday. The attack took place at 9:30 p.m. Saturday.", date(2017, 5, 20)),
        ("Posted May 24, 2017 5:05 PM. Two people were killed on Sunday.", date(2017, 5, 21)),
        ("The hearing is on Tuesday.", None),
        ("LAGOS, Nigeria, May 24 (Wire) - Gunmen attacked a market on Sunday.", date(2017, 5, 21)),
        ("LAGOS, May 24 (Wire) - Gunmen attacked a market, residents said.", None),
        ("Officers on Tuesday arrested a man over the bombing.", None),
        ("She told reporters on Tuesday that the attack had failed.", None),
        ("Police spoke of a shooting on Tuesday that left two dead.", date(2017, 5, 23)),
        ("Police were on Tuesday hunting the man who had stabbed five people the night before.", date(2017, 5, 22)),
        ("Two days after gunmen attacked the school, 30 pupils are missing.", date(2017, 5, 22)),
        ("A court on Tuesday sentenced him for the March 5 shooting.", date(2017, 3, 5)),
        ("The embassy warned two weeks ago of such a thing.", None),
        ("The man who killed five in 2011 is as dangerous today, a court ruled on Tuesday.", date(2011, 1, 1)),
        (
            "He was jailed for the shootings in 2011. They began with an attack on July 9 of that year.",
            date(2011, 7, 9),
        ),
        ("Five were killed in the first hours of 2017, the mayor said on Tuesday.", date(2017, 1, 1)),
        ("He was shot on March 5. The trial over the murder of March 5, 2015 goes on.", date(2015, 3, 5)),
        (
            "Five people were shot late on Tuesday at a rally. Officers closed the street. The rally is over the fatal "
            "shooting of a driver on May 11.",
            date(2017, 5, 23),
        ),
        ("See our map of shootings in the city since 2010.", None),
        ("No one was held over the shooting as of Tuesday.", None),
        (
            "The number of dead from Friday's shooting rose to 137 on Sunday, among them three children.",
            date(2017, 5, 19),
        ),
        ("It happened in the evening of Sept. 10.", date(2016, 9, 10)),
        ("LAGOS, Niger., May 23 (Wire) - Gunmen attacked a market on Sunday.", date(2017, 5, 21)),
        ("He was arrested on Tuesday, a day after officers found that four people had been shot.", date(2017, 5, 22)),
        (
            "A man was convicted over the June 2014 shooting. Back in June he said nothing. It was June 15.",
            date(2014, 6, 15),
        ),
    ],
)
def test_the_date_of_the_attack(text: str, expected: date | None) -> None:
    chosen = dates.choose(find(text), range(3), WEDNESDAY)
    assert (chosen and chosen.first) == expected


def test_the_turn_of_the_year() -> None:
    """Told on 31 December in universal time, on 1 January where it happened."""
    eve = date(2016, 12, 31)
    assert find("A bomb exploded early on New Year's Day.", eve)[0].first == date(2017, 1, 1)
    assert find("A bomb exploded on Dec. 31.", date(2017, 1, 1))[0].first == eve


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This story was first published on 3 May 2016. A bomb exploded on Monday.", date(2016, 5, 2)),
        ("Posted: Tuesday, May 3, 2016 4:10 PM. A bomb exploded on Monday.", date(2016, 5, 2)),
        ("A bomb exploded on Monday.", date(2017, 5, 22)),
        ("Shots. (Published Tuesday, Sept. 20, 2016) A man was shot on Monday.", date(2016, 9, 19)),
        ("LAGOS, May 23 (Wire) - Gunmen attacked a market today.", date(2017, 5, 23)),
        ("LAGOS, March 3 (Wire) - Gunmen attacked a market on Monday.", date(2017, 5, 22)),
        ("Updated: 05/04/2017 9:15 AM Created: 05/03/2017 5:14 PM A man was shot on Tuesday.", date(2017, 5, 2)),
    ],
)
def test_a_text_put_out_again_is_read_as_of_its_first_day(text: str, expected: date) -> None:
    day = dates.written(text, split(text), WEDNESDAY)
    chosen = dates.choose(find(text, day), range(3), day)
    assert chosen is not None
    assert chosen.first == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Zwei Tage nach dem Anschlag wurde am Mittwoch ein Mann festgenommen.", date(2017, 5, 22)),
        ("fr", "Il a été condamné mardi pour l'attentat du 3 mai 2016.", date(2016, 5, 3)),
        ("es", "El atentado ocurrió hace tres días.", date(2017, 5, 21)),
        (
            "fr",
            "Un homme blessé lundi lors de l'attentat est mort mardi. Un autre est mort mercredi.",
            date(2017, 5, 22),
        ),
    ],
)
def test_the_date_of_the_attack_in_other_languages(language: str, text: str, expected: date) -> None:
    chosen = dates.choose(find(text, language=language), (0,), WEDNESDAY)
    assert chosen is not None
    assert chosen.first == expected


def test_a_newspaper_is_no_sunday() -> None:
    assert find("The Sun Herald reported it.") == []


def test_a_date_after_publication_is_no_attacks() -> None:
    assert dates.choose(find("The bombing happened on 30 May 2018."), (), WEDNESDAY) is None


def test_all_that_is_said_of_a_day_counts() -> None:
    text = (
        "Five people were shot at a party on Sunday. The shooting happened about 11 p.m. Sunday, police said. "
        "An attack on Saturday at a bar nearby left one man hurt."
    )
    chosen = dates.choose(find(text), (0, 1, 2), WEDNESDAY)
    assert chosen is not None
    assert chosen.first == date(2017, 5, 21)


def test_overnight_is_one_day() -> None:
    chosen = dates.choose(find("Three people were shot overnight at a bar."), (0,), WEDNESDAY)
    assert chosen is not None
    assert chosen.first == chosen.last == WEDNESDAY


def test_a_month_stands_where_no_day_is_told() -> None:
    chosen = dates.choose(
        find("A man was sentenced on Tuesday for the shooting of four people in March."), (0,), WEDNESDAY
    )
    assert chosen is not None
    assert (chosen.first, chosen.precision) == (date(2017, 3, 1), DatePrecision.MONTH)


def test_fitting_learns_which_date_is_the_attacks() -> None:
    mentions = find("Shots were fired on Monday. A man was shot on Tuesday.")
    monday = Dated("guns", "1", frozenset({date(2017, 5, 22)}), mentions, (0,), WEDNESDAY)
    tuesday = monday._replace(days=frozenset({date(2017, 5, 23)}))
    for right in (monday, tuesday):
        chosen = dates.choose(mentions, (0,), WEDNESDAY, fit_dates([right] * 400))
        assert chosen is not None
        assert {chosen.first} == right.days


def test_fitting_learns_that_none_is() -> None:
    mentions = find("A man was shot on Monday, police said on Tuesday.")
    neither = Dated("guns", "1", frozenset({date(2017, 5, 1)}), mentions, (0,), WEDNESDAY)
    assert dates.choose(mentions, (0,), WEDNESDAY, fit_dates([neither] * 400)) is None


@pytest.mark.parametrize("words", ["1 ", "May ", "in the last ", "two days ", "1/", "1/1/17 ", "in 2011 "])
def test_hostile_text_takes_bounded_time(words: str) -> None:
    started = time.process_time()
    dates.choose(find((words * 100_000)[:100_000]), range(4), WEDNESDAY)
    assert time.process_time() - started < 2
