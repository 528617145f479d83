"""Who did it: armed groups, unknown groups, persons, and on whose word."""
