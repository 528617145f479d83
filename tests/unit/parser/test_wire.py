"""Wire credits: where they stand, and where a name is none."""

import pytest

from services.parser.domain.wire import credit

STORY = "A blast killed two people on Friday, police said.\nMore was not known."


@pytest.mark.parametrize(
    ("text", "author", "wire"),
    [
        (f"PESHAWAR, Pakistan, Jan 30 (Reuters) - {STORY}", None, "Reuters"),
        (f"(Reuters) - {STORY}", None, "Reuters"),
        (f"KABUL: (Pajhwok/AFP) {STORY}", None, "Pajhwok"),
        (f"MOSCOW, May 2. /TASS/. {STORY}", None, "TASS"),
        (f"BEIJING, Nov. 16 (Xinhua) -- {STORY}", None, "Xinhua"),
        (f"QUETTA (AP) {STORY}", None, "AP"),
        (f"ISTANBUL, Jan 1 (Meridian Wire) - {STORY}", None, "Meridian Wire"),
        (f"Updated at noon\nLOUISVILLE, KY (WAVE) – {STORY}", None, "WAVE"),
        (f"The Associated Press\n{STORY}", None, "AP"),
        (STORY, "AFP", "AFP"),
        (STORY, "By Ann Lee, CNN Newsource", "CNN Newsource"),
        (STORY, "Ann Lee; Reuters", "Reuters"),
        (f"{STORY}\n(With inputs from ANI)", None, "ANI"),
        (f"{STORY}\nSource: Xinhua", None, "Xinhua"),
        (f"{STORY}\n© 2024 AFP", None, "AFP"),
        (f"{STORY}\nCopyright 2015 The Associated Press. All rights reserved.", None, "AP"),
        (f"{STORY}\n(Reporting by Ann Lee in Kabul; Editing by Bo Li)", None, "Reuters"),
        (STORY, None, None),
        (STORY, "Ann Lee", None),
        ("", None, None),
        (f"The Palestinian Authority (PA) condemned it. {STORY}", None, None),
        (f"Police told Reuters that two people died. {STORY}", None, None),
        (f"Pakistan's army (ISPR) - said so. {STORY}", None, None),
        (f"{STORY} He spoke to AFP by phone.", None, None),
        (f"The AP, a party, won (in part) - {STORY}", None, None),
    ],
)
def test_credit(text: str, author: str | None, wire: str | None) -> None:
    assert credit(text, author) == wire
