"""Commands on a system without /proc or /dev/null."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from cli_support import ended
from interop_support import HOTLINE, WAIT_S

UNSHARE = ("unshare", "--map-root-user", "--mount")


def can_unshare(*options):
    return shutil.which("unshare") is not None and subprocess.run(
        [*UNSHARE, *options, "true"], capture_output=True, timeout=WAIT_S).returncode == 0


def inside(script, *options, **variables):
    """What a shell says in name spaces of its own, where HOTLINE and FOLDER are set, and the
    endpoint SERVER in that folder. After a failure nothing of what it has started is left."""
    variables["SERVER"] = f"unix://{variables.get('FOLDER')}/s?wire=plain"
    process = subprocess.Popen([*UNSHARE, *options, "sh", "-c", script], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True,
                               env={**os.environ, "HOTLINE": HOTLINE, **variables})
    with ended(process):
        try:
            output, error = process.communicate(timeout=2 * WAIT_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return output.decode(), error.decode()


# The options of unshare: with a PID namespace of its own, which ends with it.
NEW_PIDS = ("--pid", "--fork", "--kill-child")

# Waits until the server $server, whose log is $FOLDER/log, listens.
WAIT_LISTENING = f"""
turns=0
until grep -q ^listening "$FOLDER/log"; do
  turns=$((turns + 1))
  [ $turns -lt {100 * WAIT_S} ] || {{ cat "$FOLDER/log" >&2; kill -9 $server; exit 1; }}
  sleep .01
done
"""

# A server at $FOLDER/s, once it listens, whose log is $FOLDER/log.
SERVE = """
"$HOTLINE" serve --drain-timeout 1s "command=$SERVER" 2>"$FOLDER/log" & server=$!
""" + WAIT_LISTENING


@unittest.skipUnless(can_unshare(), "no name spaces can be made here")
class WithoutProc(unittest.TestCase):
    ways = {"no /proc": (("mount -t tmpfs none /proc;",), "/proc is not mounted"),
            "another's /proc": (("", *NEW_PIDS),
                                "/proc shows the processes of another PID namespace")}

    def test_the_service_does_not_start(self):
        for way, ((prepare, *options), reason) in self.ways.items():
            with self.subTest(way), tempfile.TemporaryDirectory() as folder:
                said = inside(f'{prepare} "$HOTLINE" serve "command=unix://$FOLDER/s"; echo $?',
                              *options, FOLDER=folder)
                self.assertEqual(said[0], "1\n")
                self.assertRegex(said[1], f"^error: cannot start the launcher: {reason}\n"
                                          "hint: mount it .*\n$")

    def test_the_doctor_says_fail(self):
        for way, ((prepare, *options), reason) in self.ways.items():
            with self.subTest(way):
                said = inside(f'{prepare} "$HOTLINE" doctor; echo $?', *options)[0]
                self.assertRegex(said, f"(?m)^FAIL processes .*{reason}$")
                self.assertRegex(said, r"something that servers need is missing: see FAIL\n1\n$")

    def test_other_services_start(self):
        for way, ((prepare, *options), _) in self.ways.items():
            with self.subTest(way), tempfile.TemporaryDirectory() as folder:
                said = inside(
                    prepare + SERVE.replace("command=$SERVER", "upper=unix://$FOLDER/s") +
                    '"$HOTLINE" call "unix://$FOLDER/s" hello; kill $server; wait $server; echo $?',
                    *options, FOLDER=folder)
                self.assertEqual(said[0], "HELLO\n0\n")

    def test_with_a_proc_of_its_own_in_another_namespace_it_works(self):
        if not can_unshare(*NEW_PIDS, "--mount-proc"):
            self.skipTest("no /proc can be mounted here")
        with tempfile.TemporaryDirectory() as folder:
            said = inside(SERVE + '"$HOTLINE" run "$SERVER" "echo hi"; kill $server; wait',
                          *NEW_PIDS, "--mount-proc", FOLDER=folder)
            self.assertEqual(said[0], "hi\n")

    def test_if_it_vanishes_later_the_command_and_its_group_are_still_killed(self):
        # Each holds the pipe open for writing until it has ended.
        ends = {"the caller's end": "kill -9 $caller;", "the server's end": "kill $server;",
                "the server's death": "kill -9 $server;"}
        for how, end in ends.items():
            with self.subTest(how), tempfile.TemporaryDirectory() as folder:
                os.mkfifo(f"{folder}/held")
                started = time.monotonic()
                inside(SERVE + """
                    "$HOTLINE" run "$SERVER" "exec 5>'$FOLDER/held'; sleep 50 & sleep 50" &
                    caller=$!
                    exec 6<"$FOLDER/held"
                    mount -t tmpfs none /proc
                    """ + end + " cat <&6; kill -9 $server $caller 2>/dev/null", FOLDER=folder)
                self.assertLess(time.monotonic() - started, 40)


@unittest.skipUnless(can_unshare(), "no name spaces can be made here")
class WithoutNull(unittest.TestCase):
    def test_commands_do_not_read_the_standard_input_of_the_server(self):
        with tempfile.TemporaryDirectory() as folder:
            # A shell without a /dev/null cannot start anything in the background.
            said = inside("""
                echo secret >"$FOLDER/secret"; : >"$FOLDER/log"; server=$$; mkfifo "$FOLDER/begun"
                (echo >"$FOLDER/begun"
                """ + WAIT_LISTENING + """
                 "$HOTLINE" run "$SERVER" "cat; echo end"; kill $server) &
                read line <"$FOLDER/begun"
                mount -t tmpfs none /dev
                exec "$HOTLINE" serve "command=$SERVER" \\
                    <"$FOLDER/secret" 2>"$FOLDER/log"
                """, FOLDER=folder)
            self.assertEqual(said, ("end\n", ""))


if __name__ == "__main__":
    unittest.main()
