"""How many were killed, injured and taken: numbers of people and what they count."""
