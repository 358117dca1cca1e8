#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>

#include "contract/server_run.h"
#include "contract/stage.h"
#include "engine/simulated/simulated_loop.h"

namespace contract {
namespace {

using hotline::engine::Program;
using hotline::engine::SimulatedLoop;

class SimulatedServer final : public ServerRun {
 public:
  explicit SimulatedServer(const ServerSpec& spec) : spec_(spec), stage_(spec.options.loop) {
    stage_.run([this] { serve(); });
  }

  ~SimulatedServer() override {
    if (program_ != nullptr && !end_) loop_->kill(*program_);
  }

  std::string take_endpoint() override {
    REQUIRE(stage_.run_until([this] { return endpoint_.has_value(); }));
    return *endpoint_;
  }

  void signal(int number) override {
    loop_->raise(*program_, number);
    stage_.run_until([this] { return !has_pending_signal(); });
  }

  ServerEnd wait() override {
    REQUIRE(stage_.run_until([this] { return end_.has_value(); }));
    return *end_;
  }

  /// The server lives in the test's process, and so does its kernel, whose memory counts too.
  std::size_t resident_bytes() const override {
    std::size_t all = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }

 private:
  void serve();
  static ServerEnd run(hotline::Server& server);
  bool has_pending_signal() const;

  const ServerSpec spec_;
  SimulatedLoop* loop_ = nullptr;
  Program* program_ = nullptr;
  std::optional<std::string> endpoint_;
  std::optional<ServerEnd> end_;
  Stage stage_;  ///< Destroyed first: a killed server ends there.
};

void SimulatedServer::serve() {
  loop_ = static_cast<SimulatedLoop*>(&hotline::engine::Engine::current());
  program_ = &loop_->program();
  if (spec_.descriptors_max > 0) program_->descriptors_max = spec_.descriptors_max;
  ServerEnd end;
  {
    hotline::Server server(spec_.options);
    auto ready = server.add(spec_.uri, spec_.handler);
    if (ready) ready = server.bind();
    endpoint_ = ready ? server.services().front().endpoint.to_uri() : ready.error().message();
    end = ready ? run(server) : ServerEnd{{}, 2};
  }
  end_ = end;
}

ServerEnd SimulatedServer::run(hotline::Server& server) {
  const auto report = server.run();
  if (report) return {*report, 0};
  std::fprintf(stderr, "%s\n", report.error().message().c_str());
  return {{}, 1};
}

bool SimulatedServer::has_pending_signal() const {
  for (const auto& weak : program_->signals) {
    const auto node = weak.lock();
    if (node && node->is_ready(hotline::engine::Direction::read)) return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<ServerRun> simulate_server(const ServerSpec& spec) {
  return std::make_unique<SimulatedServer>(spec);
}

}  // namespace contract
