"""What a filing costs: `cases.filing.file_request` in its own transaction, one person, two items.

    python tests/bench/filing.py [/tmp/before] [--filings N] [--rounds N]

With another working tree both are measured in turn, see `_two_trees`.
"""

import time

from _two_trees import main

WARM_UP = 50


def file_some(filings: int) -> dict[str, float]:
    """File `filings` requests with the tree of the working folder; return what it took."""
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests import factories as make

    for _ in range(WARM_UP):
        make.file()
    with CaptureQueriesContext(connection) as queries:
        make.file()
    begin, busy = time.perf_counter(), time.process_time()
    for _ in range(filings):
        make.file()
    return {
        "filings per second": filings / (time.perf_counter() - begin),
        "milliseconds of CPU per filing": (time.process_time() - busy) * 1000 / filings,
        "queries per filing": len(queries),
    }


if __name__ == "__main__":
    main(__file__, __doc__, file_some, filings=1000)
