"""The words after `sarhad` that give a result again, from inside the folder of its project.

They state every option that has a value, given or left out: another day, or a version with other defaults,
gives the same. Files and folders are named from the project's folder on, so that it may be moved with them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import typer

NOTHING: Mapping[str, object] = MappingProxyType({})
WITHOUT_EFFECT = frozenset({"jobs", "as_json"})


def words_given(
    context: typer.Context, command: str, folder: Path, stated: Mapping[str, object] = NOTHING
) -> list[str]:
    """Return the words of a command with its options as they were given.

    `stated` is what to say of options by name in place of what was given: the day that "today" was.
    """
    words = [*command.split(), "."]
    for option in context.command.params:
        if option.param_type_name == "option" and option.name not in WITHOUT_EFFECT:
            value = stated.get(str(option.name), context.params.get(str(option.name)))
            words += _words(option, value, folder)
    return words


def _words(option: Any, value: object, folder: Path) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return [option.opts[0]] if value else option.secondary_opts[:1]
    values = value if isinstance(value, list | tuple) else (value,)
    return [word for one in values for word in (option.opts[0], _word(one, folder))]


def _word(value: object, folder: Path) -> str:
    if isinstance(value, Path):
        return Path(os.path.relpath(value.resolve(), folder.resolve())).as_posix()
    return str(value)
