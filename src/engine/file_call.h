#pragma once

#include <cerrno>
#include <cstdint>
#include <new>

#include "engine/engine.h"
#include "engine/file_kernel.h"

namespace hotline::engine {

/// Repeats a call that a signal interrupted.
template <typename Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -EINTR) return result;
  }
}

/// Runs `call(kernel)`, which may wait for the disk, where that delays no other fiber. Returns its
/// result, or a negated end code if it was ended before it began. `call` may use memory of the
/// caller.
template <typename Call>
std::int64_t file_call(Call call) {
  Engine& engine = Engine::current();
  if (const int ended = engine.begin_file_work(); ended < 0) return ended;
  std::int64_t result = 0;
  const int ended = engine.perform_file_work([&result, &call, &kernel = engine.file_kernel()] {
    try {
      result = call(kernel);
    } catch (const std::bad_alloc&) {
      result = -ENOMEM;
    }
  });
  return ended < 0 ? ended : result;
}

/// The same for a call that often needs no disk: runs `call(kernel, patience)` at once without
/// patience, and if that returns -EAGAIN again with it. A result is a number of bytes.
template <typename Call>
std::int64_t quick_file_call(Call call) {
  Engine& engine = Engine::current();
  if (const int ended = engine.begin_file_work(); ended < 0) return ended;
  if (engine.has_other_fibers()) {
    const std::int64_t result = call(engine.file_kernel(), Patience::none);
    if (result >= 0) engine.note_work(static_cast<std::size_t>(result));
    if (result != -EAGAIN) return result;
  }
  return file_call([&](FileKernel& kernel) { return call(kernel, Patience::waits); });
}

}  // namespace hotline::engine
