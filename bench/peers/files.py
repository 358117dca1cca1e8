"""Other people's programs for files: each puts and gets a file or a tree by commands of its own.

Each serves one directory, the store, on the loopback only, with a configuration of its own."""

import collections
import contextlib
import getpass
import pathlib
import shlex

from peers import openssh

CIPHER = ["-c", "aes128-gcm@openssh.com"]
AT_ONCE = "16"

# `put` and `get` return the command for (source, target, is_tree), of which the one at the server
# is a path in the store. `pid`: the server, or None. `owner`: who has to own that path.
Peer = collections.namedtuple("Peer", "name pid put get list variables owner",
                              defaults=(None, {}, None))


def cp():
    def copy(source, target, is_tree):
        return ["cp", *(["-r"] if is_tree else []), source, target]

    return Peer("cp", None, copy, copy)


def sftp(server, folder):
    base = ["sftp", "-q", "-F", str(server.configuration), *CIPHER]
    batch = folder / "sftp.batch"

    def perform(verb):
        def command(source, target, is_tree):
            # A client reads its batch after others may have been written.
            path = batch.with_suffix(f".{verb}-{target.name}")
            path.write_text(f'{verb} {"-r " if is_tree else ""}"{source}" "{target}"\n')
            return [*base, "-b", str(path), "bench"]

        return command

    def listing(path):
        batch.write_text(f'ls -lf "{path}"\n')
        return [*base, "-b", str(batch), "bench"]

    return Peer("sftp", server.pid, perform("put"), perform("get"), listing)


def scp(server):
    base = ["scp", "-O", "-q", "-F", str(server.configuration), *CIPHER]

    def put(source, target, is_tree):
        return [*base, *(["-r"] if is_tree else []), source, f"bench:{target}"]

    def get(source, target, is_tree):
        return [*base, *(["-r"] if is_tree else []), f"bench:{source}", target]

    return Peer("scp", server.pid, put, get)


RSYNC_CONFIG = """
use chroot = no
address = 127.0.0.1
port = {port}
pid file = {folder}/rsyncd.pid
log file = {folder}/rsyncd.log
max connections = 0
[store]
path = {store}
read only = no
uid = {user}
gid = {group}
hosts allow = 127.0.0.1
"""


@contextlib.contextmanager
def rsync(folder, store):
    port = openssh.free_port()
    path = folder / "rsyncd.conf"
    path.write_text(RSYNC_CONFIG.format(port=port, folder=folder, store=store,
                                        user=store.owner(), group=store.group()))
    command = ["rsync", "--daemon", "--no-detach", f"--config={path}"]
    base = f"rsync://127.0.0.1:{port}/store/"

    def end(path, is_tree):
        return f"{path}/" if is_tree else str(path)

    def put(source, target, is_tree):
        return ["rsync", "-rt", "-W", end(source, is_tree), base + str(target.relative_to(store))]

    def get(source, target, is_tree):
        return ["rsync", "-rt", "-W", base + end(source.relative_to(store), is_tree), str(target)]

    def listing(path):
        return ["rsync", "--list-only", base + end(path.relative_to(store), True)]

    with openssh.started(command) as server:
        openssh.wait_until(lambda: openssh.listens(port), "rsync")
        yield Peer("rsync", server.pid, put, get, listing)


VSFTPD_CONFIG = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_root={store}
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=077
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
use_sendfile=YES
max_per_ip=0
max_clients=0
ftp_username=ftp
xferlog_enable=NO
"""


@contextlib.contextmanager
def lftp(folder, store):
    """lftp with vsftpd, which confines callers to the store, as the user that its package makes."""
    port = openssh.free_port()
    (folder / "empty").mkdir(0o555, exist_ok=True)
    path = folder / "vsftpd.conf"
    path.write_text(VSFTPD_CONFIG.format(port=port, folder=folder, store=store))
    store.chmod(0o711)
    path.chmod(0o600)

    def session(words):
        setup = ("set cmd:fail-exit yes; set ftp:ssl-allow no; set net:max-retries 2; "
                 f"set mirror:set-permissions no; open ftp://127.0.0.1:{port}; ")
        return ["lftp", "--norc", "-c", setup + words]

    def remote(path):
        return shlex.quote(f"/{path.relative_to(store)}")

    def put(source, target, is_tree):
        here = shlex.quote(str(source))
        return session(f"mirror -R --parallel={AT_ONCE} {here} {remote(target)}" if is_tree else
                       f"put {here} -o {remote(target)}")

    def get(source, target, is_tree):
        here = shlex.quote(str(target))
        return session(f"mirror --parallel={AT_ONCE} {remote(source)} {here}" if is_tree else
                       f"get {remote(source)} -o {here}")

    with openssh.started([openssh.find("vsftpd"), str(path)]) as server:
        openssh.wait_until(lambda: openssh.listens(port), "vsftpd")
        yield Peer("lftp", server.pid, put, get, None, {"LFTP_HOME": str(folder)}, "ftp")


def rclone(server, folder):
    """Over the sshd, with its own ssh."""
    options = {"TYPE": "sftp", "HOST": "127.0.0.1", "PORT": openssh.port_of(server),
               "USER": getpass.getuser(), "KEY_FILE": str(server.configuration.parent / "user"),
               "SHELL_TYPE": "none"}
    variables = {f"RCLONE_CONFIG_BENCH_{key}": value for key, value in options.items()}
    variables["RCLONE_CONFIG"] = str(folder / "rclone.conf")

    def copy(source, target, is_tree):
        return ["rclone", "copy" if is_tree else "copyto", "--transfers", AT_ONCE, source, target]

    def put(source, target, is_tree):
        return copy(str(source), f"bench:{target}", is_tree)

    def get(source, target, is_tree):
        return copy(f"bench:{source}", str(target), is_tree)

    return Peer("rclone", server.pid, put, get, None, variables)


PACKAGES = {"rsync": "rsync", "lftp": "lftp", "vsftpd": "vsftpd", "rclone": "rclone",
            "sftp": "openssh-client", "scp": "openssh-client", "sshd": "openssh-server",
            "nc": "netcat-openbsd"}


def serving(names, folder, store, stack):
    """The peers with those names, of which each serves the store until the stack ends."""
    server = None
    if {"sftp", "scp", "rclone"} & set(names):
        server = stack.enter_context(openssh.sshd(folder / "ssh"))
    makers = {"cp": cp, "sftp": lambda: sftp(server, folder), "scp": lambda: scp(server),
              "rclone": lambda: rclone(server, folder),
              "rsync": lambda: stack.enter_context(rsync(folder, store)),
              "lftp": lambda: stack.enter_context(lftp(folder, store))}
    return [makers[name]() for name in names if name in makers]


def words(command):
    return [str(each) if isinstance(each, pathlib.Path) else each for each in command]
