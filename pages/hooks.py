"""Add to the site, while MkDocs builds it, the pages that are written from the code."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from pages.command_reference import commands_page
from pages.request_reference import request_pages
from pages.room_reference import room_pages


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the pages, and put them where the navigation says `written: NAME`."""
    sets = {
        "commands": {"reference/commands.md": commands_page()},
        "requests": request_pages(),
        "rooms": room_pages(),
    }
    config.extra["written"] = {
        path: text for pages in sets.values() for path, text in pages.items()
    }
    lists = {name: list(pages) for name, pages in sets.items()}
    config.nav = _filled(config.nav or [], {**lists, "decisions": _decisions(config)})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Hand the written pages over as if they were files."""
    for path, text in config.extra.pop("written").items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Give an answer of the API its status as a title: "```json 200" is nothing to MkDocs."""
    return re.sub(r"^```json (\d+)$", r'```json title="Answer \1"', markdown, flags=re.M)


def _decisions(config: MkDocsConfig) -> list[str]:
    """Return the pages of the decisions, which are files, in the order of their numbers."""
    folder = Path(config.docs_dir)
    return [path.relative_to(folder).as_posix() for path in sorted(folder.glob("adr/*.md"))]


def _filled(nav: list[object], lists: dict[str, list[str]]) -> list[object]:
    filled: list[object] = []
    for item in nav:
        match item:
            case {"written": str(name)}:
                filled += lists[name]
            case dict():
                filled.append({title: _inside(part, lists) for title, part in item.items()})
            case _:
                filled.append(item)
    return filled


def _inside(part: object, lists: dict[str, list[str]]) -> object:
    return _filled(part, lists) if isinstance(part, list) else part
