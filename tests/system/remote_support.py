"""What the tests of `hotline run` on its own wire share."""
import os
import tempfile
import unittest

from cli_support import Server, run


def said(*words, **options):
    """The status, standard output and standard error of `hotline run`."""
    done = run("run", *words, **options)
    return done.returncode, done.stdout, done.stderr


class WithServer(unittest.TestCase):
    """One server at a UNIX socket in `folder`, with an audit, and at a port."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.audit = os.path.join(cls.folder, "audit")
        cls.server = cls.enterClassContext(
            Server(f"command=unix://{cls.folder}/s?audit={cls.audit}", "command=tcp://127.0.0.1:0"))
        cls.unix, cls.tcp = cls.server.endpoints

    def shell(self, line, *options, **more):
        return said(*options, "--shell", line, self.unix, **more)
