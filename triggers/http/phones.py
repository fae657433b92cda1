"""Phones of users: those that syncs bring, and those that are added by hand."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from sync_core.directory.phone_edits import MAX_DELAY, MAX_TEXT, PhoneEdit
from sync_core.directory.phones import GENERIC_SMARTPHONE, Phone, PhoneType
from sync_core.errors import Rejected
from triggers.http.fields import Answer, Body
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OUTDATED
from triggers.http.services import Serve
from triggers.http.signatures import Reader, UserManager
from triggers.http.users import UserId
from triggers.http.versions import IfMatch, show_version

router = APIRouter(prefix="/api/v1/users/{user_id}/phones", tags=["users"])

PhoneId = Annotated[str, Path(description="The phone's id.", openapi_examples={"id": {"value": "DP2A3B4C5D6E7F2G3H4I"}})]
MAX_NUMBER = 64
NUMBER = "With + international, without it of the US; x123 behind it is an extension. Empty for a device without one."
_TYPES = '"Mobile", "Landline" or "Unknown".'


class NewPhoneBody(Body):
    number: str = Field(default="", max_length=MAX_NUMBER, description=NUMBER, examples=["+442079460316"])
    extension: str = Field(default="", max_length=16, examples=[""])
    name: str = Field(default="", max_length=MAX_TEXT, examples=["work phone"])
    type: str | None = Field(default=None, description=_TYPES, examples=["Mobile"])
    platform: str = Field(default=GENERIC_SMARTPHONE, max_length=MAX_TEXT, examples=[GENERIC_SMARTPHONE])
    predelay: str = Field(default="", max_length=MAX_DELAY, description="Seconds before the extension is dialled.", examples=["5"])
    postdelay: str = Field(default="", max_length=MAX_DELAY, description="Seconds after it.", examples=["5"])

    def edit(self) -> PhoneEdit:
        return PhoneEdit(
            number=self.number,
            extension=self.extension,
            name=self.name,
            type=_type(self.type),
            platform=self.platform,
            predelay=self.predelay,
            postdelay=self.postdelay,
        )


class PhonePatch(Body):
    """A JSON merge patch (RFC 7396): what is not given stays, null empties."""

    number: str | None = Field(default=None, max_length=MAX_NUMBER, description=NUMBER, examples=["+442079460316"])
    extension: str | None = Field(default=None, max_length=16, examples=["123"])
    name: str | None = Field(default=None, max_length=MAX_TEXT, examples=["work phone"])
    type: str | None = Field(default=None, description=_TYPES, examples=["Landline"])
    platform: str | None = Field(default=None, max_length=MAX_TEXT, examples=[GENERIC_SMARTPHONE])
    predelay: str | None = Field(default=None, max_length=MAX_DELAY, examples=["5"])
    postdelay: str | None = Field(default=None, max_length=MAX_DELAY, examples=["5"])

    def edit(self) -> PhoneEdit:
        given = self.model_fields_set
        if "type" in given and self.type is None:
            raise Rejected(f"a phone has a type: {_TYPES}", field="type")
        texts = ("number", "extension", "name", "platform", "predelay", "postdelay")
        return PhoneEdit(**{name: getattr(self, name) or "" for name in texts if name in given}, type=_type(self.type))


class PhoneAnswer(Answer):
    phone_id: str = Field(examples=["DP2A3B4C5D6E7F2G3H4I"])
    number: str = Field(description="E.164.", examples=["+442079460316"])
    extension: str = Field(examples=[""])
    name: str = Field(examples=[""])
    type: str = Field(description=_TYPES, examples=["Mobile"])
    platform: str = Field(examples=[GENERIC_SMARTPHONE])
    predelay: str = Field(examples=[""])
    postdelay: str = Field(examples=[""])
    activated: bool = Field(examples=[False])
    activated_at: datetime | None
    directory_key: str | None = Field(description="The sync that brought it.", examples=["DK2A3B4C5D6E7F2G3H4I"])
    slot: str | None = Field(description='Of that sync\'s mapping: "primary" or "secondary".', examples=["primary"])

    @classmethod
    def of(cls, phone: Phone) -> "PhoneAnswer":
        return cls(
            phone_id=phone.phone_id,
            number=phone.number,
            extension=phone.extension,
            name=phone.name,
            type=phone.type,
            platform=phone.platform,
            predelay=phone.predelay,
            postdelay=phone.postdelay,
            activated=phone.activated,
            activated_at=phone.activated_at,
            directory_key=phone.sync or None,
            slot=phone.slot or None,
        )


class PhoneList(Answer):
    items: list[PhoneAnswer]


@router.get("", summary="List a user's phones", responses=answers(NOT_FOUND))
async def list_phones(user_id: UserId, response: Response, services: Serve, _: Reader) -> PhoneList:
    """All phones of the user, in the order in which they came. The ETag is the user's: phones change with it."""
    stored = await services.users.get(user_id)
    show_version(response, stored.etag)
    user = await services.directory.presented(stored.user)
    return PhoneList(items=[PhoneAnswer.of(phone) for phone in user.phones])


@router.post("", status_code=201, summary="Add a phone to a user", responses=answers(NOT_FOUND, OUTDATED))
async def add_phone(
    user_id: UserId, new: NewPhoneBody, response: Response, services: Serve, actor: UserManager, if_match: IfMatch
) -> PhoneAnswer:
    """Adds a phone that no sync keeps: to any user, also to one whose sync imports phones."""
    stored, phone = await services.phones.add(user_id, new.edit(), if_match, by=str(actor))
    response.headers["Location"] = f"/api/v1/users/{user_id}/phones/{phone.phone_id}"
    show_version(response, stored.etag)
    return PhoneAnswer.of(phone)


@router.get("/{phone_id}", summary="Read a phone", responses=answers(NOT_FOUND))
async def read_phone(user_id: UserId, phone_id: PhoneId, response: Response, services: Serve, _: Reader) -> PhoneAnswer:
    """One phone of the user. The ETag is the user's."""
    stored = await services.users.get(user_id)
    show_version(response, stored.etag)
    return PhoneAnswer.of(services.phones.of(await services.directory.presented(stored.user), phone_id))


@router.patch("/{phone_id}", summary="Change a phone", responses=answers(NOT_FOUND, OUTDATED))
async def change_phone(
    user_id: UserId, phone_id: PhoneId, patch: PhonePatch, response: Response, services: Serve, actor: UserManager, if_match: IfMatch
) -> PhoneAnswer:
    """Changes a phone by a JSON merge patch. A phone that a sync brings is that sync's while it imports phones (B-076)."""
    stored, _phone = await services.phones.change(user_id, phone_id, patch.edit(), if_match, by=str(actor))
    show_version(response, stored.etag)
    return PhoneAnswer.of(services.phones.of(await services.directory.presented(stored.user), phone_id))


@router.delete("/{phone_id}", status_code=204, summary="Delete a phone", responses=answers(NOT_FOUND, OUTDATED))
async def delete_phone(user_id: UserId, phone_id: PhoneId, services: Serve, actor: UserManager, if_match: IfMatch) -> None:
    """Deletes a phone that no sync keeps, also the last one that is activated."""
    await services.phones.remove(user_id, phone_id, if_match, by=str(actor))


def _type(text: str | None) -> PhoneType | None:
    if text is None:
        return None
    if text not in {kind.value for kind in PhoneType}:
        raise Rejected(f"a phone's type is {_TYPES}", field="type")
    return PhoneType(text)
