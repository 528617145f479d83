"""Slack incoming webhook: posts to one channel, knows no threads and cannot be asked what it took."""

import json

from services.alerting.channels.http import check, post
from services.alerting.channels.line import Line
from services.alerting.channels.message import Message
from services.alerting.channels.outcome import Sent
from services.alerting.channels.secrets import resolve
from services.alerting.domain.blocks import slack_blocks, slack_text
from services.alerting.domain.destinations import SlackWebhookConfig


def send(message: Message, config: SlackWebhookConfig, line: Line) -> Sent:
    body = {
        "text": slack_text(message.alert, message.links),
        "blocks": slack_blocks(message.alert, message.links),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": "tocsin_alert", "event_payload": message.labels},
    }
    headers = {"Content-Type": "application/json", "User-Agent": "Tocsin"}
    check(post(resolve(config.url), json.dumps(body).encode(), headers, line))
    return Sent({"delivery_id": message.ref})
