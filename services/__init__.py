"""The pipeline, one line a service; topics and messages are in `shared/contracts.py`.

fetcher   the web            -> articles.fetched    polls feeds, fetches pages
parser    articles.fetched   -> articles.parsed     a page's bytes become an article
enricher  articles.parsed    -> articles.enriched   extract: what kind of article, which attacks
          articles.enriched  -> events.changed      link: one attack, one event, every claim on its ledger
alerting  events.changed     -> Slack, e-mail, webhooks   rules decide who must know; each is told once
api       Postgres           -> programs and people  search, review, rules
"""
