#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/event_loop.h"

namespace hotline::test {

/// Returns the engines with a loop that can run here. Prints once if uring is not among them.
std::vector<EngineKind> loop_engines();

/// Runs `body` on a fiber of a fresh loop, for each engine that can run here, until no fiber of it
/// is left. Rethrows what it throws, a failed REQUIRE too.
void on_each_loop(const std::function<void(engine::EventLoop&)>& body, LoopOptions options = {});

/// The same for one engine.
void on_loop(EngineKind kind, const std::function<void(engine::EventLoop&)>& body,
             LoopOptions options = {});

/// The same without passing the loop, and also on this very thread (the blocking engine).
void on_each_engine(const std::function<void()>& body);

/// Returns the name of an error's kind, or "" if there is no error, to compare and to show.
template <typename Value>
std::string kind_of(const Result<Value>& result) {
  return result ? std::string() : std::string(name_of(result.error().kind));
}

/// How a child process ended and what it wrote to standard error.
struct ChildReport {
  int exit_status = -1;
  int signal = 0;
  std::string error_text;
};

/// Runs `body` in a fork of this process; its exit status is 0 if `body` returns.
ChildReport in_child_process(const std::function<void()>& body);

}  // namespace hotline::test
