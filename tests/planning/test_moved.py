"""A sync whose connection moved to another tenant: who is whom there (D-08)."""

from datetime import UTC, datetime

import pytest

from sync_core.directory.attributes import Mapped
from sync_core.directory.names import digest
from sync_core.directory.users import Hold, Status, User
from sync_core.entra.port import SourceUser
from sync_core.planning.claims import Claim
from sync_core.planning.identity import Match, Stored, agrees, match
from sync_core.planning.reading import Candidate
from sync_core.planning.settle import Writer

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MOVED = Writer("DK1", "there", NOW, NOW, frozenset({"DK1", "DK2"}))


def ann(key: str = "DK1", tenant: str = "here", status: Status = Status.ACTIVE) -> User:
    hold = Hold(tenant_id=tenant, object_id="o1", fingerprint="f")
    return User(user_id="DU1", username="ann", status=status, held_by={key: hold})


@pytest.mark.parametrize(
    ("user", "object_id", "is_it"),
    [
        (ann(), "o1", True),  # its own, since it was another tenant's
        (ann("DK2", "there"), "o1", True),
        (ann("DK2", "here"), "o1", False),  # another sync's, of another tenant
        (ann(), "o2", False),
        (ann("DK2", "here", Status.PENDING_DELETION), "o2", True),
    ],
)
def test_a_record_is_an_objects_as_far_as_syncs_of_its_tenant_and_the_sync_itself_hold_it(user: User, object_id: str, *, is_it: bool):
    assert agrees(user, object_id, MOVED) is is_it


def met(user: User, *, relink: bool, object_id: str = "new") -> str:
    """The user that an account called ann is."""
    mapped = Mapped("ann", "Ann", "", None, {})
    stored = Stored(records={"DU1": user}, claims={digest("ann"): Claim("ann", "DU1", "")}, relink=relink)
    found = match(Candidate(SourceUser(object_id, True, ()), mapped, 1, "f", None), stored, MOVED, lambda: "DU9")
    assert isinstance(found, Match)
    return found.user_id


def test_users_are_found_again_by_their_usernames_only_where_that_is_asked_for():
    assert met(ann(), relink=True) == "DU1"
    assert met(ann(), relink=False) == "DU9"


def test_a_user_that_another_tenants_sync_holds_is_joined_as_ever():  # B-011, D-06
    assert met(ann("DK2", "here"), relink=False) == "DU1"


def test_another_object_of_the_tenant_is_somebody_else():  # D-02
    assert met(ann("DK2", "there"), relink=True) == "DU9"
    assert met(ann("DK2", "there"), relink=True, object_id="o1") == "DU1"
