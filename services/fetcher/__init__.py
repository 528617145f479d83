"""Polls feeds and fetches the pages they announce, politely and safely; each page once, whoever announces it."""
