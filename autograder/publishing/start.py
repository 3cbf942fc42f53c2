"""The first cell of a student's notebook: is what it needs there?

A notebook alone, as Colab opens it, has neither the public package nor the
figures. In Colab the cell fetches the bundle from the published site; anywhere
else it says in words what is missing.
"""

from __future__ import annotations

from autograder.publishing.bundle import NAME

_COLAB = """\
if "google.colab" in sys.modules and not find_spec("convnets"):
    # Colab opens a notebook alone: fetch the folder that belongs around it.
    import os
    import urllib.request
    import zipfile

    archive, _ = urllib.request.urlretrieve(
        "{address}downloads/{name}.zip"
    )
    zipfile.ZipFile(archive).extractall()
    os.chdir("{name}")
    sys.path.insert(0, os.getcwd())
    if not find_spec("anywidget"):  # live figures need it
        get_ipython().run_line_magic("pip", "install -q anywidget")
    from google.colab import output

    output.enable_custom_widget_manager()
"""
_CHECK = """\
needed = ["convnets", "numpy", "torch", "matplotlib"]
if missing := [name for name in needed if not find_spec(name)]:
    raise ModuleNotFoundError(
        f"This notebook cannot find {', '.join(missing)}. It has to lie in the "
        "folder {name}, beside the folder convnets, and Python needs "
        "what requirements.txt there lists: unpack {name}.zip, open "
        "the notebook inside, and follow README.md."
    )
"""


def start_cell(address: str) -> str:
    """The cell's source. address: of the published site, or empty."""
    parts = ["# Run me first: is all there that this notebook needs?"]
    parts.append("import sys\nfrom importlib.util import find_spec\n")
    if address:
        parts.append(_COLAB.replace("{address}", address))
    parts.append(_CHECK)
    return "\n".join(parts).replace("{name}", NAME).strip()
