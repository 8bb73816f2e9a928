"""What the tests about accounts share: asking, deciding, and the forms of the staff's pages."""

from typing import TYPE_CHECKING, Any

from tests.requests_portal.staff.addresses import hidden_fields

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from workflows.accounts.models import ApprovalRequest

USERS = "/staff/auth/user/"
APPROVALS = "/staff/accounts/approvalrequest/"
PASSWORD = "a rather long password"


def role_ids(*names: str) -> list[str]:
    """Return the ids of roles, as a form sends them."""
    from django.contrib.auth.models import Group

    return [str(pk) for pk in Group.objects.filter(name__in=names).values_list("pk", flat=True)]


def post(client: "Client", path: str, data: dict[str, Any] | None = None) -> Any:
    """Send a form with the token of its page."""
    token = hidden_fields(client.get(path).content.decode()).get("csrfmiddlewaretoken", "")
    return client.post(path, {"csrfmiddlewaretoken": token, **(data or {})})


def account_form(account: "User", **changes: Any) -> dict[str, Any]:
    """Return what the page of an account sends when nothing but `changes` is changed."""
    groups = [str(pk) for pk in account.groups.values_list("pk", flat=True)]
    form = {
        "first_name": account.first_name,
        "last_name": account.last_name,
        "email": account.email,
        "groups": groups,
        **({"is_active": "on"} if account.is_active else {}),
        **changes,
    }
    return {name: value for name, value in form.items() if value is not None}


def waiting() -> "ApprovalRequest":
    """Return the one change that waits."""
    from workflows.accounts.models import ApprovalRequest

    return ApprovalRequest.objects.get(state="waiting")


def decide(client: "Client", verb: str, request: "ApprovalRequest | None" = None) -> Any:
    """Press approve, reject or withdraw on the page of what waits."""
    return post(client, f"{APPROVALS}{(request or waiting()).pk}/{verb}/")


def roles(account: "User") -> set[str]:
    """Return the roles that an account holds now."""
    return set(account.groups.values_list("name", flat=True))


def link_of(mail: Any) -> str:
    """Return the path of the link in a mail with which a password is set."""
    [link] = [word for word in mail.body.split() if "/accounts/invitation/" in word]
    return link.removeprefix("http://testserver")


def set_password(client: "Client", link: str, password: str = PASSWORD) -> Any:
    """Open a mailed link and set a password there."""
    client.get(link)
    token = client.cookies["csrf"].value
    form = {"new_password1": password, "new_password2": password}
    return client.post(link, {"csrfmiddlewaretoken": token, **form})
