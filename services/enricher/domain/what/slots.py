"""The slots of an attack but date, place and toll: one door to their finders."""

from services.enricher.domain.what.attack_types import TypeMention, attack_types, best_types
from services.enricher.domain.what.circumstances import Told, property_damage, success, suicide
from services.enricher.domain.what.role_words import RoleMention, told
from services.enricher.domain.what.roles import individuals, targets, weapons
from services.enricher.domain.what.sentences import Read, read
from services.enricher.domain.what.victims import victims

__all__ = [
    "Read", "RoleMention", "Told", "TypeMention", "attack_types", "best_types", "individuals", "property_damage",
    "read", "success", "suicide", "targets", "told", "victims", "weapons",
]  # fmt: skip
