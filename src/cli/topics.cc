#include "cli/topics.h"

#include "cli/endpoint_forms.h"
#include "cli/service_files.h"
#include "cli/text_layout.h"
#include "cli/wire_texts.h"
#include "hotline/auth/challenge.h"
#include "hotline/framing/framing.h"
#include "hotline/net/tls.h"
#include "hotline/server/concurrency.h"

namespace hotline::cli {
namespace {

/// The form and the summary of each.
std::vector<Definition> described(std::span<const Choice> choices) {
  std::vector<Definition> definitions;
  for (const Choice& each : choices) {
    definitions.push_back({std::string(each.form), std::string(each.summary)});
  }
  return definitions;
}

std::string endpoints_text() {
  return two_columns(endpoint_forms()) + R"(
An IPv6 address is written in brackets: tcp://[::1]:8000. Options follow ?, with & between them.
Quote them for the shell:

)" +
         two_columns(
             {{"framing=NAME", "how messages are marked on a stream: " +
                                   hotline::list_forms(framing_names(), "or") +
                                   "; see 'hotline help framing'"},
              {"max=BYTES", "the longest message of a framing (default 16MiB)"},
              {"receive=BYTES", "the most bytes that one receive takes: 1024, 64KiB"},
              {"nodelay=on|off", "TCP: send small writes at once (default on)"},
              {"send-buffer=BYTES", "how many bytes may wait in the kernel to be sent"},
              {"receive-buffer=BYTES",
               "TCP and UDP: how many bytes may wait in the kernel to be received"},
              {"source=ADDRESS",
               "'call', 'run' and 'shell', over TCP and UDP: the address to call from"},
              {"v6only=on|off",
               "'serve' only, at an IPv6 address or at every address: accept no IPv4 callers"},
              {"backlog=N",
               "'serve' only: how many callers may wait to be accepted (default "
               "4096)"},
              {"mode=OCTAL", "'serve' only: the permission bits of a UNIX path: 660"},
              {"allow=LIST",
               "'serve' only: the callers that are served, as in alice,bob or "
               "uid:1000,gid:100,owner. A name is "
               "that of a key, or the common name of a certificate, at tls://; at unix:, uid: and "
               "gid: are the caller's, and owner is the server's own user and root. 'any' is "
               "everybody who can connect (default any; for 'command' at unix: owner, unless mode= "
               "is given)"},
              {"auth=NAME", "streams: callers must prove that they know a secret: " +
                                hotline::list_forms(challenge_names(), "or") +
                                "; see 'hotline help auth'"},
              {"secret-file=PATH",
               "the file with the secret of auth=, which only its owner may read; one newline at "
               "its end is dropped"}}) +
         "\nAt tls:// endpoints:\n\n" + two_columns(described(tls_option_names())) + R"(
An endpoint of the service 'command' has these options instead of framing= and max=:

)" + two_columns(server_wire_options()) +
         R"(
An endpoint of the service 'files' has these options:

)" + two_columns(files_options()) +
         R"(
  hotline call 'tcp://127.0.0.1:8000?framing=u32be&max=1MiB' hello
  hotline serve 'upper=tcp://127.0.0.1:8000?backlog=5&receive=1024'
)";
}

std::string framing_text() {
  return R"(TCP and UNIX streams carry bytes, not messages: two sends may arrive as one, and one as
two. A framing marks where each message ends. Both sides must use the same one. It is an option of
the endpoint:

  hotline serve 'upper=tcp://127.0.0.1:8000?framing=lines'
  hotline call 'tcp://127.0.0.1:8000?framing=lines' hello

)" + two_columns(described(framing_names())) +
         R"(
'max=BYTES' limits the length of a message (default 16MiB). A longer one, or bytes that are not a
message, end the call. Datagrams are messages already and have no framing.
)";
}

std::string auth_text() {
  return R"(With auth=, a caller must prove at the beginning of a call that it knows a secret,
before the service gets anything. Server and caller name the same scheme and a file with the same
secret:

  (umask 077; head -c 32 /dev/urandom | base64 >key)
  hotline serve 'upper=tcp://127.0.0.1:8000?auth=hmac-sha256&secret-file=key'
  hotline call 'tcp://127.0.0.1:8000?auth=hmac-sha256&secret-file=key' hello

)" + two_columns(described(challenge_names())) +
         R"(
The secret is not sent, but nothing is encrypted: anyone on the way can read and change
the call. 'serve' therefore accepts such an endpoint only on 127.0.0.1, ::1 and unix:, unless
--insecure is given. A caller has 10 seconds to answer. After a wrong answer the server hangs up.
)";
}

std::string concurrency_text() {
  return R"(How many calls a server runs at once, and on what, is chosen with 'hotline serve
--concurrency WORD':

)" + two_columns(described(Concurrency::choices())) +
         R"(
The services behave the same under each word. Callers above the limit wait until there is room.

  hotline serve --concurrency threads:16 upper=tcp://127.0.0.1:8000
)";
}

std::string status_text() {
  return status_table() + R"(
With --json an error is an object on standard error. Its "code" is the exit status.

  hotline call tcp://127.0.0.1:8000 hello || echo "status $?"
)";
}

}  // namespace

std::string status_table() {
  return two_columns(
      {{"0",
        "success. For 'call': a reply came after the last message (with a framing: to each "
        "message), and no error ended the call. For 'run': the command ended with 0, and all of "
        "its "
        "output came."},
       {"1", "failure"},
       {"2",
        "the command line is wrong, or what it names here (a file or the source address of an "
        "endpoint), or there is no key for the endpoint here; nothing was done"},
       {"4", "commands for files: the server does not accept the caller"},
       {"5", "no server answers at the endpoint, or the name of its host is unknown"},
       {"6", "no connection within --timeout, or the peer's machine does not answer"},
       {"7", "commands for files: the server sent what it must not send"},
       {"8", "commands for files: some files were transferred, others were not"},
       {"9",
        "commands for files: a content changed while it was transferred, or it is not what was "
        "sent"},
       {"10",
        "commands for files: the server refuses it, because of rights, the quota, or a name that "
        "is in use or does not exist"},
       {"130", "ended by ^C (143: by SIGTERM). 'serve' drains instead, and its status is 0."},
       {"255",
        "'run', 'attach', 'jobs' and a 'shell' that was begun, instead of 1, 5 and 6. All other "
        "numbers are the status of the command: see 'hotline help run'"}});
}

std::vector<Topic> make_topics() {
  return {
      {"endpoints", "endpoint", "how addresses and their options are written", "ENDPOINTS",
       endpoints_text()},
      {"framing", "framings", "how messages are marked on a stream", "FRAMING", framing_text()},
      {"auth", "", "how callers prove that they know a secret", "AUTHENTICATION", auth_text()},
      {"concurrency", "", "how many calls a server runs at once, and on what", "CONCURRENCY",
       concurrency_text()},
      {"status", "", "what the exit status of the program means", "EXIT STATUS", status_text()}};
}

}  // namespace hotline::cli
