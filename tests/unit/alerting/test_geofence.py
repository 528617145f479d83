from typing import Any

import pytest

from services.alerting.domain.geofence import Circle, Containment, containment, distance_km
from shared.codes import WherePrecision
from shared.contracts import Place

MOSCOW = Circle(lat=55.75, lon=37.62, km=100)


def place(lat: Any, lon: Any, precision: Any, radius_km: Any = None) -> Any:
    return Place(name="x", lat=lat, lon=lon, precision=precision, radius_km=radius_km)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (place(55.8, 37.4, WherePrecision.EXACT), Containment.INSIDE),
        (place(55.8, 37.4, WherePrecision.NEAR), Containment.INSIDE),
        (place(55.0, 38.5, WherePrecision.NEAR), Containment.POSSIBLE),  # 100 km away, known to 25
        (place(55.0, 38.5, WherePrecision.PROVINCE), Containment.REGION_ONLY),
        (place(54.0, 38.5, WherePrecision.COUNTRY), Containment.REGION_ONLY),
        (place(59.9, 30.3, WherePrecision.EXACT), Containment.OUTSIDE),  # St Petersburg
        (place(55.8, 37.4, WherePrecision.COUNTRY, radius_km=40), Containment.INSIDE),  # the place itself says so
        (place(None, None, WherePrecision.COUNTRY), Containment.OUTSIDE),
        (None, Containment.OUTSIDE),
    ],
)
def test_the_answer_is_as_certain_as_the_place(where: Any, expected: Any) -> None:
    assert containment(MOSCOW, where) is expected


def test_distance_of_two_cities_and_over_the_date_line() -> None:
    assert distance_km(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(343.6, abs=1)
    assert distance_km(0, 179.5, 0, -179.5) == pytest.approx(111.2, abs=0.2)
