"""Names of factors that belong together."""

Factors = dict[str, float]

HERE = frozenset({"place_same", "place_some", "place_mentioned", "place_near", "place_coarse"})
THERE = frozenset({"place_same", "place_some"})
SAME_DAY = frozenset({"date_same", "date_some", "date_recent"})
THEN = SAME_DAY | {"date_next", "date_overlaps", "date_recent_later"}

# A follow-up comes late, dates its own news as well, and counts those whom it is about: what speaks against a first
# report speaks less against it.
LATER = frozenset({"date_differs", "date_recent", "gap", "gap_over_3_days", "killed_falls", "injured_falls"})
