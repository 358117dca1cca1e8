"""What is not a regular file keeps its name, whatever is got or put there."""
import os
import socket
import stat

from files_support import MIB, Relay, SharedFiles, content_of


def identity(path):
    status = os.lstat(path)
    return status.st_ino, stat.S_IFMT(status.st_mode)


class KeptNames(SharedFiles):
    def make_others(self, folder):
        """A name for each kind of what is not a regular file."""
        os.mkfifo(f"{folder}/pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/socket")
        os.symlink("pipe", f"{folder}/link")
        os.symlink("missing", f"{folder}/dangling")
        os.mkdir(f"{folder}/folder")
        names = ["pipe", "socket", "link", "dangling", "folder"]
        if os.getuid() == 0:
            os.mknod(f"{folder}/device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
            names.append("device")
        return names

    def check_kept(self, folder, work):
        before = {name: identity(f"{folder}/{name}") for name in self.names}
        for name in self.names:
            work(name)
        self.assertEqual({name: identity(f"{folder}/{name}") for name in self.names}, before)

    def test_what_is_not_a_regular_file_is_not_replaced_here(self):
        self.names = self.make_others(self.here)
        for size in (3, 2 * MIB):
            self.plant("pre", content_of(size))

            def get(name):
                if name == "folder":
                    return
                said = self.reported("get", "-f", "pre", "--to", name, status=10)
                self.assertIn(f"'{name}'", said)
                self.assertIn("hint: -f replaces regular files only: remove it first, or write "
                              "'--to -'", said)
            self.check_kept(self.here, get)
            self.assertEqual(sorted(os.listdir(self.here)), sorted(self.names))

    def test_a_tree_that_is_got_leaves_what_is_not_a_regular_file(self):
        os.mkdir(f"{self.here}/d")
        self.names = self.make_others(f"{self.here}/d")
        for name in self.names:
            self.plant(f"d/{name}", b"new")
        self.plant("d/free", b"new")
        self.check_kept(f"{self.here}/d", lambda name: self.do("get", "-rf", "d", status=8))
        self.assertEqual(self.read("d/free"), b"new")

    def test_what_is_not_a_regular_file_is_not_replaced_at_the_server(self):
        self.names = self.make_others(self.home)
        for size in (3, 2 * MIB):
            self.write("f", content_of(size))

            def put(name):
                self.do("put", "-f", "f", "--to", name, status=0 if name == "folder" else 10)
                if name != "folder":
                    self.do("put", "-f", "-", "--to", name, input=b"new", status=10)
            self.check_kept(self.home, put)

    def test_a_download_that_goes_on_leaves_a_pipe_that_has_come_into_its_way(self):
        content = content_of(4 * MIB)
        self.plant("a", content)
        path = f"{self.folder}/relay"
        with Relay(path, f"{self.folder}/s", 3 * MIB, upwards=False,
                   at_limit=lambda: os.mkfifo(f"{self.here}/a")):
            self.do("get", "-f", "a", endpoint=f"unix://{path}", status=10)
            self.assertTrue(stat.S_ISFIFO(os.lstat(f"{self.here}/a").st_mode))
            os.unlink(f"{self.here}/a")
            self.do("get", "-f", "a", endpoint=f"unix://{path}")
        os.unlink(path)
        self.assertEqual(os.listdir(self.here), ["a"])
        self.assertEqual(self.read("a"), content)

    def test_the_name_that_is_in_use_is_shown_with_its_directory(self):
        self.plant("big", b"1")
        self.write("dd/big", b"2")
        for to in ("dd", "dd/", "dd//"):
            said = self.reported("get", "big", "--to", to, status=10)
            self.assertEqual(said, "error: cannot get a file to 'dd/big': File exists\n"
                                   "hint: -f replaces files that exist\n")
