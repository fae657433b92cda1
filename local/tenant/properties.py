"""The properties of users and groups that this Graph knows, and `$select`.

Source: learn.microsoft.com, resource types "user" and "group"; directory extensions are named extension_<32 hex digits>_<name>.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from local.tenant.errors import GraphError

_EXTENSION = re.compile(r"extension_[0-9a-fA-F]{32}_\w+")
_LISTS = frozenset({"businessPhones", "otherMails", "proxyAddresses", "groupTypes", "imAddresses"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource type: its name, what a read without `$select` returns, and what else may be selected."""

    name: str
    default: tuple[str, ...]
    known: frozenset[str]


USER = Kind(
    "user",
    (
        "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname",
        "userPrincipalName", "id",
    ),
    frozenset({
        "accountEnabled", "ageGroup", "assignedLicenses", "assignedPlans", "authorizationInfo", "city", "companyName",
        "consentProvidedForMinor", "country", "createdDateTime", "creationType", "customSecurityAttributes", "deletedDateTime",
        "department", "employeeHireDate", "employeeId", "employeeLeaveDateTime", "employeeOrgData", "employeeType", "externalUserState",
        "externalUserStateChangeDateTime", "faxNumber", "identities", "imAddresses", "isManagementRestricted", "isResourceAccount",
        "lastPasswordChangeDateTime", "legalAgeGroupClassification", "licenseAssignmentStates", "mailNickname",
        "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesExtensionAttributes", "onPremisesImmutableId",
        "onPremisesLastSyncDateTime", "onPremisesProvisioningErrors", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled", "onPremisesUserPrincipalName", "otherMails", "passwordPolicies", "passwordProfile", "postalCode",
        "preferredDataLocation", "provisionedPlans", "proxyAddresses", "refreshTokensValidFromDateTime", "securityIdentifier",
        "serviceProvisioningErrors", "showInAddressList", "signInActivity", "signInSessionsValidFromDateTime", "state", "streetAddress",
        "usageLocation", "userType",
    }),
)  # fmt: skip

GROUP = Kind(
    "group",
    (
        "id", "createdDateTime", "description", "displayName", "groupTypes", "mail", "mailEnabled", "mailNickname",
        "onPremisesSyncEnabled", "proxyAddresses", "securityEnabled", "visibility",
    ),
    frozenset({"classification", "deletedDateTime", "isAssignableToRole", "membershipRule", "renewedDateTime", "securityIdentifier"}),
)  # fmt: skip


def known(kind: Kind, name: str) -> bool:
    return name in kind.known or name in kind.default or _EXTENSION.fullmatch(name) is not None


def selected(kind: Kind, select: str) -> tuple[str, ...]:
    """The names in a `$select`, in its order; the default set for none. Raises GraphError for a name that is no property."""
    wanted = tuple(dict.fromkeys(name.strip() for name in select.split(",") if name.strip()))
    for name in wanted:
        if not known(kind, name):
            where = f"on type 'microsoft.graph.{kind.name}'"
            raise GraphError(
                400, "BadRequest", f"Parsing OData Select and Expand failed: Could not find a property named '{name}' {where}."
            )
    return wanted or kind.default


def row(resource: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A resource as the wire shows it: all selected properties and no other; null, or an empty list, where it has none.

    A directory extension without a value is left out, as Graph leaves it out.
    """
    shown: dict[str, Any] = {}
    for name in names:
        if (value := resource.get(name)) is not None:
            shown[name] = value
        elif name in _LISTS:
            shown[name] = []
        elif not name.startswith("extension_"):
            shown[name] = None
    return shown


def nothing(resource: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A row as Graph shows it to an application without permission for its type: the id, all else null."""
    return {name: resource["id"] if name == "id" else None for name in names}


encode = msgspec.json.Encoder().encode
