"""Invented staff, teams with their routing rules, and one regulator for each regime served."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import timezone

from workflows.accounts.models import RegulatorAccount
from workflows.regimes.services import get_regime
from workflows.routing.models import RoutingRule, Team
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.roles import Role

# One person for each role, and a second one where two pairs of eyes are needed.
STAFF = {
    "ines": Role.INTAKE,
    "ravi": Role.REVIEWER,
    "rosa": Role.REVIEWER,
    "amal": Role.APPROVER,
    "dana": Role.DATA_STEWARD,
    "pilar": Role.PRIVACY_OFFICER,
    "piotr": Role.PRIVACY_OFFICER,
    "adam": Role.ADMINISTRATOR,
}
CHINESE_TEAM = "中文组"
INTERNATIONAL_TEAM = "International"
RIGHTS_TEAM = "Rights holders"
TEAMS = {
    CHINESE_TEAM: ("ines", "ravi", "rosa"),
    INTERNATIONAL_TEAM: ("ines", "ravi", "rosa"),
    RIGHTS_TEAM: ("rosa",),
}
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_REGULATOR_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Login:
    """An account with the pass phrase that was made for it, which is stored nowhere else."""

    role: str
    username: str
    passphrase: str


def taken_names() -> list[str]:
    """Return the user names of samples that somebody else has already."""
    names = [*STAFF, *map(_regulator_name, settings.PROVIDER_REGIMES)]
    return list(User.objects.filter(username__in=names).values_list("username", flat=True))


def make_accounts() -> list[Login]:
    """Make the accounts of staff and regulators, each with a pass phrase of its own."""
    logins = [_account(username, role, is_staff=True) for username, role in STAFF.items()]
    for code in settings.PROVIDER_REGIMES:
        login = _account(_regulator_name(code), Role.REGULATOR, is_staff=False)
        regime = get_regime(code)
        known = regime.authority_for(regime.default_place)
        name = known.name if known else regime.name
        authority = f"{name.zh} / {name.en}"
        RegulatorAccount.objects.create(
            user=User.objects.get(username=login.username),
            regime=code,
            authority=authority[: RegulatorAccount._meta.get_field("authority").max_length],
            expires_at=timezone.now() + _REGULATOR_FOR,
        )
        logins.append(login)
    return logins


def make_teams() -> None:
    """Make the teams and the rules that route to them."""
    teams = {name: Team.objects.create(name=name) for name in TEAMS}
    for name, members in TEAMS.items():
        teams[name].members.set(User.objects.filter(username__in=members))
    rules = (
        RoutingRule(kinds=[ItemKind.IP_CLAIM], team=teams[RIGHTS_TEAM]),
        RoutingRule(languages=["zh-hans"], team=teams[CHINESE_TEAM]),
        RoutingRule(team=teams[INTERNATIONAL_TEAM]),
    )
    last = RoutingRule.objects.order_by("-position").values_list("position", flat=True).first()
    for place, rule in enumerate(rules, start=1):
        rule.position = (last or 0) + 10 * place
        rule.save()


def _regulator_name(code: str) -> str:
    return f"regulator-{code.lower()}"


def _account(username: str, role: Role, *, is_staff: bool) -> Login:
    passphrase = "-".join(_words(4))
    user = User.objects.create_user(
        username, f"{username}@provider.example", passphrase, is_staff=is_staff
    )
    user.groups.set([Group.objects.get(name=role)])
    return Login(role, username, passphrase)


def _words(count: int) -> Iterable[str]:
    """Return made-up words of three syllables; four of them carry 73 bits."""
    for _word in range(count):
        yield "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _part in range(3))
