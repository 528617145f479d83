"""The slots of an attack but date, place and toll: one door to their finders."""

from services.enricher.domain.what.attack_types import TypeMention, attack_types, best_types
from services.enricher.domain.what.circumstances import Told, property_damage, success, suicide
from services.enricher.domain.what.role_words import RoleMention
from services.enricher.domain.what.roles import individuals, targets, weapons
from services.enricher.domain.what.victims import victims

__all__ = [
    "RoleMention", "Told", "TypeMention", "attack_types", "best_types", "individuals", "property_damage", "success",
    "suicide", "targets", "victims", "weapons",
]  # fmt: skip
