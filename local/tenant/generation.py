"""Makes a tenant of any size, the same one for the same number.

What real tenants hold and tests forget: nested groups and a cycle of them, people in many groups, guests, disabled accounts,
missing mail, names in many scripts, apostrophes and #EXT# in user principal names, two people with one alias, phone numbers
written in every way.
"""

import unicodedata
import uuid
from functools import lru_cache
from random import Random
from typing import Any

from local.tenant import names
from local.tenant.model import Organization, Properties, Tenant

DOMAIN = "contoso.example"
EXTENSION = "extension_0a1b2c3d4e5f60718293a4b5c6d7e8f9_badgeNumber"
_GUESTS = 0.04
_DISABLED = 0.05
_WITHOUT_MAIL = 0.06
_ON_PREMISES = 0.7
_TWINS_EACH = 400  # of so many people, two share a mailNickname and two an extension attribute
_CREATED = "2024-03-05T08:15:30Z"
_PHONES = (
    "+49 30 {:04d} {:04d}", "+1 (206) 555-{:04d}", "206-555-{:04d}", "+81-3-{:04d}-{:04d}", "+44 20 7946 {:04d}", "+12065550{:03d}",
    "+7345559876x{:03d}", "(425) 555-{:04d}", "+55 11 9{:04d}-{:04d}",
)  # fmt: skip


def generate(users: int = 200, seed: int = 1, *, groups: int = 20) -> Tenant:
    """A tenant of so many users and groups; the first 19 groups are always there, what is beyond them are teams."""
    random = Random(seed)
    tenant = Tenant(Organization(id=guid(random), name="Contoso Ltd", domain=DOMAIN))
    people = [_person(number, random) for number in range(users)]
    _share_aliases(people)
    for person in people:
        tenant.add_user(person)
    _groups(tenant, random, [person["id"] for person in people], groups)
    return tenant


def new_user(random: Random, number: int, given: str, surname: str, *, domain: str = DOMAIN) -> Properties:
    """A member of the tenant with everything set that an account usually has; `number` makes its names unique."""
    nickname = f"{ascii_name(given)}.{ascii_name(surname)}{number}"
    upn = f"{nickname}@{domain}"
    place = random.randrange(len(names.PLACES))
    return {
        "id": guid(random),
        "accountEnabled": True,
        "businessPhones": [_phone(random)] if random.random() < 0.8 else [],
        "city": names.PLACES[place],
        "companyName": "Contoso Ltd",
        "country": names.COUNTRIES[place],
        "createdDateTime": _CREATED,
        "department": random.choice(names.DEPARTMENTS),
        "displayName": f"{given} {surname}",
        "employeeId": f"E{100_000 + number}",
        "givenName": given,
        "jobTitle": random.choice(names.TITLES),
        "mail": upn.lower(),
        "mailNickname": nickname,
        "mobilePhone": _phone(random) if random.random() < 0.4 else None,
        "officeLocation": f"{names.PLACES[place][:3].upper()}/{random.randrange(40):02d}.{random.randrange(400):03d}",
        "otherMails": [],
        "preferredLanguage": random.choice(names.LANGUAGES),
        "proxyAddresses": [f"SMTP:{upn}", f"smtp:{nickname}@{domain.split('.', maxsplit=1)[0]}.onmicrosoft.example"],
        "surname": surname,
        "usageLocation": names.COUNTRIES[place],
        "userPrincipalName": upn,
        "userType": "Member",
        EXTENSION: f"{random.randrange(10**8):08d}",
    }


def _person(number: int, random: Random) -> Properties:
    given, surname = random.choice(names.GIVEN), random.choice(names.SURNAMES)
    user = new_user(random, number, given, surname)
    draw = random.random()
    if draw < _GUESTS:
        _make_guest(user, number)
    elif draw < _GUESTS + _WITHOUT_MAIL:
        user["mail"] = None
        user["proxyAddresses"] = []
    if random.random() < _DISABLED:
        user["accountEnabled"] = False
    if user["userType"] == "Member" and random.random() < _ON_PREMISES:
        _add_on_premises(user, number, random)
    return {name: value for name, value in user.items() if value is not None}


def _make_guest(user: Properties, number: int) -> None:
    mail = f"{user['mailNickname']}@partner{number % 7}.example".lower()
    user["mail"] = mail
    user["otherMails"] = [mail]
    user["userType"] = "Guest"
    user["mailNickname"] = f"{mail.replace('@', '_')}#EXT#"
    user["userPrincipalName"] = f"{mail.replace('@', '_')}#EXT#@{DOMAIN}"
    user["employeeId"] = None
    user["proxyAddresses"] = [f"SMTP:{mail}"]
    user["externalUserState"] = "Accepted"


def _add_on_premises(user: Properties, number: int, random: Random) -> None:
    account = f"{ascii_name(user['givenName'])[:1]}{ascii_name(user['surname'])}"[:12].lower() + str(number)
    attributes: dict[str, Any] = {f"extensionAttribute{index}": None for index in range(1, 16)}
    attributes["extensionAttribute1"] = f"A-{number:06d}"
    attributes["extensionAttribute2"] = random.choice(names.PLACES)
    user["onPremisesSamAccountName"] = account
    user["onPremisesDistinguishedName"] = f"CN={user['displayName']},OU={user['department']},DC=contoso,DC=example"
    user["onPremisesDomainName"] = "corp.contoso.example"
    user["onPremisesImmutableId"] = f"{number:022d}=="
    user["onPremisesSyncEnabled"] = True
    user["onPremisesUserPrincipalName"] = user["userPrincipalName"]
    user["onPremisesExtensionAttributes"] = attributes


def _share_aliases(people: list[Properties]) -> None:
    """Gives neighbours one mailNickname, others one extension attribute: both are refused by a sync that maps them (B-013)."""
    members = [person for person in people if person["userType"] == "Member"]
    synced = [person for person in members if "onPremisesExtensionAttributes" in person]
    for index in range(0, len(members) - 1, _TWINS_EACH):
        members[index + 1]["mailNickname"] = members[index]["mailNickname"].upper()
    for index in range(2, len(synced) - 1, _TWINS_EACH):
        shared = synced[index]["onPremisesExtensionAttributes"]["extensionAttribute1"]
        synced[index + 1]["onPremisesExtensionAttributes"]["extensionAttribute1"] = shared


def _groups(tenant: Tenant, random: Random, people: list[str], count: int) -> None:
    departments = [_group(tenant, random, name) for name in names.DEPARTMENTS]
    places = [_group(tenant, random, f"Office {name}") for name in names.PLACES]
    projects = [_group(tenant, random, f"Project {name}") for name in names.PROJECTS]
    everybody = _group(tenant, random, "All Staff")
    region = _group(tenant, random, "Region EMEA")
    cycle = [_group(tenant, random, f"Partners {letter}") for letter in "AB"]
    empty = _group(tenant, random, "Empty")
    several = [_group(tenant, random, f"Team {number:03d}") for number in range(count - len(tenant.groups))]
    _fill(tenant, random, people, departments, 1)
    _fill(tenant, random, people, places, 1)
    _fill(tenant, random, people, [*projects, *cycle], 1)
    _fill(tenant, random, people[: len(several) * max(10, len(people) // 20)], several, 1)
    tenant.join(everybody, departments)
    tenant.join(region, [places[0], places[3]])
    tenant.join(projects[0], [departments[0], empty])
    tenant.join(cycle[0], [cycle[1]])
    tenant.join(cycle[1], [cycle[0]])
    for person in people[:: max(1, len(people) // 5)][:5]:  # a few people who are in nearly everything
        for group in [*departments, *places, *projects, *cycle, *several]:
            tenant.join(group, [person])


def _fill(tenant: Tenant, random: Random, people: list[str], groups: list[str], each: int) -> None:
    if not groups:
        return
    chosen: dict[str, list[str]] = {group: [] for group in groups}
    for person in people:
        for group in random.sample(groups, each):
            chosen[group].append(person)
    for group, members in chosen.items():
        tenant.join(group, members)


def _group(tenant: Tenant, random: Random, name: str) -> str:
    group_id = guid(random)
    tenant.add_group(new_group(group_id, name))
    return group_id


def new_group(group_id: str, name: str) -> Properties:
    return {
        "id": group_id,
        "createdDateTime": _CREATED,
        "description": f"Everybody of {name}",
        "displayName": name,
        "groupTypes": [],
        "mailEnabled": False,
        "mailNickname": ascii_name(name) or "group",
        "proxyAddresses": [],
        "securityEnabled": True,
        "visibility": None,
    }


def _phone(random: Random) -> str:
    return random.choice(_PHONES).format(random.randrange(100, 999), random.randrange(1000, 9999))


@lru_cache(maxsize=1024)
def ascii_name(text: str) -> str:
    """What an administrator makes of a name for an address: no diacritics, apostrophes kept, other scripts as their code points."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(character for character in plain if character.isascii() and (character.isalnum() or character in "'-"))
    return kept or f"u{ord(text[0]):x}" if text else ""


def guid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
