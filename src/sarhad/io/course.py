"""What tells one course of a project's line from another, without reading the line."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

PROJECT_FILE = "project.toml"


def course_hash(project: Path) -> str | None:
    """Return a SHA-256 over the section [line] and the bytes of its file; None where they cannot be read."""
    try:
        section = tomllib.loads((project / PROJECT_FILE).read_text(encoding="utf-8-sig")).get("line", {})
        digest = hashlib.sha256(json.dumps(section, sort_keys=True, default=str).encode())
        if section.get("file"):
            digest.update((project / section["file"]).read_bytes())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError, TypeError):
        return None
    return digest.hexdigest()
