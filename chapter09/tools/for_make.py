"""Runs a Python program for make, whose own line does not follow when a verdict or Ctrl-C was the program's last word.

    python -IS chapter09/tools/for_make.py PROGRAM [WORD …]

make ends with "*** [Makefile:…] Error 1" whatever the reason, as if what has said "worse" (status 1) or was stopped
by Ctrl-C (130) had broken down. It adds nothing when a signal ends it: SIGQUIT, at which it exits with status 1, or
SIGINT, which ends it as Ctrl-C does (fatal_error_signal in GNU make's commands.c). Every other status is make's.
"""

import os
import signal
import sys

SIGNALS = {1: signal.SIGQUIT, 130: signal.SIGINT}


def main(words):
    make = os.getppid()
    # What is ignored here, as in the background of a script, make ignores as well.
    signals = {status: number for status, number in SIGNALS.items() if signal.getsignal(number) != signal.SIG_IGN}
    if signal.SIGINT in signals.values():
        signal.signal(signal.SIGINT, lambda *_: None)  # a terminal sends it to the program as well
    program = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, *words])
    signal.signal(signal.SIGTERM, lambda number, _: os.kill(program, number))
    _, ended = os.waitpid(program, 0)
    killed = os.WTERMSIG(ended)
    if killed not in (0, signal.SIGINT):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), killed)
    status = 130 if killed else os.WEXITSTATUS(ended)
    if status in signals and os.getppid() == make:  # which may have been killed: another has this process then
        os.kill(make, signals[status])
        status = 0
    sys.exit(status)


if __name__ == '__main__':
    main(sys.argv[1:])
