"""`--help` in the language of the moment: in the code it is English, and is told when it is shown."""

from __future__ import annotations

import sys
from typing import Any

from sarhad.interfaces.language import language, say, translated

TEXT = translated(
    {
        "ARGUMENTS_PANEL_TITLE": "Arguments",
        "OPTIONS_PANEL_TITLE": "Options",
        "COMMANDS_PANEL_TITLE": "Commands",
        "ERRORS_PANEL_TITLE": "Error",
        "DEFAULT_STRING": "[default: {}]",
        "ENVVAR_STRING": "[env var: {}]",
        "REQUIRED_LONG_STRING": "[required]",
        "RICH_HELP": "Try [blue]'{command_path} {help_option}'[/] for help.",
    }
)
"""Words of the library that draws the pages, by the name it has for them."""


def in_language(command: Any) -> Any:
    """Return a command, or a group with all its commands, whose help is in the language of the moment."""
    _tell_pages()
    if language() == "en":
        return command
    pending = [command]
    while pending:
        one = pending.pop()
        pending += getattr(one, "commands", {}).values()
        one.help = say(one.help or "")
        help_option = one.get_help_option(one.context_class(one))
        for param in (*one.params, help_option):
            param.help = say(getattr(param, "help", None) or "")
    return command


def _tell_pages() -> None:
    if language() == "en" and "typer.rich_utils" not in sys.modules:
        return
    from typer import rich_utils  # heavy, and only help and wrong usage are drawn with it

    for name in TEXT:
        setattr(rich_utils, name, str(TEXT[name]))
