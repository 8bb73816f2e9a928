"""What each role may do in the staff's pages: one table, to which each migration brings the groups.

A role is a group of Django by the name in `Role`. Who holds it is a matter of the accounts; what it
may do stands here alone, as `app.codename`. Which step of a case a role may take is not a matter of
permissions but of the table of moves.
"""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import transaction

from workflows.vocabulary.roles import Role


def _each(verbs: str, *models: str) -> frozenset[str]:
    """Return the permissions that Django makes for models, each named `app.model`."""
    pairs = (model.split(".") for model in models)
    return frozenset(f"{app}.{verb}_{model}" for app, model in pairs for verb in verbs.split())


_SEE_CASES = _each(
    "view",
    "cases.case",
    "cases.item",
    "cases.message",
    "cases.attachment",
    "cases.clock",
    "corrections.instruction",
)
_REGISTER = ("datasets.dataset", "datasets.snapshot", "datasets.trainedmodel", "datasets.recipient")
_SEE_REGISTER = _each("view", *_REGISTER)
# What was told to pipelines, models and recipients of data, and what came of it.
_SEE_CORRECTIONS = _each(
    "view",
    "corrections.manifest",
    "corrections.pipelineacknowledgement",
    "corrections.reingestion",
    "corrections.recipientnotice",
    "model_outputs.suppression",
)

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.INTAKE: _SEE_CASES | _SEE_REGISTER | {"cases.work_case"},
    Role.REVIEWER: (
        _SEE_CASES | _SEE_REGISTER | _SEE_CORRECTIONS | {"cases.work_case", "cases.review_case"}
    ),
    Role.APPROVER: _SEE_CASES | _SEE_REGISTER | _SEE_CORRECTIONS | {"cases.approve_case"},
    Role.DATA_STEWARD: (
        _SEE_CASES
        | _SEE_CORRECTIONS
        | _each("view add change", *_REGISTER)
        | _each("view add change delete", "accounts.pipelinetoken")
        # What they asked for themselves: tokens of pipelines.
        | _each("view", "accounts.approvalrequest")
        | {
            "cases.execute_case",
            "model_outputs.add_suppression",
            "corrections.change_recipientnotice",
        }
    ),
    Role.PRIVACY_OFFICER: (
        _SEE_CASES
        | _SEE_REGISTER
        | _SEE_CORRECTIONS
        | _each("view add change delete", "routing.team", "routing.routingrule")
        | _each("view change", "outbox.effect")
        | _each(
            "view add",
            "cases.identitypolicy",
            "notices.clauseattestation",
            "notices.noticetext",
            "regimes.businesscalendar",
            "regimes.publishedlimit",
        )
        | _each(
            "view",
            "accounts.accountevent",
            "accounts.approvalrequest",
            "accounts.pipelinetoken",
            "exports.bundlejob",
            "oversight.accessevent",
            "witnesses.witness",
        )
        | {
            "accounts.decide_approvalrequest",
            "cases.work_case",
            "cases.review_case",
            "cases.approve_case",
            "cases.execute_case",
            "cases.oversee_case",
            "model_outputs.add_suppression",
            "datasets.approve_dataset",
        }
    ),
    # Accounts and the running portal, and no case content.
    Role.ADMINISTRATOR: (
        _each("view add change", "auth.user", "accounts.regulatoraccount")
        | _each(
            "view", "accounts.approvalrequest", "auth.group", "outbox.effect", "witnesses.witness"
        )
        | {"accounts.decide_approvalrequest"}
    ),
    # Regulators have an area of their own, and no permission in the staff's pages.
    Role.REGULATOR: frozenset(),
}


def synchronise_roles(*, apps: Apps = installed, using: str = "default", **_: Any) -> None:
    """Let the group of each role have what the table says: no less, and no more.

    Runs after each migration; run again, it writes nothing. Other groups are left as they are.
    `apps` are the models as they are after that migration; of what they do not know yet, nothing
    is given.
    """
    try:
        Group = apps.get_model("auth", "Group")
        Permission = apps.get_model("auth", "Permission")
    except LookupError:
        return
    # Django makes those of an app when it comes to the app, which is after this.
    for label in {name.split(".")[0] for names in PERMISSIONS.values() for name in names}:
        create_permissions(installed.get_app_config(label), verbosity=0, using=using, apps=apps)
    with transaction.atomic(using=using):
        rows = Permission.objects.using(using).values_list(
            "content_type__app_label", "codename", "pk"
        )
        keys = {f"{app}.{codename}": pk for app, codename, pk in rows}
        for role, names in PERMISSIONS.items():
            group, _made = Group.objects.using(using).get_or_create(name=role.value)
            group.permissions.set(keys[name] for name in names if name in keys)
