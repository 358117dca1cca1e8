"""How servers and the generator of `run` trust each other: keys and certificates, made anew in a
directory for each run of it. The names are transports of scenarios."""

import collections
import pathlib
import subprocess

SECRET = "a secret of the benchmark"

# The endpoint and options of `hotline serve`, and the options of the floor and the generator.
Trust = collections.namedtuple("Trust", "endpoint serve floor generator")


def plain():
    schemes = {"tcp": "tcp", "udp": "udp", "ntp": "udp"}
    return {name: Trust(f"{scheme}://127.0.0.1:0", [], [], []) for name, scheme in schemes.items()}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout


def caller_home(hotline, directory):
    """The home of a caller that the server of the home `directory` accepts as `bench`."""
    line = run(hotline, "--home", directory, "key", "new", "bench")
    home = pathlib.Path(directory) / "caller"
    home.mkdir(0o700)
    subprocess.run([hotline, "--home", home, "key", "add"], input=line, text=True, check=True,
                   capture_output=True)
    return home


def psk(hotline, directory):
    home = ["--home", str(directory)]
    run(hotline, *home, "key", "new", "bench")
    words = run(hotline, *home, "key", "export", "--openssl", "bench").split()
    key = ["--psk", words[words.index("-psk_identity") + 1] + ":" + words[words.index("-psk") + 1]]
    return Trust("tls://127.0.0.1:0", home, key, key)


def certificates(directory):
    """One certificate for both ends, which is its own root."""
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    run("openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out",
        certificate, "-subj", "/CN=bench", "-days", "30", "-addext", "subjectAltName=IP:127.0.0.1")
    key.chmod(0o600)
    files = ["--ca", str(certificate), "--certificate", str(certificate), "--key", str(key)]
    endpoint = f"tls://127.0.0.1:0?cert={certificate}&key={key}&ca={certificate}"
    return Trust(endpoint, [], files, files)


def challenge(directory):
    secret = directory / "secret"
    secret.touch(0o600)
    secret.write_text(SECRET)
    endpoint = f"tcp://127.0.0.1:0?auth=hmac-sha256&secret-file={secret}"
    return Trust(endpoint, [], [], ["--secret", SECRET])


def make(hotline, directory, names):
    """The trusts with those names; certificates need the program openssl."""
    directory = pathlib.Path(directory)
    makers = {"psk": lambda: psk(hotline, directory),
              "certificates": lambda: certificates(directory),
              "challenge": lambda: challenge(directory)}
    return plain() | {name: makers[name]() for name in names if name in makers}
