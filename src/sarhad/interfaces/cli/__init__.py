"""The command line: one file per command.

Exit codes: 0 done, 1 an error of Sarhad's own, 2 usage, 3 faults in the inputs, 4 no answer to the question,
5 unknown name, 6 the ledger cannot, 7 no server, 8 the disk is full, 130 interrupted (run the command again:
it goes on where it stopped).
"""

from sarhad.interfaces.cli.app import main

__all__ = ["main"]
