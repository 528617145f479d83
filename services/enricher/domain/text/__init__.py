"""An article as text: sentences, tokens, numbers, its language, and the word lists."""
