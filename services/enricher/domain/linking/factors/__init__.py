"""What speaks for and against a report being of a known event, by name: place, days, tolls, words, and who did it."""

from services.enricher.domain.linking.factors.compare import factors
from services.enricher.domain.linking.factors.names import Factors
from services.enricher.domain.linking.factors.rarity import Rarity, rarity_among
from services.enricher.domain.linking.spots import distance_km

__all__ = ["Factors", "Rarity", "distance_km", "factors", "rarity_among"]
