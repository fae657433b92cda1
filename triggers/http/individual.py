"""Single users: synced at once, inside the call, and explained."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from sync_core.ids import has_form
from sync_core.individual.sync import Synced
from sync_core.management.references import unknown
from sync_core.planning.asked import MOST
from sync_core.planning.outcomes import Outcome
from triggers.http.connections import GROUP
from triggers.http.decisions import FieldChange
from triggers.http.fields import Answer, Body, RunRef, SyncKey
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OF_ENTRA
from triggers.http.runs import REFERENCE_CODE
from triggers.http.services import Serve
from triggers.http.signatures import Reader, UserSyncer
from triggers.http.users import UserId

router = APIRouter(tags=["single users"])

_NAME = "user@corp.example"


class NamesBody(Body):
    names: str | list[str] = Field(
        description=f"Up to {MOST} names, as a list or with commas between them: whole userPrincipalNames where these are the source of "
        "usernames, normalized or not; else exactly the values of the attribute that is the source.",
        examples=[[_NAME, "other@corp.example"]],
    )


class OutcomeAnswer(Answer):
    name: str = Field(description="As it was asked for.", examples=[_NAME])
    outcome: str = Field(
        description='"created", "updated", "disabled", "enabled", "restored", "to Trash", "left to another sync", "unchanged", '
        '"not a member", "not found" or "skipped".',
        examples=["updated"],
    )
    user_id: str = Field(description="Empty when it has no user here.", examples=["DU2A3B4C5D6E7F2G3H4I"])
    object_id: str = Field(examples=["3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"])
    username: str = Field(description="As the user is called here.", examples=[_NAME])
    actions: list[str] = Field(description="All that was done, exactly.", examples=[["update", "groups"]])
    fields: list[FieldChange]
    reason: str = Field(description="Why, in words.", examples=["member of Staff"])

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeAnswer":
        return cls(
            name=outcome.name,
            outcome=outcome.became,
            user_id=outcome.user_id,
            object_id=outcome.object_id,
            username=outcome.username,
            actions=list(outcome.actions),
            fields=FieldChange.each(outcome.fields),
            reason=outcome.reason,
        )


class OutcomeList(Answer):
    items: list[OutcomeAnswer]


class SyncedAnswer(OutcomeList):
    reference_code: str = Field(description="Names this sync in the history and in the log.", examples=[REFERENCE_CODE])
    directory_key: str = Field(examples=["DK2A3B4C5D6E7F2G3H4I"])
    state: str = Field(description='"completed", or "completed with warnings" when somebody was left out.', examples=["completed"])

    @classmethod
    def from_(cls, synced: Synced) -> "SyncedAnswer":
        return cls(
            items=[OutcomeAnswer.of(outcome) for outcome in synced.outcomes],
            reference_code=synced.run.run,
            directory_key=synced.run.directory_key,
            state=synced.run.state,
        )


class SyncedList(Answer):
    items: list[SyncedAnswer]


class ThroughAnswer(Answer):
    object_id: str = Field(examples=[GROUP])
    group_id: str = Field(description="Its group here.", examples=["DG2A3B4C5D6E7F2G3H4I"])
    name: str = Field(examples=["Staff"])
    path: list[str] = Field(
        description="Names of the groups on the way to it, from one that the user itself is in; empty where the way is longer than is "
        "looked for.",
        examples=[["Berlin", "Germany", "Staff"]],
    )
    nested: bool = Field(description="Whether the user is in it only through other groups.", examples=[True])


class ValueAnswer(Answer):
    field: str = Field(examples=["username"])
    source: str = Field(description="The attribute in Entra.", examples=["userPrincipalName"])
    value: str = Field(description="As Entra has it.", examples=[_NAME])
    becomes: str = Field(description="As it would stand here.", examples=["user"])


class ExplanationAnswer(Answer):
    user: str = Field(description="As it was asked for.", examples=[_NAME])
    connected: bool = Field(description="Whether Entra answers this application.", examples=[True])
    problem: str = Field(description="Why it does not.", examples=[""])
    in_entra: bool = Field(description="Whether Entra has this user.", examples=[True])
    enabled: bool = Field(description="Whether the account is enabled there.", examples=[True])
    groups: list[ThroughAnswer] = Field(description="The selected groups that the user is in.")
    values: list[ValueAnswer] = Field(description="What the fields here are made from.")
    decision: OutcomeAnswer | None = Field(
        description="What syncing the user would come to now, and why; null where Entra does not answer."
    )


@router.post("/api/v1/syncs/{directory_key}/users:sync", summary="Sync single users", responses=answers(NOT_FOUND, *OF_ENTRA))
async def sync_users(directory_key: SyncKey, named: NamesBody, services: Serve, actor: UserSyncer) -> SyncedAnswer:
    """Syncs up to 50 users at once, also while the sync is paused or a full sync goes on, and answers what became of each name.

    No username changes: the next full sync does that. Somebody who is in no selected group, and is no user of this sync, is left alone.
    """
    return SyncedAnswer.from_(await services.individual.of_names(directory_key, named.names, str(actor)))


@router.post("/api/v1/users/{user_id}/sync", summary="Sync this user", responses=answers(NOT_FOUND, *OF_ENTRA))
async def sync_user(user_id: UserId, services: Serve, actor: UserSyncer) -> SyncedList:
    """Syncs one user by each sync that manages it. Refused where that normalizes usernames: sync the user by its name then."""
    if not has_form(user_id, "DU"):
        raise unknown("user", user_id)
    return SyncedList(items=[SyncedAnswer.from_(synced) for synced in await services.individual.of_user(user_id, str(actor))])


@router.get("/api/v1/runs/{reference_code}/outcomes", summary="List what single users became", responses=answers(NOT_FOUND))
async def list_outcomes(reference_code: RunRef, services: Serve, _: Reader) -> OutcomeList:
    """What an individual sync answered, in the order of its names; empty for a full sync."""
    return OutcomeList(items=[OutcomeAnswer.of(outcome) for outcome in await services.individual.outcomes(reference_code)])


@router.get("/api/v1/syncs/{directory_key}/explain", summary="Explain a user", responses=answers(NOT_FOUND))
async def explain_user(
    directory_key: SyncKey,
    services: Serve,
    _: Reader,
    user: Annotated[
        str,
        Query(
            max_length=512,
            description="A name in Entra, an object id there, or a user id here.",
            openapi_examples={"name": {"value": _NAME}},
        ),
    ],
) -> ExplanationAnswer:
    """Why a user is here as it is, or is not here: whether Entra has it, through which groups, what its fields are made from, and what
    syncing it would come to now. Nothing is written.
    """
    found = await services.explain.of(directory_key, user)
    return ExplanationAnswer(
        user=found.user,
        connected=found.connected,
        problem=found.problem,
        in_entra=found.in_entra,
        enabled=found.enabled,
        groups=[
            ThroughAnswer(
                object_id=group.object_id, group_id=group.group_id, name=group.name, path=list(group.path), nested=len(group.path) != 1
            )
            for group in found.groups
        ],
        values=[ValueAnswer(field=v.field, source=v.source, value=v.value, becomes=v.becomes) for v in found.values],
        decision=OutcomeAnswer.of(found.outcome) if found.outcome is not None else None,
    )
