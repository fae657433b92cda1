"""What `--check` says of an app: its functions, and which of them the host refuses and why."""

from pathlib import Path
from typing import Any

import pytest

from tests.host.host_process import HostDidNotStart, HostProcess, check, write_app

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}

MIXED = """
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

def http(name, route, methods):
    @app.function_name(name)
    @app.route(route=route, methods=methods)
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("ok")

def queue(name, queue_name, connection="AzureWebJobsStorage"):
    @app.function_name(name)
    @app.queue_trigger(arg_name="m", queue_name=queue_name, connection=connection)
    def take(m: func.QueueMessage) -> None: ...

def timer(name, schedule):
    @app.function_name(name)
    @app.timer_trigger(arg_name="t", schedule=schedule)
    def tick(t: func.TimerRequest) -> None: ...

http("zoo", "animals", ["GET"])
http("AddAnimal", "animals", ["POST"])
http("adminish", "administrators", ["GET"])
http("inner", "x/admin/y", ["GET"])
http("run", "/Runtime/status", ["GET"])
http("zoo2", "ANIMALS", ["GET", "PUT"])
http("torn", "a/{b", ["GET"])
queue("jobs", "Jobs")
queue("stray", "jobs", "Nowhere")
queue("secretless", "jobs", "Managed")
queue("shout", "no_underscores")
queue("unset", "%MISSING%")
timer("nightly", "%NIGHTLY%")
timer("often", "00:00:05")
timer("sloppy", "every 5 minutes")

@app.function_name("sender")
@app.timer_trigger(arg_name="t", schedule="0 0 * * * *")
@app.queue_output(arg_name="out", queue_name="jobs", connection="AzureWebJobsStorage")
def sender(t: func.TimerRequest, out: func.Out[str]) -> None: ...

@app.function_name("watch")
@app.blob_trigger(arg_name="b", path="box", connection="AzureWebJobsStorage")
def watch(b: func.InputStream) -> None: ...
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = write_app(tmp_path_factory.mktemp("mixed"), MIXED)
    code, found = check(folder, {**STORAGE, "NIGHTLY": "0 0 3 * * *", "Managed__queueServiceUri": "https://one.example"})
    assert code == 1
    return found


def _reason(found: dict[str, Any], function: str) -> str:
    return next(refusal["reason"] for refusal in found["refused"] if refusal["function"] == function)


def test_the_functions_are_listed_by_name_whatever_the_case_without_those_in_error(mixed: dict[str, Any]):
    assert [function["name"] for function in mixed["functions"]] == ["AddAnimal", "inner", "jobs", "nightly", "often", "zoo"]


def test_each_function_is_described_by_its_trigger(mixed: dict[str, Any]):
    described = {function["name"]: function for function in mixed["functions"]}

    assert described["zoo"] == {"name": "zoo", "trigger": "httpTrigger", "route": "animals", "methods": ["GET"]}
    assert described["jobs"]["queue"] == "jobs"  # in lower case, as the host asks for it
    assert described["nightly"]["schedule"] == "0 0 3 * * *"  # the app setting's value


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("adminish", "conflicts with one or more built in routes"),
        ("run", "conflicts with one or more built in routes"),
        ("zoo2", "conflicts with the route defined by function 'zoo'"),
        ("torn", "unmatched {"),
        ("stray", "no app setting Nowhere"),
        ("secretless", "needs a connection string"),
        ("shout", "not a valid queue name"),
        ("unset", "no app setting MISSING"),
        ("sloppy", "'every 5 minutes' is not a valid NCRONTAB expression"),
        ("sender", "output binding 'queue'"),
        ("watch", "trigger 'blobTrigger'"),
    ],
)
def test_a_function_that_breaks_a_rule_of_the_host_is_refused_with_the_reason(mixed: dict[str, Any], function: str, reason: str):
    assert reason in _reason(mixed, function)


def test_an_app_without_fault_passes(tmp_path: Path):
    source = """
app = func.FunctionApp()
@app.timer_trigger(arg_name="t", schedule="0 0 3 * * *")
def nightly(t: func.TimerRequest) -> None: ...
"""
    code, found = check(write_app(tmp_path, source), {})

    assert code == 0
    assert found["refused"] == []


TWICE = """
app = func.FunctionApp()
@app.timer_trigger(arg_name="t", schedule="0 0 3 * * *")
def nightly(t: func.TimerRequest) -> None: ...
@app.function_name("nightly")
@app.timer_trigger(arg_name="t", schedule="0 0 4 * * *")
def other(t: func.TimerRequest) -> None: ...
"""
UNBOUND = """
app = func.FunctionApp()
@app.timer_trigger(arg_name="t", schedule="0 0 3 * * *")
def nightly(t: func.TimerRequest, spare: int) -> None: ...
"""


@pytest.mark.parametrize(
    ("source", "function", "reason"),
    [
        (TWICE, "nightly", "does not have a unique function name"),
        ("import nowhere_to_be_found", "", "No module named 'nowhere_to_be_found'"),
    ],
    ids=["a name used twice", "an import that fails"],
)
def test_what_the_worker_itself_refuses_fails_the_whole_app(tmp_path: Path, source: str, function: str, reason: str):
    code, found = check(write_app(tmp_path, source), {})

    assert code == 1
    assert found["functions"] == []
    assert [refusal["function"] for refusal in found["refused"]] == [function]
    assert reason in found["refused"][0]["reason"]


def test_a_host_whose_app_cannot_be_indexed_does_not_start(tmp_path: Path):
    with (
        pytest.raises(HostDidNotStart, match="does not have a unique function name") as failure,
        HostProcess(write_app(tmp_path, TWICE), {}),
    ):
        pass

    assert failure.value.code == 1
