#include "cli/host_run.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "hotline/net/listener.h"
#include "support/loops.h"

namespace hotline::cli::host_run_test {
namespace {

/// An output that must not be used.
class UnusedOutput : public HostOutput {
 public:
  Result<void> open() override { return unused(); }
  Result<void> take(Bytes) override { return unused(); }
  Result<void> finish(OutputEnd) override { return unused(); }

 private:
  static Result<void> unused() {
    CHECK_MESSAGE(false, "nothing was run");
    return {};
  }
};

/// Returns what becomes of a command at `host`.
HostResult result_at(const std::string& host) {
  RunOptions run;
  run.command = {"true"};
  HostOutputs outputs{std::make_unique<UnusedOutput>(), std::make_unique<UnusedOutput>()};
  HostResult result{.host = host};
  auto target = CommandTarget::parse(host, {}, std::chrono::seconds(30));
  REQUIRE(target);
  run_at_host(std::move(*target), run, outputs, result);
  CHECK_FALSE(result.exit);
  REQUIRE(result.error);
  return result;
}

/// Returns the same for a server that serves one call so.
HostResult result_of(const std::function<void(Stream& call)>& serve) {
  HostResult result{.host = {}};
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    TaskGroup fibers;
    REQUIRE(fibers.spawn("server", [&] {
      auto call = listener->accept();
      REQUIRE(call);
      serve(*call);
    }));
    result = result_at(listener->endpoint().to_string());
    REQUIRE(fibers.join());
  });
  return result;
}

}  // namespace

TEST_CASE("without a connection the endpoint is unreachable") {
  CHECK(result_at("unix:///absent/socket").outcome == HostOutcome::unreachable);
}

TEST_CASE("a server that ends the call without an answer has refused it") {
  const HostResult result = result_of([](Stream& call) { call.close(); });
  CHECK(result.outcome == HostOutcome::refused);
  CHECK_FALSE(result.error->hint().empty());
}

TEST_CASE("a server of something else is not reachable as a service of commands") {
  const HostResult result = result_of([](Stream& call) {
    CHECK(call.write_all(as_bytes("220 mail.example ESMTP ready when you are\r\n")));
    while (call.receive()) {
    }
  });
  CHECK(result.outcome == HostOutcome::unreachable);
}

}  // namespace hotline::cli::host_run_test
