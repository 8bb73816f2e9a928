"""What axe, the checker of accessibility, finds on a page."""

from collections.abc import Iterable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

GRAVE = {"serious", "critical"}


def grave_faults(page: Page) -> list[str]:
    """Return what axe finds serious or critical on a page, with the elements."""
    page.wait_for_load_state()
    try:
        found = Axe().run(page)
    except Error:
        # The click before has only now begun to leave the page.
        page.wait_for_load_state()
        found = Axe().run(page)
    violations = found.response["violations"]
    return [
        f"{page.url} {violation['id']}: {violation['help']} {node['target']} {node['html'][:150]}"
        for violation in violations
        if violation["impact"] in GRAVE
        for node in violation["nodes"][:3]
    ]


def faults_on(page: Page, addresses: Iterable[str]) -> list[str]:
    """Open each address and return what axe finds on all of them."""
    faults = []
    for address in addresses:
        page.goto(address)
        faults += grave_faults(page)
    return faults
