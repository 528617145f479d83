"""Tolls: what each clause says, and what an article says of one attack."""

import time

import pytest

from services.enricher.domain.text.article import split
from services.enricher.domain.toll import casualties
from services.enricher.domain.toll.mention import TollMention


def find(text: str, language: str = "en") -> list[TollMention]:
    return casualties.find(text, split(text), language)


def said(text: str, language: str = "en") -> list[tuple[str, int | None]]:
    return [(one.kind, one.best) for one in find(text, language)]


def toll(text: str, title: str = "", language: str = "en") -> tuple[int | None, int | None]:
    mentions = casualties.find(title, split(title), language, in_title=True) + find(text, language)
    best = casualties.best(mentions)
    return best.killed.best if best.killed else None, best.injured.best if best.injured else None


K, I, H = "killed", "injured", "hit"  # noqa: E741


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # active and passive
        ("A bomb killed six soldiers.", [(K, 6)]),
        ("Six soldiers were killed by a bomb.", [(K, 6)]),
        ("The blast left nine people dead.", [(K, 9)]),
        ("A gunman shot dead two teachers.", [(K, 2)]),
        ("Two teachers were shot dead.", [(K, 2)]),
        ("The raid claimed 11 lives.", [(K, 11)]),
        ("The mine claimed the lives of three farmers.", [(K, 3)]),
        ("The fire resulted in the deaths of four nurses.", [(K, 4)]),
        ("Eight deaths were reported.", [(K, 8)]),
        ("Seven worshippers lost their lives.", [(K, 7)]),
        ("Militants beheaded three hostages.", [(K, 3)]),
        ("Raiders shot four guards to death.", [(H, 4), (K, 4)]),
        ("Rebels massacre 35 villagers in the hills.", [(K, 35)]),
        ("Nine guards were tortured and killed by raiders.", [(K, 9)]),
        ("Gunmen killed at least ten people with rifles and machetes.", [(K, 10)]),
        ("Police investigate the fatal shooting of one man and wounding of three other persons.", [(K, 1), (I, 3)]),
        ("Four men were injured, one of whom later died.", [(I, 4), (K, 1)]),
        ("Killed were Ann Lee, 23, and Bo Ray, 24.", [(K, 2)]),
        ("Up to 17 militants were reported to be killed.", [(K, 17)]),
        ("Five members of forces loyal to the Council of Deputies were killed.", [(K, 5)]),
        ("Four students from the Faculty of Law and Politics in Sanaa were killed.", [(K, 4)]),
        ("13 army weapons experts were shot dead.", [(K, 13)]),
        ("Police said Ann Lee was shot dead.", [(K, 1)]),
        ("The gunman killed Lee, 39, and a friend.", [(K, 2)]),
        ("Two men who had worked in the office of General Ann Lee were shot dead.", [(K, 2)]),
        ("Two boys aged 6 and 4 were killed.", [(K, 2)]),
        ("Police officer Ann Lee was shot dead.", [(K, 1)]),
        ("Deputy chief of staff Ann Lee and three others were killed.", [(K, 4)]),
        ("Two guards at the Italian embassy were killed.", [(K, 2)]),
        ("The group assassinates 15 people.", [(K, 15)]),
        ("The blast killed one student and injured other five girls.", [(K, 1), (I, 5)]),
        ("Gunmen stormed a bus and killed one of the passengers.", [(K, 1)]),
        # coordination
        ("The blast killed two soldiers and two civilians.", [(K, 4)]),
        ("Ann Lee was shot dead and her brother, 19, and two friends were hurt.", [(K, 1), (I, 3)]),
        ("killing three and wounding 12", [(K, 3), (I, 12)]),
        ("Four dead, 12 hurt in market blast", [(K, 4), (I, 12)]),
        ("Five people were killed and 20 wounded.", [(K, 5), (I, 20)]),
        ("The shell killed five and 20 others were wounded.", [(K, 5), (I, 20)]),
        ("It killed 23 traders and another 30 were injured.", [(K, 23), (I, 30)]),
        ("Two nurses and a driver were killed.", [(K, 3)]),
        ("The attack killed two officers and a village chief.", [(K, 3)]),
        ("The blast killed four guards at the gate, as well as two clerks inside.", [(K, 6)]),
        ("A man and his wife were killed.", [(K, 2)]),
        ("Three guards, one cook and a porter were injured.", [(I, 5)]),
        # subsets are not added
        ("Nine people, including three children, were killed.", [(K, 9)]),
        ("Nine people were killed, including three children, and 14 were hurt.", [(K, 9), (I, 14)]),
        ("The blast killed 22 people, at least five kids among them.", [(K, 22)]),
        ("The mine injured six soldiers, three seriously.", [(I, 6)]),
        ("The blast killed 22 people, many of them pupils.", [(K, 22)]),
        # totals of the dead and of the injured
        ("It brings to 12 the number of people killed.", [(K, 12)]),
        ("Market bombing: death toll now 31", [(K, 31)]),
        ("Doctors put the number of people injured at 64.", [(I, 64)]),
        ("The number of injured has doubled, to 90.", [(I, 90)]),
        ("Thirty people were being treated for gunshot wounds.", [(I, 30)]),
        ("Two substations were shot up.", []),
        ("Five people, three men and two women, were killed.", [(K, 5)]),
        # families and single persons
        ("A family of five was killed.", [(K, 5)]),
        ("Five members of a family died.", [(K, 5)]),
        ("The teenager was shot dead.", [(K, 1)]),
        ("A police officer was killed.", [(K, 1)]),
        ("Gunmen killed the mayor's brother.", [(K, 1)]),
        ("The mayor, Ana Roe, was assassinated.", [(K, 1)]),
        ("Jane Roe, 34, was stabbed to death.", [(K, 1)]),
        ("A 16-year-old was shot in the leg.", [(H, 1)]),
        ("The other man is in critical condition.", [(I, 1)]),
        ("One victim died, the other is in critical condition.", [(K, 1), (I, 1)]),
        # corrections
        ("Two, not three, soldiers died.", [(K, 2)]),
        ("Three people, not four as first reported, were killed.", [(K, 3)]),
        # more, another, others
        ("Another two were hurt.", [(I, 2)]),
        ("killing one man and injuring another", [(K, 1), (I, 1)]),
        ("Three more died on Sunday.", [(K, 3)]),
        # states
        ("Twelve people suffered burns.", [(I, 12)]),
        ("Six people were taken to hospital.", [(I, 6)]),
        ("The attack caused injuries to 18 others.", [(I, 18)]),
        ("Police say 4 were shot, 1 fatally.", [(H, 4), (K, 1)]),
        ("A quadruple shooting shook the street.", [(H, 4)]),
        ("He is accused of a triple murder.", [(K, 3)]),
        ("Gunmen kidnapped seven engineers.", [("hostages", 7)]),
        ("The rebels took 20 hostages.", [("hostages", 20)]),
        # zero only where it is said
        ("No one was hurt.", [(I, 0)]),
        ("There were no casualties.", [(K, 0), (I, 0)]),
        ("No deaths were reported.", [(K, 0)]),
        ("A bomb exploded outside the bank.", []),
        # no people, no toll
        ("Police killed the engine and drove 40 km.", []),
        ("The attack destroyed 12 houses and killed 30 goats.", []),
        ("The group plans to kill two ministers.", []),
        ("The shell could have killed dozens.", []),
        ("Prosecutors seek the death penalty for three men.", []),
        ("Two groups claimed responsibility.", []),
        ("The shooting happened at 10:30 on 5 May.", []),
    ],
)
def test_what_a_clause_says(text: str, expected: list[tuple[str, int | None]]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "low", "best", "high"),
    [
        ("At least 14 people were killed.", 14, 14, None),
        ("More than 40 people were killed.", 40, 40, None),
        ("Up to 20 people were killed.", None, 20, 20),
        ("Between 10 and 12 people were killed.", 10, 10, 12),
        ("Dozens of people were killed.", 24, None, 99),
        ("The death toll rises from 5 to 12.", 12, 12, 12),
        ("The death toll climbed to at least 31.", 31, 31, None),
        ("The death toll stands at 9.", 9, 9, 9),
    ],
)
def test_bounds(text: str, low: int | None, best: int | None, high: int | None) -> None:
    mention = find(text)[0]
    assert (mention.kind, mention.low, mention.best, mention.high) == (K, low, best, high)


@pytest.mark.parametrize(
    ("text", "best", "perpetrators"),
    [
        ("Three people, including the gunman, died.", 3, 1),
        ("Three people were killed, including two of the attackers.", 3, 2),
        ("Two attackers were shot dead by police.", 2, 2),
        ("Two militants and a passer-by were killed by troops.", 3, 2),
        ("The bomber and six civilians were killed.", 7, 1),
        ("An explosion killed six rebels.", 6, None),
        ("Gunmen stormed the camp and four of them were killed.", 4, 4),
        ("Gunmen fired on villagers and four of them were killed.", 4, None),
    ],
)
def test_perpetrators(text: str, best: int, perpetrators: int | None) -> None:
    mention = find(text)[0]
    assert (mention.best, mention.perpetrators) == (best, perpetrators)


@pytest.mark.parametrize(
    "text",
    [
        "More than 1,500 people have been killed since 2004.",
        "Last year the militants killed 300 soldiers.",
        "Attacks in 2016 killed 640 civilians.",
        "The group carried out 236 attacks in 2024, killing more than 1,500 people.",
        "Over the past decade they have killed 9,000 people.",
    ],
)
def test_statistics_are_nobodys_toll(text: str) -> None:
    mentions = find(text)
    assert mentions
    assert all(one.cumulative for one in mentions)
    assert casualties.best(mentions).killed is None


def test_an_attack_may_be_the_third_this_year() -> None:
    assert toll("A bomb killed nine people in the third attack this year.") == (9, None)


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("", "Four people were shot. One of them died in hospital.", (1, 3)),
        ("", "Four people were injured. One of them died the next day.", (1, 3)),
        ("4 shot, 1 fatally, outside bar", "Police are looking for a car.", (1, 3)),
        ("One dead, four shot outside bar", "Police are looking for a car.", (1, 4)),
        ("", "A gunman killed four people before killing himself.", (5, None)),
        ("Four dead in shooting", "The gunman shot three people and then took his own life.", (4, None)),
        ("", "A man was killed and another was injured.", (1, 1)),
        (
            "Two killed in blast",
            "Two people died on Monday. In 2009, bombs in the same city killed 90 people.",
            (2, None),
        ),
        ("", "Three guards were first said to be hurt, but police later said that no one was hurt.", (None, 0)),
        ("", "No one was hurt when the bomb went off.", (None, 0)),
        ("", "A car bomb went off near the bridge.", (None, None)),
        ("", "Seven soldiers were killed. A civilian was also killed.", (8, None)),
        ("", "Seven soldiers were killed. In a separate attack, nine farmers were killed.", (7, None)),
        ("", "A car bomb killed seven. A second bomb killed three rescuers.", (10, None)),
        ("", "Dozens of people were injured when a bomb went off.", (None, 24)),
    ],
)
def test_the_toll_of_an_attack(title: str, text: str, expected: tuple[int | None, int | None]) -> None:
    assert toll(text, title) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nine people have died. The bomber also died.", (10, None)),
        ("He killed 11 people. Three died by a bomb, and then he shot dead eight.", (11, None)),
        ("The number of people killed rose to 21. Six more bodies were found.", (21, None)),
        ("Five people are dead. Another 40 people were in hospital. He shot a guard.", (5, 40)),
    ],
)
def test_what_is_added_and_what_is_not(text: str, expected: tuple[int | None, int | None]) -> None:
    assert toll(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Au moins sept personnes ont été tuées et douze autres blessées dans l'attentat.", (7, 12)),
        ("fr", "L'explosion a fait 12 morts et 30 blessés.", (12, 30)),
        ("fr", "Un policier a été tué par un tireur.", (1, None)),
        ("fr", "Une cinquième victime est morte. Le bilan passe à cinq morts.", (5, None)),
        ("es", "Un coche bomba mató a nueve soldados e hirió a otros 30.", (9, 30)),
        ("es", "El ataque dejó tres muertos y siete heridos.", (3, 7)),
        ("es", "Murieron cinco campesinos.", (5, None)),
        ("pt", "Pelo menos cinco pessoas morreram e doze ficaram feridas na explosão.", (5, 12)),
        ("pt", "Homens armados mataram três policiais.", (3, None)),
        ("de", "Mindestens sechs Menschen wurden getötet und zwölf verletzt.", (6, 12)),
        ("de", "Der Angreifer tötete drei Soldaten.", (3, None)),
        ("de", "Bei dem Anschlag kamen 12 Menschen ums Leben, 30 weitere wurden verletzt.", (12, 30)),
        ("ru", "В результате взрыва погибли пять человек, ещё 12 получили ранения.", (5, 12)),
        ("ru", "Боевики убили трех полицейских.", (3, None)),
        ("tr", "Saldırıda en az beş kişi öldü, 12 kişi yaralandı.", (5, 12)),
        ("tr", "Patlamada üç asker hayatını kaybetti.", (3, None)),
        ("ar", "قتل خمسة أشخاص وأصيب 12 آخرون في انفجار سيارة مفخخة.", (5, 12)),
        ("ar", "قتل خمسة أشخاص وأصيب ثلاثمئة آخرون.", (5, 300)),
        ("ar", "مقتل ثلاثة جنود وإصابة سبعة في هجوم.", (3, 7)),
        ("ur", "دھماکے میں کم از کم پانچ افراد ہلاک اور 12 زخمی ہو گئے۔", (5, 12)),
        ("ur", "فائرنگ سے دو پولیس اہلکار جاں بحق ہو گئے۔", (2, None)),
    ],
)
def test_other_languages(language: str, text: str, expected: tuple[int | None, int | None]) -> None:
    assert toll(text, language=language) == expected


def test_spans_hold_the_words() -> None:
    text = "Police said on Monday that five people were killed in Quetta."
    mention = find(text)[0]
    assert text[mention.start : mention.end] == "five people were killed"


def test_a_language_without_a_list_is_read_as_english() -> None:
    assert said("Two soldiers were killed.", "xx") == [(K, 2)]


@pytest.mark.parametrize(
    "text", ["killed " * 20_000, "and five " * 20_000, "5, " * 20_000, "the " * 20_000, "A" * 100_000, "(" * 50_000]
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    started = time.process_time()
    find(text)
    assert time.process_time() - started < 2


def test_whom_the_police_killed_had_made_the_attack() -> None:
    mentions = find("A gunman killed four people at a clinic. He was shot dead by police an hour later.")
    best = casualties.best(mentions).killed
    assert best is not None
    assert (best.best, best.perpetrators) == (5, 1)


@pytest.mark.parametrize(
    ("text", "killed", "perpetrators"),
    [
        ("He died in a shootout with officers after he killed five people.", 6, 1),
        ("The gunman who killed five people died in a shootout with officers.", 6, 1),
        ("Doe was killed in a standoff with police after killing two men.", 3, 1),
        ("A man killed two women and himself.", 3, 1),
        ("A man stabbed three clerks to death. Police shot the man dead.", 4, 1),
        ("A man was shot dead after he stabbed a guard.", 1, 1),
        ("A guard was stabbed by a man who was shot dead.", 1, 1),
        ("Troops shot dead two youths after they attacked a soldier.", 2, 2),
        ("Three women were killed by troops after attacking a police station.", 3, 3),
        ("Two guards were killed in a shootout with police.", 2, None),
    ],
)
def test_the_death_of_who_did_it_counts_once(text: str, killed: int, perpetrators: int | None) -> None:
    best = casualties.best(find(text)).killed
    assert best is not None
    assert (best.best, best.perpetrators) == (killed, perpetrators)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The raid put three women into the hospital.", (None, 3)),
        ("Someone opened fire, hitting four people.", (None, 4)),
        ("Bullets struck three people.", (None, 3)),
        ("When officers came, four gunshot victims were located.", (None, 4)),
        ("She and three others were shot outside a club.", (None, 4)),
        ("Ann Stone and Figueroa were shot in the chest.", (None, 2)),
        ("The blast injured three adults and an 11-year-old child.", (None, 4)),
        ("Two boys, ages 15 and 16, and a man, 30, were shot.", (None, 3)),
        ("Police named the four relatives he is accused of shooting.", (None, 4)),
        ("He was charged with two counts of murder and three counts of attempted murder.", (2, 3)),
        ("Nine were hurt. He faces three counts of attempted murder.", (None, 9)),
    ],
)
def test_who_was_hurt(text: str, expected: tuple[int | None, int | None]) -> None:
    assert toll(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A 19-year-old man was shot in the leg. A woman, 24, was grazed. A 30-year-old man was hit in the arm.", 3),
        ("A man, 24, was shot in the chest and died. A 22-year-old man was also shot in the leg.", 1),
        ("Ann Lee was shot in the leg. Bo Ray was shot in the arm.", 2),
        ("A 19-year-old man was shot in the leg. The man, 19, was shot while he slept.", 1),
    ],
)
def test_persons_told_of_one_by_one(text: str, expected: int) -> None:
    assert toll(text)[1] == expected


def test_one_of_those_killed_is_not_taken_off_the_injured() -> None:
    text = "Two people were killed and four were injured. A young father was one of those killed."
    assert toll(text) == (2, 4)
    assert toll("Four were injured. One of them died in hospital.") == (1, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two soldiers of the National Army were killed and five injured.", (2, 5)),
        ("Gunmen stormed the post, killing six members of an army unit.", (6, None)),
        ("Four members of the ruling party were killed in a bar.", (4, None)),
        ("Two village defence volunteers suffered minor injuries.", (None, 2)),
        ("Four Green Action Party (GAP) members were injured.", (None, 4)),
        ("Two village houses were damaged and one man killed.", (1, None)),
        ("Bar attack:8 people were injured at 10:30.", (None, 8)),
        ("A grenade injured six this morning.", (None, 6)),
        ("24 recruits were killed or wounded.", (None, None)),
    ],
)
def test_people_beside_things(text: str, expected: tuple[int | None, int | None]) -> None:
    assert toll(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Five clerks were said to have been killed.", (5, None)),
        ("Three guards who were in the lorry were killed.", (3, None)),
        ("Four farmers were mistakenly killed.", (4, None)),
        ("At least six fighters from the Northern Front, were killed.", (6, None)),
        ("The shell left nine villagers, including a child, dead.", (9, None)),
        ("Gunmen killed opposition leader Ann Lee and six guards.", (7, None)),
        ("An officer of the river police and two clerks were killed.", (3, None)),
        ("Ann Lee was shot dead in her home along with her driver.", (2, None)),
        ("The mayor, Ann Lee, said nobody died.", (0, None)),
        ("Three soldiers of the Israeli army were wounded.", (None, 3)),
        ("Two guards were hurt, one of them died in hospital.", (1, 1)),
        ("Nine clerks were killed and four hurt in recent fighting.", (9, 4)),
        ("15-Year-Old Dead After Dice Game", (1, None)),
        ("The gunman opened fire, killing her and a friend.", (2, None)),
        ("A bomber blew up his car, killing him and killing and wounding others.", (None, None)),
        ("Five guests shot, one stabbed", (None, 6)),
        ("In May four students, one fatally, were shot.", (1, 3)),
        ("Raiders shot six guests, one fatally, at a bar.", (1, 5)),
        ("Gunman fatally shoots three guests, self", (4, None)),
        ("A man is accused of killing his parents and three sisters.", (5, None)),
        ("He was charged with the Sept. 12 quadruple murder.", (4, None)),
        # the larger of two blows may be the later
        ("A bomb killed five clerks. Soon after, a second bomb killed nine guards.", (14, None)),
        ("A bomb hit a bus, killing two soldiers on board, as well as two clerks who were in the street.", (4, None)),
        # a part and its whole
        ("Two officers were shot and a third was killed.", (1, 2)),
        ("Ten clerks were hurt. Two of the injured later died.", (2, 8)),
        ("Nine lives were lost.", (9, None)),
        ("One guard has died and another is fighting for life.", (1, 1)),
        ("Four members of one family, two of them children, were killed.", (4, None)),
        ("The blast killed two guards, as well as seven wounded soldiers left behind.", (2, 7)),
        ("A guard was killed, and seven other wounded people were flown out.", (1, 7)),
        ("Three soldiers were left wounded.", (None, 3)),
        ("One of five people shot at a bar in May has died.", (1, 4)),
        ("One of the five clerks was killed.", (1, None)),
        ("One of the four dead was Ann Lee.", (4, None)),
        ("Ten of the 18 guards were killed, as well as four clerks.", (14, None)),
        # what is summed over attacks that have nothing to do with one another
        ("Nine people were shot in two separate shootings. At the first, four men were wounded.", (None, 4)),
        ("Six people were wounded in separate shootings.", (None, 6)),
        # a later victim says how many there are by now
        ("A third victim died on Sunday.", (3, None)),
        ("One man was killed at the gate. A second man died in hospital.", (2, None)),
        ("The bomb killed a fourth-year student.", (1, None)),
        # two blows in one sentence, and their sum told later
        ("A bomb killed five clerks and a mine killed two farmers.", (7, None)),
        ("A bomb killed five. Another killed one. The two blasts left a total of six dead.", (6, None)),
        ("The bar has been the site of two fatal shootings.", (None, None)),
    ],
)
def test_how_many_after_all(text: str, expected: tuple[int | None, int | None]) -> None:
    assert toll(text) == expected


@pytest.mark.parametrize(
    ("text", "killed", "perpetrators"),
    [
        ("Rebels killed four soldiers at a bridge. Nine rebels were also killed.", 13, 9),
        ("Gunmen killed two clerks. Police shot dead Bo Ray an hour later.", 3, 1),
        ("A man killed two clerks before officers killed him.", 3, 1),
        ("A policeman shot dead Bo Ray.", 1, None),
        ("A guard was killed by an enemy sniper.", 1, None),
        ("A raid killed a guard. Six Taliban members were also killed.", 7, 6),
    ],
)
def test_the_attackers_own_dead(text: str, killed: int, perpetrators: int | None) -> None:
    best = casualties.best(find(text)).killed
    assert best is not None
    assert (best.best, best.perpetrators) == (killed, perpetrators)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("The attack on the mill left five dead and 12 hurt.", (5, 12)),
        ("The raid on the dam left nine dead and 12 hurt.", (5, None)),
    ],
)
def test_the_same_dead_told_again_say_who_was_hurt(last: str, expected: tuple[int | None, int | None]) -> None:
    assert toll("Five people were killed at a mill. " + "The mill stands by the river. " * 9 + last) == expected


@pytest.mark.parametrize(
    ("text", "killed"),
    [
        ("The attack was in retaliation for the killing of nine men. A bomb killed two clerks.", 2),
        ("At least four were killed in the blast, which comes two days after a bomb claimed 16 lives.", 4),
        ("Six clerks were killed. The rebels claimed to have killed 40.", 6),
        ("Unconfirmed reports put the death toll at 20. Nine people were killed.", 9),
        ("A bomber killed 60 people after ramming his car into a gate.", 60),
        ("Ann Lee, a teacher and a mother of two, was shot dead.", 1),
    ],
)
def test_what_others_did_or_claim_is_not_the_toll(text: str, killed: int) -> None:
    assert toll(text)[0] == killed


def test_earlier_attacks_of_the_like_have_tolls_of_their_own() -> None:
    assert toll("Two people were killed. It came 10 days after another bombing that left 13 soldiers dead.") == (
        2,
        None,
    )
    assert toll("A similar attack left nine dead in May. Two clerks were killed.") == (2, None)


def test_what_stands_in_brackets_does_not_part_subject_and_verb() -> None:
    assert toll("Four clerks (two men and two women) of the River Bank were killed.") == (4, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Police are looking into a fatal shooting in Salem.", (1, None)),
        ("A fatal shooting left five people dead.", (5, None)),
        ("A man faces three counts of murder over the shooting.", (3, None)),
        ("A man faces three counts of murder. Two women were shot dead.", (2, None)),
        ("A man faces two counts of attempted murder.", (None, 2)),
        ("Nobody died. A reporter recalled a fatal shooting.", (0, None)),
        ("A man was arrested on Monday. The court met. It was not the first fatal shooting.", (None, None)),
    ],
)
def test_deaths_that_are_only_implied(text: str, expected: tuple[int | None, int | None]) -> None:
    assert toll(text) == expected
