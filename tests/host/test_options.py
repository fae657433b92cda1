"""host.json and the app settings: the real host's defaults and limits."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from local.host.options import HostOptions, load_options
from local.host.settings import connection_string, load_local_settings, resolve

ROOT = Path(__file__).resolve().parents[2]


def _options(**host: Any) -> HostOptions:
    return HostOptions.model_validate({"version": "2.0", **host})


def test_an_empty_host_json_has_the_hosts_defaults():
    options = _options()

    assert options.function_timeout == timedelta(minutes=30)
    assert options.extensions.http.route_prefix == "api"
    queues = options.extensions.queues
    assert (queues.batch_size, queues.max_dequeue_count, queues.visibility_timeout) == (16, 5, timedelta(0))
    assert (queues.max_polling_interval, queues.message_encoding) == (timedelta(minutes=1), "base64")


def test_the_default_threshold_is_half_a_batch_for_each_processor():
    options = _options(extensions={"queues": {"batchSize": 8}})

    assert options.extensions.queues.new_batch_threshold == 4 * (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("batchSize", 0), ("batchSize", 33), ("maxDequeueCount", 0), ("maxPollingInterval", "00:00:00.05"), ("messageEncoding", "rot13")],
)
def test_a_queue_setting_outside_its_limits_is_refused_by_name(setting: str, value: object):
    with pytest.raises(ValidationError, match=setting):
        _options(extensions={"queues": {setting: value}})


def test_minus_one_is_no_time_limit():
    assert _options(functionTimeout="-1").function_timeout is None


def test_a_time_limit_under_a_second_is_refused():
    with pytest.raises(ValidationError, match="functionTimeout"):
        _options(functionTimeout="00:00:00.5")


def test_the_products_host_json_is_one_that_the_host_takes():
    options = load_options(ROOT)

    assert options.extensions.http.route_prefix == ""
    queues = options.extensions.queues
    assert (queues.batch_size, queues.new_batch_threshold, queues.max_dequeue_count) == (8, 4, 5)
    assert (queues.visibility_timeout, queues.max_polling_interval) == (timedelta(seconds=5), timedelta(seconds=2))
    assert options.function_timeout == timedelta(minutes=10)


def test_the_environment_is_above_local_settings(tmp_path: Path):
    (tmp_path / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": {"A": "file", "B": "file", "C": True}}))
    environment = {"A": "environment"}

    load_local_settings(tmp_path, environment)

    assert environment == {"A": "environment", "B": "file", "C": "true"}


def test_an_app_setting_between_percent_signs_is_replaced():
    assert resolve("a-%NAME%-%OTHER%", {"NAME": "x", "OTHER": "y"}) == "a-x-y"


@pytest.mark.parametrize(
    ("name", "environment"),
    [("AzureWebJobsStorage", {"AzureWebJobsStorage": "found"}), ("", {"AzureWebJobsStorage": "found"}), ("Mine", {"Mine": "found"})],
)
def test_a_connection_is_found_with_and_without_the_prefix(name: str, environment: dict[str, str]):
    assert connection_string(name, environment) == "found"
