"""The methods of the official client: which of them ask for something, and which of them are refused, and how (admin-api.md §5)."""

import inspect
from typing import Any

from tests.admin_api.caller import official

CLIENTS_OWN = frozenset(
    {
        "api_call",
        "json_api_call",
        "json_cursor_api_call",
        "json_paging_api_call",
        "normalize_paging_args",
        "parse_json_response",
        "parse_json_response_and_metadata",
        "set_proxy",
    }
)
"""They ask for no endpoint of their own."""

NOT_FOUND, FORBIDDEN = (404, 40401), (403, 40301)
NOT_SERVED = {
    **dict.fromkeys(
        [
            "activate_desktoptoken",
            "calculate_policy",
            "cancel_idv",
            "copy_policy_v2",
            "create_integration",
            "create_policy_v2",
            "delete_desktoptoken",
            "delete_integration",
            "delete_logo",
            "delete_policy_v2",
            "delete_registered_device",
            "delete_token",
            "delete_u2ftoken",
            "delete_user_token",
            "delete_webauthncredential",
            "get_allowed_admin_auth_methods",
            "get_authentication_attempts",
            "get_authentication_log",
            "get_desktoptoken_by_id",
            "get_endpoint",
            "get_endpoints",
            "get_endpoints_iterator",
            "get_external_password_mgmt_status_for_admin",
            "get_external_password_mgmt_statuses",
            "get_idv_status",
            "get_info_telephony_credits_used",
            "get_integration",
            "get_integrations",
            "get_integrations_generator",
            "get_logo",
            "get_offline_log",
            "get_passport_config",
            "get_policies_v2",
            "get_policies_v2_iterator",
            "get_policy_summary_v2",
            "get_policy_v2",
            "get_registered_device_by_id",
            "get_registered_devices",
            "get_registered_devices_generator",
            "get_secret_key",
            "get_telephony_log",
            "get_token_by_id",
            "get_trust_monitor_events_by_offset",
            "get_trust_monitor_events_iterator",
            "get_u2ftoken_by_id",
            "get_user_authentication_attempts",
            "get_verification_push_response",
            "get_webauthncredential_by_id",
            "resync_hotp_token",
            "send_verification_push",
            "set_allowed_admin_auth_methods",
            "start_idv",
            "update_admin_password_mgmt_status",
            "update_desktoptoken",
            "update_integration",
            "update_logo",
            "update_passport_config",
            "update_policies_v2",
            "update_policy_v2",
            "update_token",
        ],
        NOT_FOUND,
    ),
    **dict.fromkeys(
        [
            "add_desktoptoken",
            "add_hotp6_token",
            "add_hotp8_token",
            "add_totp6_token",
            "add_totp8_token",
            "add_user_token",
            "add_yubikey_token",
            "create_activation_url",
            "send_sms_activation_to_phone",
            "send_sms_installation",
        ],
        FORBIDDEN,
    ),
}
SAMPLES: dict[str, Any] = {
    "user_id": "DU2A3B4C5D6E7F2G3H4I",
    "phone_id": "DP2A3B4C5D6E7F2G3H4I",
    "admin_id": "DE2A3B4C5D6E7F2G3H4I",
    "integration_key": "DI2A3B4C5D6E7F2G3H4I",
    "enabled_groups": [],
    "new_policy_names_list": ["one"],
    "json_request": {"policy_name": "one"},
    "sections": {},
    "sections_to_delete": [],
    "edit_list": ["one"],
    "logo": b"png",
    "mintime": 1,
    "maxtime": 2,
}
NAMED: dict[str, dict[str, Any]] = {"update_integration": {"name": "one"}}
"""What a method wants although its signature does not say so."""


SETTINGS_CHANGED = frozenset({"pending_deletion_days"})
SETTINGS_FIXED = {"inactive_user_expiration": 0, "log_retention_days": 400, "timezone": "UTC", "user_telephony_cost_max": 0}
"""Parameters of `update_settings` of which any other value is refused by name."""
SETTINGS_IGNORED = frozenset(
    {
        "push_enabled",
        "sms_enabled",
        "voice_enabled",
        "mobile_otp_enabled",
        "u2f_enabled",
        "reactivation_url",
        "reactivation_integration_key",
    }
)
"""The client itself sends them no more. All others are refused by name: this directory has no such setting."""


def settings() -> set[str]:
    """What `update_settings` takes."""
    return {*inspect.signature(official.Admin.update_settings).parameters} - {"self"}


def methods() -> set[str]:
    return {name for name, _ in inspect.getmembers(official.Admin, inspect.isfunction) if not name.startswith("_")} - CLIENTS_OWN


def arguments(method: str) -> list[Any]:
    """Something for each argument that the method needs."""
    parameters = list(inspect.signature(getattr(official.Admin, method)).parameters.values())[1:]
    needed = [one for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    return [SAMPLES.get(one.name, "one") for one in needed]
