"""The function host, but that a message in the hands of a killed one is seen again after seconds instead of ten minutes."""

import runpy
from datetime import timedelta

from local.host import messages, queues

messages.RECEIPT = queues.RECEIPT = timedelta(seconds=5)
runpy.run_module("local.host", run_name="__main__", alter_sys=True)
