"""local/foreground.py: a command in a terminal ends as it should."""

import signal
import subprocess
import sys

import pytest

from tests.setup.scratch import ROOT

COMMAND = """
import asyncio, sys
from local.foreground import CommandFailed, foreground

async def command():
    {body}

sys.exit(foreground(command()))
"""
UNTIL_STOPPED = """
    try:
        print("up", flush=True)
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("tidied up", flush=True)
"""


def start(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(body=body.strip())], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_stop_tidies_up_and_exits_0(number: signal.Signals) -> None:
    with start(UNTIL_STOPPED) as command:
        assert command.stdout
        assert command.stdout.readline() == "up\n"
        command.send_signal(number)
        output, errors = command.communicate()
    assert (command.returncode, output, errors) == (0, "tidied up\n", "")


def test_a_command_that_fails_says_why_in_a_sentence_and_exits_1() -> None:
    with start("raise CommandFailed('USERS is no number')") as command:
        output, errors = command.communicate()
    assert (command.returncode, output, errors) == (1, "", "USERS is no number\n")
