#!/usr/bin/env python3
"""Django's command line for Requests Portal."""

import os
import sys


def main() -> None:
    """Run one management command; on a bare machine, start the bundled database first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "requests_portal.settings")
    from requests_portal.local.bootstrap import prepare_environment

    prepare_environment(sys.argv)
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
