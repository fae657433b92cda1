"""Which attribute of the source becomes which field here, and which attributes may (B-040..B-051, B-060..B-071)."""

import re
from collections.abc import Callable

import msgspec

from sync_core.directory.names import normalize
from sync_core.directory.phones import Slot
from sync_core.errors import Rejected

USER_PRINCIPAL_NAME = "userPrincipalName"
PRIMARY_PHONE, SECONDARY_PHONE = "businessPhones", "mobilePhone"
"""Where phones come from unless somebody says otherwise, once they are imported (B-071)."""
MAX_ALIASES = 8
POSITIONS = tuple(str(number) for number in range(1, MAX_ALIASES + 1))
ALIASES = {f"alias{position}": position for position in POSITIONS}
"""Positions by the names that columns of a CSV file and parameters of the Admin API have."""
"""Of aliases: "1" to "8" (B-045)."""

TEXT_ATTRIBUTES = frozenset(
    {
        "ageGroup", "city", "companyName", "country", "department", "displayName", "employeeId", "employeeType", "faxNumber",
        "givenName", "id", "jobTitle", "mail", "mailNickname", "mobilePhone", "officeLocation", "onPremisesDistinguishedName",
        "onPremisesDomainName", "onPremisesImmutableId", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
        "onPremisesUserPrincipalName", "postalCode", "preferredLanguage", "state", "streetAddress", "surname", "usageLocation",
        USER_PRINCIPAL_NAME, "userType",
    }
)  # fmt: skip
LIST_ATTRIBUTES = frozenset({"businessPhones", "otherMails", "proxyAddresses", "imAddresses"})
NOT_A_USERNAME = frozenset({"onPremisesSamAccountName", "onPremisesDistinguishedName"})
"""Refused as the source of usernames, allowed for aliases (B-044)."""
PORTAL_NAMES = {
    "user principal name": USER_PRINCIPAL_NAME, "display name": "displayName", "first name": "givenName", "last name": "surname",
    "email": "mail", "other emails": "otherMails", "alternate email": "otherMails", "proxy addresses": "proxyAddresses",
    "office phone": "businessPhones", "business phone": "businessPhones", "mobile phone": "mobilePhone", "fax number": "faxNumber",
    "im addresses": "imAddresses", "mail nickname": "mailNickname", "object id": "id", "user type": "userType", "age group": "ageGroup",
    "job title": "jobTitle", "company name": "companyName", "employee id": "employeeId", "employee type": "employeeType",
    "office location": "officeLocation", "street address": "streetAddress", "state or province": "state",
    "zip or postal code": "postalCode", "country or region": "country", "usage location": "usageLocation",
    "preferred language": "preferredLanguage", "on-premises sam account name": "onPremisesSamAccountName",
    "on-premises distinguished name": "onPremisesDistinguishedName", "on-premises domain name": "onPremisesDomainName",
    "on-premises immutable id": "onPremisesImmutableId", "on-premises security identifier": "onPremisesSecurityIdentifier",
    "on-premises user principal name": "onPremisesUserPrincipalName",
}  # fmt: skip
"""What the Entra portal calls attributes where Microsoft Graph has another name (B-041)."""
_EXTENSION = re.compile(
    r"onPremisesExtensionAttributes\.extensionAttribute([1-9]|1[0-5])|extension_[0-9a-f]{32}_[A-Za-z][A-Za-z0-9_]{0,119}"
)


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """Source attribute by target. "" means: not imported."""

    username: str = USER_PRINCIPAL_NAME
    realname: str = "displayName"
    email: str = "mail"
    notes: str = ""
    aliases: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """By position, "1" to "8" (B-045)."""
    normalize: bool = False
    primary_phone: str = ""
    """"" for both: phones are not imported (B-070)."""
    secondary_phone: str = ""

    @property
    def phones(self) -> tuple[tuple[Slot, str], ...]:
        """Slot and source attribute of the phones that are imported."""
        slots = ((Slot.PRIMARY, self.primary_phone), (Slot.SECONDARY, self.secondary_phone))
        return tuple((slot, source) for slot, source in slots if source)

    @property
    def sources(self) -> tuple[str, ...]:
        """The attributes to read, each once, in a fixed order: the order of `SourceUser.values`."""
        wanted = (self.username, self.realname, self.email, self.notes, *(self.aliases[p] for p in sorted(self.aliases)))
        wanted = (*wanted, self.primary_phone, self.secondary_phone)
        return tuple(dict.fromkeys(source for source in wanted if source))


class Mapped(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fields that a sync writes, as the mapping gives them for one source user."""

    username: str
    realname: str
    email: str
    notes: str | None
    """None where notes are not imported: then those here stay (B-051)."""
    aliases: dict[str, str]
    """By position, every mapped position present: "" where the source has no value."""
    phones: tuple[tuple[Slot, str], ...] = ()
    """What the source says of each slot that is imported, as it says it: "" where it has no value."""


def graph_named(mapping: Mapping) -> Mapping:
    """The mapping with Microsoft Graph's names for those that the portal shows, in any case (B-041)."""

    def named(source: str) -> str:
        return PORTAL_NAMES.get(source.strip().casefold(), source)

    return msgspec.structs.replace(
        mapping,
        **{
            field: named(getattr(mapping, field))
            for field in ("username", "realname", "email", "notes", "primary_phone", "secondary_phone")
        },
        aliases={position: named(source) for position, source in mapping.aliases.items()},
    )


type Mapper = Callable[[tuple[str, ...]], Mapped]
"""Takes `SourceUser.values`, which are in the order of `Mapping.sources`."""


def mapper(mapping: Mapping) -> Mapper:
    """The mapping, ready for many users: it runs for every user of every sync."""
    place = {source: n for n, source in enumerate(mapping.sources)}
    username, realname, email = place[mapping.username], place[mapping.realname], place[mapping.email]
    notes = place[mapping.notes] if mapping.notes else None
    aliases = [(position, place[source]) for position, source in mapping.aliases.items()]
    phones = [(slot, place[source]) for slot, source in mapping.phones]
    normalizes = mapping.normalize

    def apply(values: tuple[str, ...]) -> Mapped:
        if len(values) != len(place):
            raise ValueError(f"{len(values)} values for {len(place)} attributes")
        name = values[username].strip()
        return Mapped(
            normalize(name) if normalizes else name,
            values[realname],
            values[email],
            None if notes is None else values[notes],
            {position: values[n].strip() for position, n in aliases},
            tuple([(slot, values[n].strip()) for slot, n in phones]) if phones else (),
        )

    return apply


def apply_mapping(mapping: Mapping, values: tuple[str, ...]) -> Mapped:
    """`values` in the order of `mapping.sources`."""
    return mapper(mapping)(values)


def check(mapping: Mapping) -> None:
    """Raises Rejected, naming the field, for a mapping that cannot be (B-042..B-049, B-065)."""
    _check_username(mapping.username)
    for field, source in (("realname", mapping.realname), ("email", mapping.email)):
        if not source:
            raise Rejected(f"{field} needs a source attribute", field=field)
        _check_source(source, field)
    if mapping.notes:
        _check_source(mapping.notes, "notes")
    for position, source in mapping.aliases.items():
        check_position(position)
        _check_source(source, f"aliases.{position}")
    if mapping.secondary_phone and not mapping.primary_phone:
        raise Rejected("a secondary phone needs a primary one", field="phones.primary")
    for slot, source in mapping.phones:
        _check_source(source, f"phones.{slot}")
    if mapping.normalize and mapping.username != USER_PRINCIPAL_NAME:
        raise Rejected(f"usernames are normalized only when their source is {USER_PRINCIPAL_NAME}", field="normalize")


def check_position(position: str) -> None:
    """Raises Rejected for what is no position of an alias."""
    if position not in POSITIONS:
        raise Rejected(f'alias positions are "1" to "{MAX_ALIASES}", not {position[:64]!r}', field="aliases")


def _check_username(source: str) -> None:
    if source in NOT_A_USERNAME:
        raise Rejected(f"{source} cannot be the source of usernames; it may be an alias", field="username")
    if source in LIST_ATTRIBUTES:
        raise Rejected(f"{source} has several values and cannot be the source of usernames", field="username")
    _check_source(source, "username")


def _check_source(source: str, field: str) -> None:
    if source not in TEXT_ATTRIBUTES and source not in LIST_ATTRIBUTES and not _EXTENSION.fullmatch(source):
        raise Rejected(f"{source!r} is not an attribute of Microsoft Graph users that can be imported as text", field=field)
