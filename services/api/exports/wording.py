"""An event in a line of English, for formats that want a title."""

from services.api.exports import Event


def title(event: Event) -> str:
    """`Bombing explosion in Peshawar, PK, 30 January 2023: 12 killed, 40 injured`."""
    where = place(event)
    when = day(event)
    told = ", ".join(part for part in (f"{kind(event)} in {where}" if where else kind(event), when) if part)
    people = toll(event)
    return f"{told}: {people}" if people else told


def kind(event: Event) -> str:
    kinds = [name for name in event["attack_types"] if name != "unknown"]
    return " and ".join(name.replace("_", " ") for name in kinds).capitalize() or "Attack"


def place(event: Event) -> str:
    where = event.get("place")
    if not where:
        return ""
    parts = (where["name"], where.get("admin1"), where.get("country"))
    return ", ".join(dict.fromkeys(part for part in parts if part))


def day(event: Event) -> str:
    when = event.get("date")
    if not when:
        return ""
    return str(when["start"]) if when["start"] == when["end"] else f"{when['start']} to {when['end']}"


def toll(event: Event) -> str:
    counts = ((event.get("killed"), "killed"), (event.get("injured"), "injured"), (event.get("hostages"), "taken"))
    return ", ".join(f"{count['best']} {what}" for count, what in counts if count)


def perpetrators(event: Event) -> str:
    return ", ".join(f"{who['name']} ({who['claim']})" for who in event["perpetrators"])


def description(event: Event) -> str:
    """Who is named, on whose word, and the sentences of the newest reports."""
    lines = [f"{title(event)}.", f"Status: {event['status']}; independent sources: {event['independent_sources']}."]
    if named := perpetrators(event):
        lines.append(f"Perpetrators: {named}.")
    for report in event["reports"][:3]:
        lines.append(f"{report['source']}: {report['sentence'] or report['title'] or report['url']}")
    return "\n".join(lines)
