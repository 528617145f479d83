"""Pure code: text in, what it says out. Lists of words are data in `lexicon/`.

`extraction` reads one article: `text` (sentences, numbers, language) → `news` (is it news of an attack?) → the five
questions `what`, `when`, `where`, `who` and `toll`, each a finder of its own → `frames` (one per attack).
`linking` then makes reports into events.
"""
