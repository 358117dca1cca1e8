#include "cli/help.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cli/nearest_name.h"
#include "cli/report.h"
#include "hotline/core/bytes.h"

namespace hotline::cli {
namespace {

constexpr std::string_view kProgram =
    R"(hotline: client/server programs over TCP, UDP and UNIX sockets

  hotline serve upper=tcp://127.0.0.1:8000     be a server, until ^C
  hotline call tcp://127.0.0.1:8000 hello      call it: prints HELLO
  hotline run tcp://127.0.0.1:8090 -- ls -l    run a command where 'command' is served

usage: hotline COMMAND [OPTION]...

commands:
  serve      serve one or more services
  call       send messages and print the replies
  run        run one command at an endpoint and print what it says
  shell      the same, a line at a time
  services   list the services that can be served
  doctor     tell what this machine allows, and whether that is enough
  help       explain a command, a service, or a topic: endpoints, concurrency, status

options of every command:
  --json      one JSON object a line, for programs
  --home DIR  keep files (the history of 'call') in DIR, not in the XDG directories
  -h, --help  this help, or that on a command
  --version   which version this is
)";

constexpr std::string_view kServe = R"(hotline serve: serve one or more services

  hotline serve upper=tcp://127.0.0.1:8000
  hotline serve upper=tcp://:8000 upper=udp://:8000 upper=unix:///tmp/upper.sock
  hotline serve --once upper=tcp://127.0.0.1:8000        one call, then exit

usage: hotline serve SERVICE=ENDPOINT... [OPTION]...

Once every endpoint is bound, 'listening SERVICE ENDPOINT' is printed for each, with its real
port, to standard error; if one cannot be bound, none is. SIGTERM, SIGHUP and the first ^C drain:
nobody new is taken, calls under way may finish. The second ends at once. The status is 0 after
either. ^C and SIGHUP that are ignored at the start (nohup) stay ignored.

options:
  --concurrency WORD    how many calls run at once, and on what (default loops):
                        serial, threads:N, processes:N, loops:N; see 'hotline help concurrency'
  --engine NAME         what loops run on: uring, epoll or auto (default: uring where it can run)
  --once                serve the first call only, then exit
  -v, --verbose         log who calls and what is said: <- received, -> sent
  --insecure            let 'command' listen where other machines can call it, unprotected
  --max-connections N   calls at once, of all services together (default: by descriptors)
  --idle-timeout TIME   end a call that is silent for so long (default 10m; 30s for its first byte)
  --drain-timeout TIME  how long calls may finish once asked to end (default 30s)
  --log-format FORMAT   text or json
  --json                errors and the log as JSON, one object a line
  --home DIR            keep files in DIR
  -h, --help            this help

TIME is 500ms, 60s, 2m, 1h, or none. 'hotline services' lists the services, 'hotline help
endpoints' says how endpoints are written.
)";

constexpr std::string_view kCall = R"(hotline call: send messages and print the replies

  hotline call tcp://127.0.0.1:8000 hello 'two words'
  hotline call udp://127.0.0.1:8082 hello
  hotline call tcp://127.0.0.1:8000                      type a line, read its reply
  printf 'one\ntwo\n' | hotline call unix:///tmp/upper.sock

usage: hotline call ENDPOINT [MESSAGE]... [OPTION]...

Each MESSAGE is sent as it is; without any, each line of standard input is one, without its
newline. Of lines, blank ones are skipped, and 'quit' or the end of input hangs up. The next
message goes after a reply, or after a while (--linger) without one. Replies go to standard
output as they arrive, with a newline where they lack one; everything else to standard error.

A stream (tcp, unix) knows no messages: a long reply may come in pieces, and is printed so. With
a framing ('hotline help endpoints') it does: messages go out without waiting for replies, each
reply is printed whole, and the call ends when every message has had one.
A datagram (udp, unixgram) that is not answered in time is sent again, twice at most.

The status is 0 if a reply came after the last message; see 'hotline help status'.

options:
  --linger TIME   how long to wait for a reply, and at the end for more of them (default 1s)
  --timeout TIME  how long connecting may take, and the peer to take what is sent (default 30s)
  --raw           at a terminal, print control characters as they are, not escaped
  --json          each reply as a JSON object, its bytes as "text", or "base64" if not UTF-8
  --home DIR      keep the history of the lines typed in DIR
  -h, --help      this help

TIME is 500ms, 60s, 2m, 1h, or none. Words after -- are messages even if they begin with '-'.
)";

constexpr std::string_view kRun =
    R"(hotline run: run one command at an endpoint and print what it says

  hotline run tcp://127.0.0.1:8090 -- ls -l 'two words'
  hotline run 'tcp://127.0.0.1:8090?wire=i32' 'ls -l | wc -l'

usage: hotline run ENDPOINT [OPTION]... -- COMMAND [ARGUMENT]...

One word is a line for the shell at the other end, as it stands; several are quoted, so that just
that program runs with just these arguments. ENDPOINT is where 'command' is served, by hotline or
by anybody; ?wire= says how a reply is told from what follows it, and must be what is served:

  wire=plain    it is not: a reply ends after a while of quiet (--linger), or with the call
  wire=ready    a decimal length, 'ready' from the caller, the reply
  wire=i32      a length of 4 bytes, the reply
  max=BYTES     the longest reply (default 64MiB); a longer one is an error

These wires carry neither the command's status nor which output its words come from: they are
what it wrote to standard error, else to standard output, else a word of success. They go to
standard output as they are, except at a terminal without --raw. On 'ready' and 'i32' they are
the whole reply, or none of it.

The status is 0 once a whole reply has come, 2 for a wrong command line, else 255. ^C breaks the
call off, and the server kills the command and all that it has started.

options:
  --linger TIME   plain: the quiet that ends a reply; ready: how long to wait for the server's
                  close, or for more than it announced, after a whole reply (default 1s)
  --timeout TIME  for all of it (default: 30s to connect, none for the command)
  --raw           at a terminal, print control characters as they are, not escaped
  --json          the reply as a JSON object, its bytes as "text", or "base64" if not UTF-8
  --home DIR      not used here
  -h, --help      this help

TIME is 500ms, 60s, 2m, 1h, or none.
)";

constexpr std::string_view kShell = R"(hotline shell: run commands at an endpoint, a line at a time

  hotline shell tcp://127.0.0.1:8090
  printf 'pwd\nls\n' | hotline shell 'tcp://127.0.0.1:8090?wire=i32'

usage: hotline shell ENDPOINT [OPTION]...

Each line of standard input is run by a shell of its own at the other end: nothing of one, its
'cd' for example, is left for the next. The replies go to standard output, with a newline where
they lack one. Blank lines are skipped, and 'quit' or the end of input leaves. On a terminal
there is a prompt, and lines are edited and remembered, as in 'call'. 'hotline help run' says
what wires there are.

The status is 0 if nothing went wrong, else 1; a server that hangs up has.

options:
  --linger TIME   plain: the quiet that ends a reply (default 250ms); what comes later is shown
                  when it comes
  --timeout TIME  for connecting, and for each reply (default: 30s to connect, none for replies)
  --raw           at a terminal, print control characters as they are, not escaped
  --json          each reply as a JSON object, its bytes as "text", or "base64" if not UTF-8
  --home DIR      keep the history of the lines typed in DIR
  -h, --help      this help

TIME is 500ms, 60s, 2m, 1h, or none.
)";

constexpr std::string_view kServices = R"(hotline services: list the services that can be served

  hotline services
  hotline services --json

usage: hotline services [OPTION]...

options:
  --json      one JSON object for each service
  --home DIR  not used here
  -h, --help  this help
)";

constexpr std::string_view kDoctor =
    R"(hotline doctor: tell what this machine allows, and whether that is enough

  hotline doctor
  hotline doctor --json

usage: hotline doctor [OPTION]...

Shows the engine that servers will run on here and why, the limits that bound how many calls
there can be, and what the program was built of; and calls itself once over the loopback. Marks:
'ok', 'note' (works, but see the hint) and 'FAIL'. The status is 0 if nothing fails, else 1.

options:
  --json      all of it as one JSON object
  --home DIR  not used here
  -h, --help  this help
)";

constexpr std::string_view kEndpoints = R"(endpoints: where to listen, or whom to call

  tcp://HOST:PORT       a TCP stream; tcp://:8000 listens on every address, port 0 takes a free one
  udp://HOST:PORT       UDP datagrams
  unix:///PATH          a UNIX stream; unix:@NAME is one without a file (Linux's abstract names)
  unixgram:///PATH      UNIX datagrams; unixgram:@NAME likewise
  fd:N                  serve only: a socket inherited as descriptor N, which listens, or for
                        datagrams is bound; N itself is closed

IPv6 addresses stand in brackets: tcp://[::1]:8000. Options follow ?, with & between them; quote
them for the shell:

  backlog=N             how many callers may wait to be accepted (default 4096)
  receive=BYTES         the most that one receive takes: 1024, 64KiB
  mode=OCTAL            permission bits of a UNIX path: 660
  nodelay=on|off        TCP: send small writes at once (default on)
  send-buffer=BYTES     how much may wait in the kernel to be sent
  receive-buffer=BYTES  TCP, UDP: how much may wait in the kernel to be received
  v6only=on|off         serve only, at an IPv6 address or at every address: take no IPv4 callers
  source=ADDRESS        call, run and shell, over TCP and UDP: the address to call from
  allow=WORD            serve only, at unix: 'owner' answers callers of your own user and root,
                        'any' everybody who can connect (default any; of 'command' owner, unless
                        mode= says who can)
  framing=NAME          where messages end on a stream (default raw: whatever arrives is one):
                        lines, u16be, u32be, u32le, i32le, varint, netstring, delimiter=BYTES,
                        fixed=N, ready, mp; both sides need the same. BYTES: %00 is a zero byte
  max=BYTES             the longest message of a framing (default 16MiB)

and, of the service 'command' (see 'hotline help command'):

  wire=WORD             plain, ready or i32
  max=BYTES             the longest reply: 64MiB
  timeout=TIME          serve only: how long one command may take (default none)
  cwd=/PATH             serve only: where commands start (default: your home directory)

  hotline call 'tcp://127.0.0.1:8000?framing=u32be&max=1MiB' hello
  hotline serve 'upper=tcp://127.0.0.1:8000?backlog=5&receive=1024'
)";

constexpr std::string_view kUpper =
    R"(upper: the service that answers with the same bytes, a-z as A-Z

  hotline serve upper=tcp://127.0.0.1:8000
  hotline call tcp://127.0.0.1:8000 hello

It is served at tcp:// udp:// unix: unixgram: fd: endpoints, framed too ('hotline help
endpoints'): then each message has a reply of its own.
)";

constexpr std::string_view kCommand =
    R"(command: the service that runs shell commands, and answers with what they say

  hotline serve 'command=tcp://127.0.0.1:8090?wire=i32'
  hotline run 'tcp://127.0.0.1:8090?wire=i32' 'ls -l | wc -l'

Each request is run by a shell of its own: no login shell, no start-up files, a clean environment,
an empty standard input. The reply is what it wrote to standard error, else to standard output,
else a word of success. When a call ends, its command is killed, and all that it has started.
What cannot be answered truly is not answered: the call is reset, and the server's log says why.
So is a caller that speaks HTTP, TLS or SSH: a page in a browser can call any port of this machine.

Whoever can call it can do whatever its user can, so it listens on the loopback and on UNIX
sockets only, unless --insecure says otherwise. On UNIX sockets only your own user and root can
call, unless the endpoint says allow=any, or mode= for a path. It is served at tcp:// unix: fd:
endpoints, with these options:

  wire=WORD             how a reply is told from what follows it: plain (it is not), ready (a
                        decimal length), i32 (a length of 4 bytes)
  max=BYTES             the longest reply (default 64MiB)
  timeout=TIME          how long one command may take (default none)
  cwd=/PATH             where commands start (default: your home directory, else /)
)";

constexpr std::string_view kConcurrency =
    R"(concurrency: how many calls a server runs at once, and on what

  serial        one call after another at each endpoint
  threads:N     at most N calls (default 256), each on a thread of its own
  processes:N   at most N calls (default 64), each in a process of its own
  loops:N       N event loops (default: one a core), tens of thousands of calls on each

The services are the same under each. Callers beyond the limit wait until there is room.

  hotline serve --concurrency threads:16 upper=tcp://127.0.0.1:8000
)";

constexpr std::string_view kStatus = R"(status: what the program's exit status says

    0  it worked; for 'call': a reply came after the last message (framed: to each message), and
       no error cut it off; for 'run': a whole reply came
    1  it failed
    2  the command line is wrong; nothing was done
    5  nobody answers at the endpoint, or its name is unknown
    6  no connection within --timeout, or the peer's machine does not answer
  130  ended by ^C (143: by SIGTERM); 'serve' drains instead, and ends with 0
  255  'run' only, in place of 1, 5 and 6

With --json an error is an object on standard error, and its "code" is the status.

  hotline call tcp://127.0.0.1:8000 hello || echo "status $?"
)";

struct Topic {
  std::string_view name;
  std::string_view text;
};
constexpr std::array kTopics = {
    Topic{"serve", kServe},
    Topic{"call", kCall},
    Topic{"run", kRun},
    Topic{"shell", kShell},
    Topic{"services", kServices},
    Topic{"doctor", kDoctor},
    Topic{"upper", kUpper},
    Topic{"command", kCommand},
    Topic{"endpoints", kEndpoints},
    Topic{"concurrency", kConcurrency},
    Topic{"status", kStatus},
};

}  // namespace

Result<std::string> help_on(std::string_view topic) {
  if (topic.empty() || topic == "help") return std::string(kProgram);
  const auto found = std::ranges::find(kTopics, topic, &Topic::name);
  if (found != kTopics.end()) return std::string(found->text);
  std::vector<std::string> names;
  names.reserve(kTopics.size());
  for (const Topic& each : kTopics) names.emplace_back(each.name);
  return fail(usage_error("there is no help on '" + escape(as_bytes(topic)) + "'",
                          did_you_mean(topic, names) + "there is help on " + list_names(names)));
}

}  // namespace hotline::cli
