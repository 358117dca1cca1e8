"""Reads from the build directory how each source was compiled, and into which object."""
import json
import os
import shlex


class Step:
    """One compilation; `path` is relative to the tree's root."""

    def __init__(self, root, entry):
        self.folder = entry["directory"]
        source = os.path.join(self.folder, entry["file"])
        self.path = os.path.relpath(os.path.realpath(source), os.path.realpath(root))
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
    return {step.path: step for step in found}


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
