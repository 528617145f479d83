"""Pure code: text in, what it says out. Lists of words are data in `lexicon/`."""
