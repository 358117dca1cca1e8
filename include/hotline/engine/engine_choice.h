#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/result.h"

namespace hotline {

/// Which engine event loops run on.
enum class EngineKind {
  automatic,  ///< uring where the kernel allows it, else epoll.
  uring,
  epoll,
  simulated,  ///< Of a World, see hotline/sim/world.h; not to be chosen by name.
};

/// The kind's name on the command line: `uring`.
std::string_view name_of(EngineKind kind);

/// The kind of that name; fails with `invalid_argument`, naming the known ones.
Result<EngineKind> parse_engine_kind(std::string_view name);

/// The threads that offload() runs work on: one pool for each loop, one for all threads of a server
/// with `threads:N` or `serial`, one for any other thread.
struct OffloadOptions {
  unsigned threads_max = 4;  ///< At least one.

  /// Work that no thread has begun. Beyond it callers wait for room, in order, within their
  /// deadlines.
  std::size_t waiting_max = 1024;
};

/// How event loops are made. The defaults suit a server.
struct LoopOptions {
  EngineKind engine = EngineKind::automatic;
  std::size_t fiber_stack_bytes = 64 * 1024;  ///< Rounded up to pages; 256 KiB at least under ASan.
  std::size_t receive_memory_max = 64 * 1024 * 1024;  ///< Of receive buffers, for each loop.
  std::size_t receive_buffer_bytes = 0;               ///< Of one lease; 0: the engine's best.
  unsigned hot_buffers = 64;  ///< Receive buffers that the kernel holds (uring), a power of two.
  OffloadOptions offload{};
};

/// What this machine lets io_uring do, found by trying.
struct UringReport {
  bool is_usable = false;
  std::string reason;  ///< If not usable: one line that says what forbids it.
  std::string flags;   ///< If usable: the ring flags that were accepted.
};

/// Tries to make a ring with everything that the uring engine needs. Any thread.
UringReport probe_uring();

/// The engine that `wanted` means here, and why it is not the first choice, if it is not.
struct EngineDecision {
  EngineKind engine;
  std::string fallback_reason;  ///< Empty unless automatic fell back to epoll.
};

/// Decides; fails with `unsupported` if `wanted` was named and cannot run here.
Result<EngineDecision> choose_engine(EngineKind wanted);

}  // namespace hotline
