"""Options of commands, told by the commands themselves.

    ```{options}
    sarhad plan --help
    ```

A code forge shows the line to type; the built page has the usage, the help and every option in its place. A
group tells all of its commands. Each option is an object of the inventory (`std:cmdoption`, named as
"sarhad-plan.--jobs"). The terminal's own words are used: nothing is written twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer
from docutils import nodes
from rich.text import Text
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

from sarhad.interfaces.cli.app import app as sarhad_app

HEADS = ("option", "meaning", "left out")
WIDTHS = (34, 50, 16)


def command_of(path: str) -> tuple[Any, Any]:
    """Return a command by its words, such as "sarhad ledger key", and its context."""
    name, *below = path.split()
    command = typer.main.get_command(sarhad_app)
    context = command.make_context(name, [], resilient_parsing=True)
    for word in below:
        found = command.get_command(context, word) if hasattr(command, "get_command") else None
        if found is None:
            raise ValueError(f"{path}: there is no command {word}")
        command = found
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    return command, context


def commands_below(path: str) -> Iterator[str]:
    """Yield the words of each command at or below a path; groups themselves are left out."""
    command, context = command_of(path)
    if not hasattr(command, "list_commands"):
        yield path
        return
    for name in command.list_commands(context):
        yield from commands_below(f"{path} {name}")


def told(param: Any, context: Any) -> tuple[str, str, str] | None:
    """Return how a parameter is written, what it means, and its default; None for what is not shown."""
    record = param.get_help_record(context)
    if record is None or "--help" in param.opts:
        return None
    written, meaning = (Text.from_markup(str(part)).plain for part in record)
    return written.replace(" range>", ">"), meaning.strip(), default_of(param, context)


def default_of(param: Any, context: Any) -> str:
    """Return what a parameter is where it is left out; nothing where that is not told in a word."""
    if param.required:
        return "required"
    value = param.get_default(context, call=False)
    if isinstance(value, bool) and param.secondary_opts:
        return max((param.opts if value else param.secondary_opts), key=len)
    if value is None or isinstance(value, bool) or value in ("", ()):
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value.value if isinstance(value, Enum) else value)


class Options(SphinxDirective):
    """Usage, help and options of a command, or of all commands of a group."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the nodes of every command that the line names."""
        path, _, last = " ".join(self.content).rpartition(" ")
        if last != "--help":
            raise self.error("the line ends with --help")
        try:
            paths = list(commands_below(path))
        except ValueError as error:
            raise self.error(str(error)) from None
        return [node for one in paths for node in self._of(one)]

    def _of(self, path: str) -> Iterator[nodes.Node]:
        command, context = command_of(path)
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        yield nodes.literal_block(usage, usage, language="none", classes=["usage"])
        yield nodes.paragraph(text=Text.from_markup(command.help or "").plain)
        rows = [self._row(path, param, context) for param in command.params]
        shown = [row for row in rows if row is not None]
        if shown:
            yield _table(shown)

    def _row(self, path: str, param: Any, context: Any) -> nodes.row | None:
        said = told(param, context)
        if said is None:
            return None
        written, meaning, default = said
        name = max(param.opts, key=len)
        anchor = make_id(self.env, self.state.document, "option", f"{path} {name}")
        self.env.domains.standard_domain.add_program_option(
            path.replace(" ", "-"), name, self.env.docname, anchor
        )
        row = nodes.row(ids=[anchor])
        row += nodes.entry("", nodes.paragraph("", "", nodes.literal(text=written)))
        row += nodes.entry("", nodes.paragraph(text=meaning))
        row += nodes.entry("", nodes.paragraph(text=default))
        return row


def _table(rows: list[nodes.row]) -> nodes.table:
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in WIDTHS), cols=len(WIDTHS))
    heads = (nodes.entry("", nodes.paragraph(text=head)) for head in HEADS)
    group += nodes.thead("", nodes.row("", *heads))
    group += nodes.tbody("", *rows)
    return nodes.table("", group, classes=["options"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive("options", Options)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
