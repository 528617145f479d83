"""Reads articles: which report attacks, what kind, where, when, by whom, how many (extract); which are one (link)."""
