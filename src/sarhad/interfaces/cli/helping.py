"""`--help` and wrong usage in the language of the moment: English in the code, told when they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from rich.markup import escape
from typer.exceptions import TyperException

from sarhad.interfaces.language import say, translated
from sarhad.interfaces.sentences import told_text

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
USAGE = translated({word: word for word in ("Usage:", "[OPTIONS]", "COMMAND [ARGS]...")})
"""Words of its line of usage, as it writes them."""
REFUSED = {
    "no option": "No such option: {name}",
    "like": "No such option: {name} (Possible options: {names})",
    "no command": "No such command {name}.",
    "no argument": "Missing argument {name}.",
    "needed": "Missing option {name}.",
    "one more": "Got unexpected extra argument(s) ({words})",
    "a flag": "Option {name} does not take a value.",
    "no flag": "Option {name} requires an argument.",
    "value": "Invalid value for {name}: {why}",
    "alone": "Invalid value: {why}",
    "integer": "Input should be a valid integer, unable to parse string as an integer",
    "number": "Input should be a valid number, unable to parse string as a number",
    "least": "Input should be greater than or equal to {low}",
    "most": "Input should be less than or equal to {high}",
    "choice": "Value error, {word} is not one of {words}.",
}
"""What it says of wrong usage, field by field; a test provokes each."""


def in_language(command: Any) -> Any:
    """Return a command, or a group with all its commands, whose pages are in the language of the moment."""
    pending = [command]
    while pending:
        one = pending.pop()
        pending += getattr(one, "commands", {}).values()
        one.get_usage = partial(told_usage, one.get_usage)
        one.format_help = partial(_format_help, one, one.format_help)
    return command


def told_usage(get_usage: Callable[[Any], str], ctx: Any) -> str:
    """Return a command's line of usage."""
    usage = get_usage(ctx)
    for word in USAGE:
        usage = usage.replace(word, USAGE[word])
    return usage


def tell_page(command: Any, ctx: Any) -> None:
    """Give a command that is about to be shown, and those it lists, their words; brackets are no markup."""
    _tell_words()
    names = command.list_commands(ctx) if hasattr(command, "list_commands") else ()
    for one in (command, *(command.get_command(ctx, name) for name in names)):
        one.help = escape(say(one.help or ""))
    for param in (*command.params, command.get_help_option(ctx)):
        param.help = escape(say(getattr(param, "help", None) or ""))


@contextmanager
def wrong_usage_told() -> Iterator[None]:
    """Let what is said of wrong usage be said in the language of the moment."""
    try:
        yield
    except TyperException as error:
        _tell_words()
        said = told_text(error.format_message())
        error.format_message = lambda: said  # type: ignore[method-assign]
        raise


def _format_help(command: Any, format_help: Callable[[Any, Any], None], ctx: Any, formatter: Any) -> None:
    tell_page(command, ctx)
    format_help(ctx, formatter)


def _tell_words() -> None:
    from typer import rich_utils  # heavy, and only help and wrong usage are drawn with it

    for name in TEXT:
        setattr(rich_utils, name, str(TEXT[name]))
