"""Files whose size is 0 although they have content are put whole."""
import json

from files_support import SharedFiles, read_file


class UnsizedFiles(SharedFiles):
    def test_a_file_of_proc_is_put_with_its_content(self):
        self.do("put", "/proc/version")
        self.assertEqual(self.stored("version"), read_file("/proc/version"))
        self.do("put", "/proc/version", status=10)
        self.do("put", "/proc/self/maps")
        self.assertIn(b" r-xp ", self.stored("maps"))

    def test_a_directory_of_proc_is_put_with_the_contents(self):
        self.do("put", "-r", "/proc/sys/net/unix")
        self.assertEqual(self.stored("unix/max_dgram_qlen"),
                         read_file("/proc/sys/net/unix/max_dgram_qlen"))

    def test_the_size_that_is_reported_is_that_of_the_content(self):
        done, summary = map(json.loads, self.do("put", "/proc/version", "--json").splitlines())
        size = len(read_file("/proc/version"))
        self.assertEqual((done["size"], summary["summary"]["bytes"]), (size, size))

    def test_an_empty_file_is_put_as_one(self):
        self.write("empty", b"")
        self.do("put", "empty")
        self.do("put", "empty")
        self.assertEqual(self.stored("empty"), b"")
