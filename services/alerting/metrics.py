"""What a worker counts since it started; the books are the delivery table."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

# How attempts to send ended. state: sent, retry, unknown, dead.
ATTEMPTS = Counter("tocsin_delivery_attempts", "Attempts to deliver by how they ended", ["channel", "state"])

# Fetched to sent: what a reader waited for us. Without retries it is a matter of milliseconds per stage.
TIME_TO_ALERT = Histogram(
    "tocsin_time_to_alert_seconds",
    "From the fetch of the article to the alert's acknowledgement",
    ["channel"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)

# Deliveries that are still to be sent, as the last sweep found them. state: pending, retry, unknown, sending.
OPEN = Gauge("tocsin_deliveries_open", "Deliveries that wait, by state", ["state"])


def show_open(counts: Mapping[str, int]) -> None:
    for state, number in counts.items():
        OPEN.labels(state).set(number)
