"""Real NTP clients of other people against our server: a clock that is right is accepted, and one
that is not synchronised is refused by each."""
import concurrent.futures
import os
import pwd
import sys
import tempfile
import unittest

from interop_support import HOTLINE, WAIT_S, Server
from ntp_peers import Port123, find, output_of, output_until

RIGHT = "?local-stratum=5"
KEY = "1 MD5 HEX:00112233445566778899AABBCCDDEEFF"

# Nothing says that the clock is right: no server is at the port to mirror.
UNSYNCHRONISED = "?mirror=127.0.0.1:9"


class WithNtp(unittest.TestCase):
    options = RIGHT

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(
            Server(HOTLINE, "serve", f"ntp=udp://127.0.0.1:0{cls.options}"))
        cls.port = cls.server.endpoint.rsplit(":", 1)[1]

    def chronyd(self, options, *more, patience=10, port=None):
        """The status and the output of one measurement by chronyd, which sets no clock."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        return output_of(find("chrony", "usr/sbin/chronyd"), "-Q", "-U", "-u",
                         pwd.getpwuid(os.geteuid()).pw_name, "-t", str(patience),
                         f"server 127.0.0.1 port {port or self.port} {options}",
                         f"pidfile {folder}/pid", *more)

    def ntplib(self, version):
        """Prints at last whether the offset is within what the round trip allows: on a busy machine
        one way may take much longer than the other."""
        find("python3-ntplib", "usr/lib/python3/dist-packages/ntplib.py")
        script = ("import ntplib; r = ntplib.NTPClient().request('127.0.0.1', port=%s, version=%d, "
                  "timeout=10); print(r.version, r.mode, r.stratum, r.leap, "
                  "abs(r.offset) <= r.delay / 2 + 0.001)")
        return output_of(sys.executable, "-c", script % (self.port, version))

    def perl(self):
        find("libnet-ntp-perl", "usr/share/perl5/Net/NTP.pm")
        return output_of(
            "perl", "-MNet::NTP", "-e", "%r = get_ntp_response('127.0.0.1', " + self.port + "); "
            "print \"$r{Mode} $r{Stratum} $r{'Leap Indicator'}\\n\"")

    def rdate(self):
        return output_of(find("rdate", "usr/sbin/rdate"), "-n", "-p", "-v", "-o", self.port,
                         "127.0.0.1")


class Accepted(WithNtp):
    def test_chronyd_measures_in_each_of_its_ways(self):
        find("chrony", "usr/sbin/chronyd")
        ways = ("iburst maxsamples 1", "iburst", "iburst xleave", "iburst extfield F323",
                "version 3 maxsamples 1 iburst")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for way, (status, text) in zip(ways, pool.map(self.chronyd, ways)):
                with self.subTest(way):
                    self.assertEqual(status, 0, text)
                    self.assertRegex(text, r"System clock wrong by -?0\.0000?\d+ seconds")
                    self.assertNotRegex(text, "(?i)error|timeout|could not|no eligible|unsuitable")

    def test_chronyd_authenticates_with_a_key_of_each_kind(self):
        find("chrony", "usr/sbin/chronyd")
        path = os.path.join(self.folder, "keys")
        with open(path, "w") as keys:
            keys.write(f"{KEY}\n2 SHA1 HEX:{'5A' * 20}\n3 AES128 HEX:{'A5' * 16}\n")
        os.chmod(path, 0o600)
        with Server(HOTLINE, "serve", f"ntp=udp://127.0.0.1:0{RIGHT}&keys={path}") as server:
            port = server.endpoint.rsplit(":", 1)[1]

            def measure(number):
                return self.chronyd(f"iburst maxsamples 1 key {number}", f"keyfile {path}",
                                    port=port)
            with concurrent.futures.ThreadPoolExecutor() as pool:
                for number, (status, text) in zip((1, 2, 3), pool.map(measure, (1, 2, 3))):
                    with self.subTest(number):
                        self.assertEqual(status, 0, text)
            wrong = os.path.join(self.folder, "wrong")
            with open(wrong, "w") as keys:
                keys.write(f"1 MD5 HEX:{'FF' * 16}\n")
            status, text = self.chronyd("iburst maxsamples 1 key 1", f"keyfile {wrong}", patience=1,
                                        port=port)
            self.assertNotEqual(status, 0, text)

    def test_ntplib_reads_the_reply_in_its_own_version(self):
        for version in (1, 2, 3, 4):
            with self.subTest(version):
                status, text = self.ntplib(version)
                self.assertEqual((status, text), (0, f"{version} 4 5 0 True\n"))

    def test_net_ntp_of_perl_reads_the_reply(self):
        status, text = self.perl()
        self.assertEqual(status, 0, text)
        self.assertRegex(text, "^4 5 ")

    def test_rdate_measures(self):
        status, text = self.rdate()
        self.assertEqual(status, 0, text)
        self.assertIn("adjust local clock by", text)


class Refused(WithNtp):
    options = UNSYNCHRONISED

    def test_the_reply_says_that_the_clock_is_not_synchronised(self):
        for version in (3, 4):
            status, text = self.ntplib(version)
            self.assertEqual((status, text.split()[:4]), (0, [str(version), "4", "0", "3"]), text)

    def test_chronyd_does_not_use_it(self):
        status, text = self.chronyd("iburst maxsamples 1", patience=2)
        self.assertNotEqual(status, 0, text)
        self.assertNotIn("System clock wrong", text)

    def test_rdate_does_not_use_it(self):
        status, text = self.rdate()
        self.assertNotEqual(status, 0, text)


class OnlyPort123:
    """Clients that know no other port."""

    @classmethod
    def setUpClass(cls):
        cls.place = cls.enterClassContext(Port123(cls.options))

    def ntpdig(self):
        program = find("ntpsec-ntpdig", "usr/bin/ntpdig")
        return output_of(*self.place.command(sys.executable, program, "-t", "2", "127.0.0.1"))

    def ntpdate(self):
        """A script that calls ntpdig."""
        digs = os.path.dirname(find("ntpsec-ntpdig", "usr/bin/ntpdig"))
        script = find("ntpsec-ntpdate", "usr/sbin/ntpdate")
        return output_of(*self.place.command("env", f"PATH={digs}:{os.environ['PATH']}", "sh",
                                             script, "-q", "127.0.0.1"))

    def openntpd(self, pattern, patience):
        config = self.place.file("ntpd.conf", "server 127.0.0.1\n")
        return output_until(
            pattern, *self.place.command(find("openntpd", "usr/sbin/ntpd"), "-d", "-v", "-f",
                                         config, "-p", f"{self.place.folder}/ntpd.pid"),
            patience=patience)

    def timesyncd(self, pattern, patience):
        program = find("systemd-timesyncd", "lib/systemd/systemd-timesyncd")
        if not os.path.isdir("/etc/systemd"):
            self.skipTest("there is no /etc/systemd for the configuration of systemd-timesyncd")
        return output_until(
            pattern, *self.place.command_of_user("env", "SYSTEMD_LOG_LEVEL=debug", program),
            patience=patience)


class AcceptedAtPort123(OnlyPort123, unittest.TestCase):
    options = RIGHT

    def test_ntpdig_and_ntpdate_measure(self):
        for client in (self.ntpdig, self.ntpdate):
            status, text = client()
            self.assertEqual(status, 0, text)
            self.assertRegex(text, r"[+-]0\.0\d+ \+/- \d\.\d+ 127\.0\.0\.1 s5 no-leap")

    def test_openntpd_measures(self):
        text = self.openntpd("reply from", WAIT_S)
        self.assertRegex(text, r"reply from 127\.0\.0\.1: offset -?0\.0\d+ delay 0\.0\d+")

    def test_timesyncd_measures(self):
        text = self.timesyncd("Contacted time server", WAIT_S)
        self.assertIn("Contacted time server 127.0.0.1:123", text)
        self.assertRegex(text, r"stratum +: 5")


class RefusedAtPort123(OnlyPort123, unittest.TestCase):
    options = UNSYNCHRONISED

    def test_ntpdig_and_ntpdate_do_not_use_it(self):
        for client in (self.ntpdig, self.ntpdate):
            status, text = client()
            self.assertNotEqual(status, 0, text)
            self.assertNotIn("+/-", text)

    def test_openntpd_does_not_use_it(self):
        text = self.openntpd("not synced", WAIT_S)
        self.assertIn("not synced", text)
        self.assertNotRegex(text, "offset")

    def test_timesyncd_does_not_use_it(self):
        text = self.timesyncd("Server is not synchronized", WAIT_S)
        self.assertIn("Server is not synchronized", text)
        self.assertNotIn("Contacted time server", text)


if __name__ == "__main__":
    unittest.main()
