#include "cli/command_call.h"

#include <iterator>

#include "cli/client_call.h"
#include "cli/endpoint_forms.h"
#include "cli/option_values.h"

namespace hotline::cli {
namespace {

constexpr char kCallExamples[] =
    R"(  hotline call tcp://127.0.0.1:8000 hello 'two words'
  hotline call udp://127.0.0.1:8082 hello
  hotline call tcp://127.0.0.1:8000                      type a line, read its reply
  printf 'one\ntwo\n' | hotline call unix:///tmp/upper.sock
)";

constexpr char kCallDescription[] =
    R"(Sends each MESSAGE as it is. Without a MESSAGE, sends each line of standard input,
without its newline, and skips blank lines. At a terminal there is a prompt, and the line 'quit' or
the end of input hangs up; from a file or a pipe, 'quit' is a message like any other. Replies go to
standard output, each with a newline added if it has none. Everything else goes to standard error.

On a stream without a framing (tcp, unix), nothing marks the end of a message: a long reply may
come in pieces, and is printed as it comes. The next message is sent after a reply, or after
--linger without one. Newlines of the input are not sent; '?framing=lines' sends them.

On a stream with a framing ('hotline help framing'), messages are sent without waiting for replies.
Each reply is printed whole, and the call ends when every message has its reply.

On datagrams (udp, unixgram), a message without a reply within --linger is sent again, at most
twice.

The exit status is 0 if a reply came after the last message; see 'hotline help status'.
)";

constexpr char kCallNotes[] = "After --, words are messages even if they begin with '-'.\n";

}  // namespace

Result<CallOptions> read_call(const Arguments& given) {
  if (given.words.empty()) {
    return fail(usage_error("missing ENDPOINT",
                            "write for example 'hotline call tcp://127.0.0.1:8000 hello'"));
  }
  auto options = read_call_options(given);
  if (!options) return options;
  options->endpoint = given.words.front();
  options->messages.assign(std::next(given.words.begin()), given.words.end());
  return options;
}

Subcommand call_subcommand() {
  return {.name = "call",
          .summary = "send messages and print the replies",
          .examples = kCallExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = call_prefixes},
                       {.name = "MESSAGE", .usage = "[MESSAGE]...", .repeats = Repeats::yes}},
          .options = call_rows(),
          .description = kCallDescription,
          .notes = std::string(kTimes) + kCallNotes,
          .run = read_and_run<read_call, hold_call>};
}

}  // namespace hotline::cli
