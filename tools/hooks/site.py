"""The site: what its configuration leaves open, and what a page must say of itself.

Edit links exist only where ``REPO_URL`` is set. Every page needs a description. While the
site is served, the snippet checks run on each rebuild and speak as warnings.
May import tools.check_snippets.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tools.check_snippets import check

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.hooks.site")
_serving = {"now": False}


def on_startup(command: Literal["build", "gh-deploy", "serve"], **_: object) -> None:
    """Remember whether the site is served."""
    _serving["now"] = command == "serve"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Drop the edit links where there is no repository to edit in."""
    if not config.repo_url:
        config.edit_uri = None
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Check the snippets on each rebuild of a served site."""
    if _serving["now"]:
        for problem in check(Path(config.config_file_path or "mkdocs.yml").parent):
            log.warning("%s", problem)


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Warn of a page that does not describe itself."""
    if not page.meta.get("description"):
        log.warning("%s has no description; add one to its front matter", page.file.src_uri)
    return markdown
