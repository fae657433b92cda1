"""Stand-ins for the messages of FunctionRpc.proto.

azure-functions-runtime takes its protobuf module from the caller, builds the messages by keyword and reads their attributes, so plain
objects do and neither grpcio nor protobuf is needed. The module as a whole is what the library is given; names and values are the
proto's.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar


class TypedData:
    """A value of one kind: `string`, `bytes`, `json`, `http`, `int` or `double`; of none when empty."""

    def __init__(self, **value: Any) -> None:
        self.kind, self.value = next(iter(value.items()), (None, None))

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802, protobuf's name
        return self.kind

    def __getattr__(self, name: str) -> Any:
        if name == self.__dict__.get("kind"):
            return self.value
        raise AttributeError(name)


@dataclass
class ParameterBinding:
    name: str
    data: TypedData

    def WhichOneof(self, _group: str) -> str:  # noqa: N802, protobuf's name
        return "data"


@dataclass
class RpcException:
    message: str = ""
    stack_trace: str = ""


@dataclass
class StatusResult:
    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


class BindingInfo(SimpleNamespace):
    undefined = 0
    out = 1
    inout = 2


@dataclass
class RpcHttp:
    """A request (method, url, params, query) or an answer (status_code, cookies)."""

    headers: dict[str, str]
    body: TypedData
    method: str = ""
    url: str = ""
    params: dict[str, str] = field(default_factory=dict[str, str])
    query: dict[str, str] = field(default_factory=dict[str, str])
    status_code: str = ""
    cookies: "list[RpcHttpCookie] | None" = None
    enable_content_negotiation: bool = False


@dataclass
class NullableString:
    value: str


@dataclass
class NullableBool:
    value: bool


@dataclass
class NullableDouble:
    value: float


@dataclass
class Timestamp:
    seconds: int


@dataclass
class NullableTimestamp:
    value: Timestamp


class _SameSite:
    Lax, Strict, ExplicitNone = 1, 2, 3


setattr(_SameSite, "None", 0)


@dataclass
class RpcHttpCookie:
    SameSite: ClassVar[type[_SameSite]] = _SameSite

    name: str
    value: str
    domain: NullableString | None
    path: NullableString | None
    expires: NullableTimestamp | None
    secure: NullableBool | None
    http_only: NullableBool | None
    same_site: int
    max_age: NullableDouble | None


class RpcRetryOptions(SimpleNamespace):
    pass


class WorkerMetadata(SimpleNamespace):
    pass


class RpcFunctionMetadata(SimpleNamespace):
    name: str
    function_id: str
    raw_bindings: list[str]
    retry_options: RpcRetryOptions | None


class WorkerInitResponse(SimpleNamespace):
    result: StatusResult


class FunctionMetadataResponse(SimpleNamespace):
    function_metadata_results: list[RpcFunctionMetadata] | None


class FunctionLoadResponse(SimpleNamespace):
    result: StatusResult


class FunctionEnvironmentReloadResponse(SimpleNamespace):
    result: StatusResult


@dataclass
class InvocationResponse:
    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = field(default_factory=list[ParameterBinding])
