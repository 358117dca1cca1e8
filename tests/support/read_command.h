#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "support/served_command.h"

// A command at its client, read to its end or cut off before it.

namespace hotline::test {

inline RemoteCommand plain_command() { return {.program = CommandWords{{"id"}}}; }

inline RemoteCommand command_with_input() {
  RemoteCommand command = plain_command();
  command.input = CommandInput::stream;
  return command;
}

inline RemoteCommand kept_command() {
  RemoteCommand command = command_with_input();
  command.keep = std::chrono::hours(1);
  return command;
}

/// What a client has got of a command.
struct Got {
  std::string output;
  std::string error;
  Result<CommandExit> result = CommandExit{};
};

/// Reads until the end, or the first failure.
inline void read_on(RunningCommand& command, Got& got) {
  for (;;) {
    const auto event = command.next();
    if (!event || event->kind == CommandEvent::Kind::ended) break;
    (event->kind == CommandEvent::Kind::output ? got.output : got.error) += as_text(event->bytes);
  }
  got.result = command.result();
}

inline Got read_all(RunningCommand& command) {
  Got got;
  read_on(command, got);
  return got;
}

/// Serves every command with the same output, from where its client attaches.
class SteadyServer {
 public:
  explicit SteadyServer(Session& session) : session_(session) {}

  const std::string output = numbered_text(90);
  const std::string error = numbered_text(40);

  /// Until the session ends.
  void run() {
    while (auto stream = session_.accept()) serve(std::move(*stream));
  }

 private:
  void serve(SessionStream stream) {
    ServedCommand served(std::move(stream));
    services::CommandAnswer answer = served.usual_answer();
    if (const auto* attach = std::get_if<services::AttachRequest>(&served.request)) {
      answer.output_offset = attach->output_offset.value();
      answer.error_offset = attach->error_offset.value();
      answer.keep = std::chrono::hours(1);
    }
    served.accept(answer);
    const auto send = [&](std::uint8_t flow, std::string_view text, std::size_t from) {
      served.note_before(flow, text.substr(0, from));
      for (std::size_t at = from; at < text.size(); at += 30) {
        served.write(flow, text.substr(at, 30));
      }
    };
    send(services::kOutputFlow, output, answer.output_offset);
    send(services::kErrorFlow, error, answer.error_offset);
    served.end_with({.kind = ExitKind::code});
    // Until the client is done.
    while (served.stream.receive()) {
    }
  }

  Session& session_;
};

/// Runs a command whose connection is cut after `cut` bytes of the server, and calls `then` with
/// it, what has arrived, and the server. Returns false if nothing was missing.
inline bool run_cut(const RemoteCommand& asked, std::size_t cut,
                    const std::function<void(RunningCommand&, Got&, const SteadyServer&)>& then) {
  CommandPair pair(services::command_session_options(SessionRole::server),
                   std::make_unique<CutLayer>(cut));
  SteadyServer server(pair.server);
  bool is_whole = false;
  at_once([&] { server.run(); },
          [&] {
            auto command = pair.client.start(asked);
            if (command) {
              Got got = read_all(*command);
              is_whole = got.result.has_value();
              if (is_whole) {
                CHECK(got.output == server.output);
                CHECK(got.error == server.error);
              }
              then(*command, got, server);
            }
            pair.server.break_off(SessionCode::internal, "the test is done");
          });
  return !is_whole;
}

}  // namespace hotline::test
