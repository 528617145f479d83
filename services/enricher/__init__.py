"""Reads articles: which report attacks, of what kind, where, when, by whom, how many (extract); which are one (link)."""
