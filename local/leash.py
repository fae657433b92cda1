"""Becomes the program named on its command line, tied to its parent: the kernel kills it when the parent ends, however that ends.

    python leash.py PARENT_PID PROGRAM ARGUMENT…

PR_SET_PDEATHSIG (prctl(2)) survives the exec. Linux only: elsewhere a supervisor that is killed outright leaves its children running.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() == int(parent):
        os.execvp(command[0], command)  # noqa: S606, the point of it


if __name__ == "__main__":
    main()
