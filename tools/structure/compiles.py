"""Every public header compiles alone, twice in a row too; with --alone every file.

A source that the build did not compile together with others has shown it, and so has a header that
such a source includes before anything else; only the others are compiled here.
"""
import concurrent.futures
import os
import re
import subprocess

from structure import build, scan
from structure.tree import Violation

DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)", re.MULTILINE)


def check(tree):
    steps = build.steps(tree)
    if not steps:
        return
    together = {path for path, step in steps.items() if len(step.paths) > 1}
    shown = steps if tree.compiles_all else steps.keys() - together
    proven = {_first_include(tree, path, steps[path]) for path in shown}
    files = [file for file in tree.library
             if (_is_due(tree, file) and _include_path(file) not in proven if file.is_header
                 else tree.compiles_all and file.path in together)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda file: _compile(file, steps), files):
            yield from found


def _is_due(tree, header):
    return tree.compiles_all or header.path.startswith("include/")


def _include_path(file):
    return file.path.split("/", 1)[1]


def _first_include(tree, path, step):
    file = tree.by_path.get(path)
    if file is None or step.forces_includes or not os.path.exists(step.object):
        return None
    directive = DIRECTIVE.search(scan.without_comments(file.text))
    if directive and directive.group(1) == "include" and file.includes:
        line, included, _ = file.includes[0]
        return included if file.line_at(directive.start(1)) == line else None
    return None


def _compile(file, steps):
    step = steps.get(file.path) or _step_like(file, steps)
    source = f'#include "{_include_path(file)}"\n' * 2 if file.is_header else file.text
    command = step.flags + ["-fsyntax-only", "-w", "-x", "c++", "-"]
    done = subprocess.run(command, cwd=step.folder, input=source, text=True, capture_output=True,
                          check=False)
    if done.returncode == 0:
        return []
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    what = (errors or done.stderr.splitlines() or [f"status {done.returncode}"])[0]
    return [Violation(file.path, 1, f"does not compile alone: {what}")]


def _step_like(file, steps):
    """How a source of the same room is compiled; the header of everything has none."""
    candidates = [path for path in steps if path.startswith("src/")] or list(steps)
    same_room = [path for path in candidates if path.startswith(f"src/{file.room}/")]
    return steps[min(same_room or candidates)]
