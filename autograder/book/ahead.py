"""Runs the code of changed chapters, several at a time, before Sphinx reads.

Sphinx reads one page after the other, and MyST-NB would run each chapter then.
Here they run side by side, and what comes of them goes into the cache in which
MyST-NB looks first. A chapter that fails is not cached, so it runs again when
its page is read, and MyST-NB reports it in its own words.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from autograder.book import expand
from autograder.errors import CourseError

_LOGGER = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Join the build before the first page is read."""
    app.connect("env-before-read-docs", _run_changed)
    # Chapters side by side share the cores, and runs can be compared.
    os.environ["OMP_NUM_THREADS"] = "1"


def _run_changed(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    config = env.mystnb_config  # type: ignore[attr-defined]
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path)
    waiting = [
        (path, notebook)
        for path, notebook in _notebooks(app, env, docnames)
        if not _is_cached(cache, notebook)
    ]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = {
            pool.submit(_execute, path, notebook, config.execution_timeout): path
            for path, notebook in waiting
        }
        for done in as_completed(running):
            _keep(cache, running[done], done)


def _notebooks(
    app: Sphinx, env: BuildEnvironment, docnames: list[str]
) -> Iterator[tuple[Path, NotebookNode]]:
    """The chapters among the pages that will be read, as MyST-NB will see them."""
    for docname in docnames:
        path = Path(env.doc2path(docname))
        if not expand.is_chapter(app, path):
            continue
        try:
            text = expand.expanded(app, path)
        except CourseError:
            continue  # said when Sphinx reads the page
        reader = create_nb_reader(
            str(path),
            env.myst_config,  # type: ignore[attr-defined]
            env.mystnb_config,  # type: ignore[attr-defined]
            text,
        )
        if reader is not None:
            yield path, reader.read(text)


def _is_cached(cache: JupyterCacheAbstract, notebook: NotebookNode) -> bool:
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


def _execute(
    path: Path, notebook: NotebookNode, timeout: int
) -> tuple[NotebookNode, ExecutionResult]:
    _LOGGER.info("%s: Executing notebook", path)
    return notebook, single_nb_execution(
        notebook,
        cwd=str(path.parent),
        allow_errors=False,
        timeout=timeout,
        meta_override=True,
    )


def _keep(
    cache: JupyterCacheAbstract,
    path: Path,
    done: Future[tuple[NotebookNode, ExecutionResult]],
) -> None:
    notebook, result = done.result()
    if result.err is not None:
        return
    data = {"execution_seconds": result.time}
    bundle = CacheBundleIn(notebook, str(path), data=data)
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    _LOGGER.info("%s: executed in %.0f seconds", path, result.time)
