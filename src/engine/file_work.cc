#include "hotline/engine/file_work.h"

#include <exception>

#include "engine/engine.h"
#include "hotline/engine/cancel_hold.h"

namespace hotline {

using engine::Engine;

Result<void> run_file_work(std::move_only_function<void()> work) {
  constexpr std::string_view kWork = "work on files";
  Engine& engine = Engine::current();
  if (const int ended = engine.begin_file_work(); ended < 0) {
    return fail(engine::operation_error(ended, kWork));
  }
  std::exception_ptr thrown;
  const int ended = engine.perform_file_work([&] {
    try {
      const CancelHold whole;
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  if (ended < 0) return fail(engine::operation_error(ended, kWork));
  if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
  return {};
}

}  // namespace hotline
