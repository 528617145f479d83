"""The SQL of alerting.

rules        what is in force: rules and destinations, each edit a version
silences     what is recorded and not sent, for a time
past         what was told before, as far as a decision depends on it
decisions    what was decided about an event, its threads, the deliveries that come of it
holds        what waits for a digest
escalations  who else is told where nobody acknowledges
reactions    what readers answer: acknowledge, feedback, unsubscribe
deliveries   the queue: what is taken from it
endings      the queue: how what was taken ended
troubles     what is wrong with Tocsin itself, and whom it was told
backlog      what is still to be sent, and by when
history      revisions and rules as they were, for backtests and for `why`
"""
