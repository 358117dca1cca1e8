// Callers that say who they are, a state for each call, a last word, and a task beside the calls.
//
//   sessions_server [ENDPOINT]                  default tcp://127.0.0.1:8000?framing=lines
#include <cstdio>

#include "hotline/hotline.h"

using namespace hotline;
// Lets mary in; a real server asks for more than a name.
Result<Identity> ask_name(Stream& call) {
  std::string name(4, '\0');
  const auto read = call.read_exact(as_writable_bytes(name));
  if (!read) return fail(read.error());
  if (name == "mary") return Identity{name};
  return fail(make_error(ErrorKind::permission_denied, "greet", name, "not known"));
}

// Called once for each call: what it returns is that call's alone.
MessageHandler begin_session(const CallInfo& info) {
  return [name = info.identity()->name, count = 0](const Message& message) mutable -> Reply {
    if (as_text(message.bytes()) == "bye") return Reply("bye, " + name).then_close();
    return name + ", message " + std::to_string(++count);
  };
}

int main(int argc, char** argv) {
  Server server;
  const char* const uri = argc > 1 ? argv[1] : "tcp://127.0.0.1:8000?framing=lines";
  // value() throws the errors that a program this short does not handle, with their hints.
  server.add(uri, Handler(begin_session).authenticate(ask_name)).value();
  const auto print_counters = [&] {
    while (sleep_for(std::chrono::minutes(1), OnDrain::ends))
      std::printf("%lu calls now\n", server.counters().calls_in_flight);
  };
  server.add_task("counters", print_counters).value();
  const int status = serve(server);
  std::fprintf(stderr, "%lu refused\n", server.counters().refusals());
  return status;
}
