"""Reads from the build directory how each source was compiled, and into which object."""
import json
import os
import re
import shlex

INCLUDED = re.compile(r'^#include "(.*)"$', re.MULTILINE)


class Step:
    """One compilation; `paths` are its sources, relative to the tree's root: several if a unity
    build compiled them as one."""

    def __init__(self, root, entry):
        self.folder = entry["directory"]
        source = os.path.join(self.folder, entry["file"])
        self.paths = [os.path.relpath(os.path.realpath(os.path.join(self.folder, path)),
                                      os.path.realpath(root)) for path in _sources(source)]
        words = entry.get("arguments") or shlex.split(entry["command"])
        self.object = os.path.join(self.folder, words[words.index("-o") + 1])
        self.flags = _without_input_and_output(words, entry["file"])
        self.forces_includes = "-include" in words


def steps(tree):
    """{path of a source: its Step}, empty without a build."""
    if not tree.build:
        return {}
    with open(os.path.join(tree.build, "compile_commands.json"), encoding="utf-8") as stream:
        found = [Step(tree.root, entry) for entry in json.load(stream)]
    return {path: step for step in found for path in step.paths}


def _sources(path):
    if not os.path.basename(path).startswith("unity_"):
        return [path]
    with open(path, encoding="utf-8") as stream:
        return INCLUDED.findall(stream.read())


def _without_input_and_output(words, source):
    """The compiler and its flags."""
    if os.path.basename(words[0]) == "ccache":
        words = words[1:]
    flags, skip = [], False
    for word in words:
        if skip or word in ("-c", source):
            skip = False
        elif word in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif not word.startswith(("-MD", "-MMD", "-fmodules")):
            flags.append(word)
    return flags
