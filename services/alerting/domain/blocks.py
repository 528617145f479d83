"""An alert as Slack's Block Kit. Only plain_text and rich_text: in neither can an article's words turn into markup."""

from typing import Any

from services.alerting.domain.alert import Alert
from services.alerting.domain.links import LABELS, NO_LINKS, Action, Links
from services.alerting.domain.rendering import facts, text, title
from services.alerting.domain.wording import clip

# https://docs.slack.dev/reference/block-kit/blocks
TEXT_LIMIT = 3000
HEADER_LIMIT = 150

Block = dict[str, Any]


def slack_text(alert: Alert, links: Links = NO_LINKS) -> str:
    """The text beside the blocks: notifications, screen readers. Escaped, so that nothing is a mention."""
    return slack_escape(text(alert, links)[:TEXT_LIMIT])


def slack_escape(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_blocks(alert: Alert, links: Links = NO_LINKS) -> list[Block]:
    blocks: list[Block] = [{"type": "header", "text": _plain(clip(title(alert), HEADER_LIMIT))}]
    blocks += [{"type": "rich_text", "elements": [*_lead(alert), *_facts(alert), *_table(alert)]}]
    if rest := [*_quote(alert), *_links(alert, links)]:
        blocks += [{"type": "rich_text", "elements": rest}]
    if links.buttons and (buttons := [_button(action, links) for action in LABELS if action in links.tokens]):
        blocks += [{"type": "actions", "block_id": "tocsin", "elements": buttons}]
    return [*blocks, {"type": "context", "elements": [_plain(clip("Why you get this: " + "; ".join(alert.why), 1000))]}]


def _lead(alert: Alert) -> list[Block]:
    """What a reader must know before the facts, in bold."""
    lines = [] if alert.digest else [alert.note, *(f"Changed: {change}" for change in alert.changes)]
    said = "\n".join(filter(None, lines))
    return [{"type": "rich_text_section", "elements": [_bold(said + "\n")]}] if said else []


def _facts(alert: Alert) -> list[Block]:
    return [
        {"type": "rich_text_section", "elements": [_bold(f"{name}: "), _words(f"{value}\n")]}
        for name, value in facts(alert)
    ]


def _table(alert: Alert) -> list[Block]:
    return [{"type": "rich_text_preformatted", "elements": [_words(alert.note)]}] if alert.digest and alert.note else []


def _quote(alert: Alert) -> list[Block]:
    if not alert.quote:
        return []
    return [{"type": "rich_text_quote", "elements": [_words(f"{alert.quote} ({alert.quote_source})")]}]


def _links(alert: Alert, links: Links) -> list[Block]:
    """Where it can be read; and, where Slack's buttons cannot be answered, what the buttons would do."""
    shown = [(link.url, f"{link.source}: {link.title}") for link in alert.links]
    shown += [(alert.map_url, "Map")] if alert.map_url else []
    shown += [] if links.buttons else [(address, label) for label, address in links.offered]
    items = [
        {"type": "rich_text_section", "elements": [{"type": "link", "url": address, "text": words}]}
        for address, words in shown
    ]
    return [{"type": "rich_text_list", "style": "bullet", "elements": items}] if items else []


def _button(action: Action, links: Links) -> Block:
    """https://docs.slack.dev/reference/block-kit/block-elements/button-element: `value` comes back signed by Slack."""
    button = {
        "type": "button",
        "action_id": f"tocsin_{action}",
        "text": _plain(LABELS[action]),
        "value": links.tokens[action],
    }
    return button | ({"style": "primary"} if action is Action.ACKNOWLEDGE else {})


def _bold(words: str) -> Block:
    return _words(words) | {"style": {"bold": True}}


def _words(words: str) -> Block:
    return {"type": "text", "text": words}


def _plain(words: str) -> Block:
    return {"type": "plain_text", "text": words, "emoji": False}
