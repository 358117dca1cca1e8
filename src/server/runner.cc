#include "server/runner.h"

#include <algorithm>

#include "engine/engine.h"
#include "server/loops_runner.h"
#include "server/processes_runner.h"
#include "server/threads_runner.h"

namespace hotline::server {

std::unique_ptr<Runner> make_runner(ServerState& state, engine::EventLoop& control) {
  switch (state.options.concurrency.kind) {
    case Concurrency::Kind::serial:
    case Concurrency::Kind::threads: return std::make_unique<ThreadsRunner>(state, control);
    case Concurrency::Kind::processes: return std::make_unique<ProcessesRunner>(state, control);
    case Concurrency::Kind::loops: break;
  }
  return std::make_unique<LoopsRunner>(state, control);
}

std::size_t loop_count(const ServerOptions& options) {
  return options.concurrency.kind == Concurrency::Kind::loops
             ? options.concurrency.effective_count()
             : 0;
}

std::size_t socket_thread_count(const ServerOptions& options) {
  return std::min<std::size_t>(options.concurrency.effective_count(),
                               engine::Engine::current().core_count());
}

}  // namespace hotline::server
