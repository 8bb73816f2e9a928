"""The queues of the broker; each has workers of its own, and none waits behind another."""

DEFAULT = "celery"
# Effects that send mail: a mail server may be slow, or away for days.
MAIL = "mail"
# Tasks that read or write whole snapshots; no effect is run there.
DATA = "data"

OF_EFFECTS = (DEFAULT, MAIL)
ALL = (*OF_EFFECTS, DATA)
