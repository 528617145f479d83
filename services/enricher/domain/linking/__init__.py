"""One attack, one event: reports, candidates, score, changes, and the ledger of claims."""
