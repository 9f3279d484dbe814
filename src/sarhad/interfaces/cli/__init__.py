"""The command line: one file per command.

Exit codes: 0 done, 1 an error of Sarhad's own, 2 usage, 3 faults in the inputs, 4 no answer to the question,
5 unknown name, 6 the ledger cannot, 7 no server, 8 the disk is full, 130 interrupted (run the command again:
it goes on where it stopped).
"""

import signal


def main() -> None:
    """Run the command line; who interrupts it while it is still being loaded gets no traceback."""
    try:
        from sarhad.interfaces.cli import app
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    app.main()
