"""api: events, articles, feeds and deliveries for programs and people; see `/openapi.json`."""
