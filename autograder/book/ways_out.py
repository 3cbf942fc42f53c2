"""The page's menu of ways out: programs that open its notebook, and the PDF.

They are offered only where `_config.yml` says where the book is published:
`html: baseurl` for the PDF, `course_open_in` for Colab, Binder and others.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

PDF = "convnets-by-hand.pdf"
FOLDER = "student"  # of the published site: the bundle, unpacked
# git@host:owner/name.git, https://host/owner/name
_REMOTE = re.compile(r"(?:://|@).*?[:/]([^/:]+/[^/:]+?)(?:\.git)?/?$")


def setup(app: Sphinx) -> None:
    """Add the setting and the links."""
    app.add_config_value("course_open_in", {}, "html", types=[dict])
    app.connect("config-inited", _config_inited)
    # After the downloads (500), before the theme makes functions of them (501).
    app.connect("html-page-context", _page_context, priority=500)


def _config_inited(app: Sphinx, config: Config) -> None:
    for program, address in config.course_open_in.items():
        if trouble := refusal(address, origin(Path(app.srcdir))):
            raise ConfigError(
                f"course_open_in in _config.yml, {program}: '{address}' {trouble}"
            )


def refusal(address: str, private: str) -> str:
    """What is wrong with an address that readers would be sent to; or nothing.

    private: owner and name of the repository with the answers, or empty.
    """
    if not address.startswith("https://"):
        return "does not begin with https://. Write the whole address."
    if f"{FOLDER}/{{notebook}}" not in address:
        return (
            f"has no '{FOLDER}/{{notebook}}' in it. The published repository has the "
            f"students' notebooks in {FOLDER}/; '{{notebook}}' stands for the file."
        )
    if private and private.lower() in address.lower():
        return (
            f"leads to {private}, which is this project with its answers. Name the "
            "public repository that `make publish` fills."
        )
    return ""


def origin(root: Path) -> str:
    """`owner/name` of the repository that this project is pushed to, or empty."""
    words = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    found = _REMOTE.search(done.stdout.strip())
    return found[1] if found else ""


def _page_context(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            notebook = f"{pagename.rpartition('/')[2]}.ipynb"
            group["buttons"] += links(
                notebook,
                app.config.course_open_in,
                bool(app.config.html_baseurl),
                context["pathto"](f"downloads/{PDF}", resource=True),
            )
            group["tooltip"] = "Take this chapter along"


def links(
    notebook: str, programs: dict[str, str], published: bool, pdf: str
) -> list[dict[str, str]]:
    """What joins the menu of a chapter's page."""
    found = [
        _link(address.format(notebook=notebook), f"Open in {program}", "fa-cloud")
        for program, address in programs.items()
    ]
    if published:
        found.append(_link(pdf, "The whole book as PDF", "fa-file-pdf"))
    return found


def _link(url: str, text: str, icon: str) -> dict[str, str]:
    return {"type": "link", "url": url, "text": text, "icon": f"fas {icon}"}
