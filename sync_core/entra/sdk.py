"""The parts of Microsoft's Graph SDK that are in use, imported together: some of them import others only when called, in the event loop.

Some also warn of their own classes while they are imported, which says nothing about this project.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from msgraph._version import VERSION
    from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
    from msgraph.generated.groups.item.group_item_request_builder import GroupItemRequestBuilder
    from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import GraphUserRequestBuilder
    from msgraph.generated.groups.item.transitive_members.transitive_members_request_builder import TransitiveMembersRequestBuilder
    from msgraph.generated.models.o_data_errors.main_error import MainError
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.organization.organization_request_builder import OrganizationRequestBuilder
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_request_adapter import options as sdk_options
    from msgraph.graph_service_client import GraphServiceClient

GroupQuery = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters
GroupsQuery = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters
MembersQuery = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters
OrganizationQuery = OrganizationRequestBuilder.OrganizationRequestBuilderGetQueryParameters

__all__ = [
    "VERSION", "GraphRequestAdapter", "GraphServiceClient", "GroupQuery", "GroupsQuery", "MainError", "MembersQuery", "ODataError",
    "OrganizationQuery", "TransitiveMembersRequestBuilder", "sdk_options",
]  # fmt: skip
