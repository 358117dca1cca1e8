#include "hotline/engine/process.h"

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"
#include "support/scripted_launcher.h"
#include "support/simulated.h"

namespace hotline::process_test {
namespace {

/// Overrides only what it must.
class BareProcess : public Process {
 public:
  Result<std::size_t> read_some(OutputStream, MutableBytes) override { return 0; }
  Result<ProcessEnd> wait() override { return ProcessEnd{}; }
  void kill() override {}
};

class SignalledProcess final : public BareProcess {
 public:
  Result<void> send_signal(int signal) override {
    signals.push_back(signal);
    return {};
  }
  std::vector<int> signals;
};

}  // namespace

TEST_CASE("a process that overrides only what it must has no input, no id and takes no signals") {
  BareProcess process;
  CHECK(process.pid() == -1);
  CHECK(test::kind_of(process.write_some(as_bytes("x"))) == "closed");
  process.close_input();
  process.close_output(OutputStream::standard_output);
  CHECK(test::kind_of(process.resize(24, 80)) == "unsupported");
  CHECK(test::kind_of(process.send_signal(SIGTERM)) == "unsupported");
  CHECK(test::kind_of(process.terminate()) == "unsupported");
  CHECK(process.finish());
}

TEST_CASE("terminate sends SIGTERM") {
  SignalledProcess process;
  CHECK(process.terminate());
  CHECK(process.signals == std::vector<int>{SIGTERM});
}

TEST_CASE("a scripted program echoes its input, takes no more than it may, and ends with it") {
  test::Simulation simulation;
  simulation.run([] {
    test::ScriptedLauncher launcher(
        [](const std::string&) { return test::Script{.echoes_input = true, .input_max = 3}; });
    auto launched = launcher.launch({.arguments = {"echo"}, .input = ProcessInput::pipe});
    REQUIRE(launched);
    Process& process = **launched;
    CHECK(process.write_some(as_bytes("abcd")).value() == 3);
    {
      const DeadlineScope scope(deadline_after(std::chrono::seconds(1)));
      CHECK(test::kind_of(process.write_some(as_bytes("d"))) == "timed_out");
      CHECK(test::kind_of(process.wait()) == "timed_out");
    }
    std::array<std::byte, 8> piece;
    CHECK(process.read_some(OutputStream::standard_output, piece).value() == 3);
    process.close_input();
    CHECK(process.read_some(OutputStream::standard_output, piece).value() == 0);
    CHECK(process.wait()->exit_status == 0);
    CHECK(launcher.dealings().input == "abc");
  });
}

TEST_CASE("a scripted program ends by a signal, except by one that is ignored by default") {
  test::Simulation simulation;
  simulation.run([] {
    test::ScriptedLauncher launcher([](const std::string&) { return test::Script{.lasts = true}; });
    auto launched = launcher.launch({.arguments = {"last"}});
    REQUIRE(launched);
    CHECK((*launched)->send_signal(SIGWINCH));
    CHECK((*launched)->terminate());
    CHECK((*launched)->wait()->signal == SIGTERM);
    CHECK(test::kind_of((*launched)->terminate()) == "closed");
    CHECK(launcher.dealings().signals == std::vector<int>{SIGWINCH, SIGTERM});
  });
}

}  // namespace hotline::process_test
