"""Who takes part: people who ask, with what they ask for, and the staff of the provider."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from workflows.accounts.actors import PUBLIC, Actor
from workflows.cases.filing_request import FiledIdentifier, FiledItem, FilingRequest
from workflows.vocabulary.item_kinds import ItemKind
from workflows.vocabulary.people import RequesterRole
from workflows.vocabulary.roles import Role

# Takes one of several things: as Hypothesis draws it, or by lot.
Choose = Callable[[Sequence[Any]], Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

# One place for each law, and Germany twice: most cases of a provider are alike.
PLACES = (
    "DE-BE", "GB-SCT", "CN", "US-CA", "FR", "KR", "JP", "SG", "BR", "IN", "CA-QC",
)  # fmt: skip


def _staff(name: str, count: int, *roles: Role) -> list[Actor]:
    return [Actor(frozenset(roles), f"{name}-{number}") for number in range(1, count + 1)]


# Some hold two roles: it is people who must be two, not roles.
STAFF = (
    *_staff("intake", 2, Role.INTAKE),
    *_staff("reviewer", 3, Role.REVIEWER),
    *_staff("approver", 2, Role.APPROVER),
    *_staff("reviewer-and-approver", 2, Role.REVIEWER, Role.APPROVER),
    *_staff("steward", 1, Role.DATA_STEWARD),
    *_staff("officer", 3, Role.PRIVACY_OFFICER),
)
EVERYBODY = (PUBLIC, *STAFF)
WITH = {role: [one for one in STAFF if role in one.roles] for role in Role}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is filed: what it says, and how many days ago it reached the provider."""

    request: FilingRequest
    days_ago: int
    by_letter: bool

    @property
    def before(self) -> timedelta:
        """How long ago it came."""
        return timedelta(days=self.days_ago)


_STATEMENT = {"statement": "What you hold about me."}
_DETAILS: dict[str, dict[str, Any]] = {
    ItemKind.CORRECT: {
        "statement": "The model says where I live.",
        "claimed": "住在上海",
        "correct": "住在杭州",
    },
    ItemKind.SUPPLEMENT: {"statement": "Say that I have moved."},
    ItemKind.COMPLAINT: {"statement": "Nobody answers my letters."},
}
_SUBJECTS = (
    ("王小明", FiledIdentifier("phone", "+86 138 0000 1234"), "wang@example.cn"),
    ("Erika Beispiel", FiledIdentifier("handle", "@erika_b"), "erika@example.de"),
)


@st.composite
def requests(draw: Draw) -> Asked:
    """Requests of two people by web and by letter, for themselves or for somebody else."""
    name, identifier, email = draw(st.sampled_from(_SUBJECTS))
    common = [ItemKind.DELETE, ItemKind.CORRECT, ItemKind.COPY]
    kinds = draw(
        st.lists(st.sampled_from([*common, *ItemKind]), min_size=1, max_size=3, unique=True)
    )
    role = draw(st.sampled_from([RequesterRole.SELF] * 3 + [*RequesterRole]))
    by_letter = draw(st.sampled_from([False, False, True]))
    more: dict[str, str] = {}
    if role != RequesterRole.SELF:
        more = {
            "requester_name": "Anna Agent",
            "authority": "I have a mandate.",
            "kinship": "Daughter",
            "own_interest": "My inheritance",
            "arrangement": "None",
        }
    request = FilingRequest(
        items=tuple(FiledItem(kind, dict(_DETAILS.get(kind, _STATEMENT))) for kind in kinds),
        residence=draw(st.sampled_from(PLACES)),
        language="en",
        subject_name=name,
        requester_role=role,
        identifiers=(identifier,),
        email=draw(st.sampled_from([email, email, email, ""])),
        **more,
    )
    days_ago = draw(st.integers(1, 40)) if by_letter else 0
    return Asked(request, days_ago, by_letter)
