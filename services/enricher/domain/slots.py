"""The slots of an attack but date, place and toll: one door to their finders."""

from services.enricher.domain.attack_types import TypeMention, attack_types, best_types
from services.enricher.domain.circumstances import Told, property_damage, success, suicide
from services.enricher.domain.role_words import RoleMention
from services.enricher.domain.roles import individuals, targets, weapons
from services.enricher.domain.victims import victims

__all__ = [
    "RoleMention", "Told", "TypeMention", "attack_types", "best_types", "individuals", "property_damage", "success",
    "suicide", "targets", "victims", "weapons",
]  # fmt: skip
