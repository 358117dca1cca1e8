#include "cli/client_loop.h"

#include <cstddef>

#include "cli/report.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {
namespace {

/// Making a ring takes longer than a short call. Stacks are mapped as far as they are used.
constexpr LoopOptions kClientLoop{.engine = EngineKind::epoll,
                                  .fiber_stack_bytes = std::size_t{256} * 1024};

}  // namespace

ExitStatus run_on_client_loop(std::move_only_function<ExitStatus()> work, OutputForm form) {
  // A reader of the output that leaves ends the work, not the program.
  fail_lost_writes();
  ExitStatus status = ExitStatus::no_reply;
  TaskGroup fibers({.on_throw = OnThrow::cancels_others, .loop = kClientLoop});
  auto done = fibers.spawn("client", [&] { status = work(); });
  if (done) done = fibers.join();
  return done ? status : report_error(done.error(), ExitStatus::no_reply, form);
}

}  // namespace hotline::cli
