"""The SQL of alerting.

rules        what is in force: rules, destinations, silences
decisions    what was decided about an event, its threads, the deliveries that came of it
deliveries   the queue: claim and settle
backlog      what is still to be sent, and by when
"""
