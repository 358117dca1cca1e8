#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// The engine that event loops run on.
enum class EngineKind {
  automatic,  ///< uring where the kernel allows it, otherwise epoll.
  uring,
  epoll,
  simulated,  ///< The engine of a World (hotline/sim/world.h). It cannot be chosen by name.
};

/// Returns the name of the kind as the command line has it: `uring`.
std::string_view name_of(EngineKind kind);

/// Returns the kind with that name. Fails with `invalid_argument`; the error lists the known names.
Result<EngineKind> parse_engine_kind(std::string_view name);

/// Returns the engines that parse_engine_kind() takes.
std::span<const Choice> engine_names();

/// The threads that run offloaded work. Each loop has a pool of its own, all threads of a server
/// with `threads:N` or `serial` share one, and any other thread has one of its own.
struct OffloadOptions {
  unsigned threads_max = 4;  ///< At least one.

  /// The limit on work that no thread has begun. Beyond it callers wait for room, in order and
  /// within their deadlines.
  std::size_t waiting_max = 1024;
};

/// How event loops are made. The defaults suit a server.
struct LoopOptions {
  EngineKind engine = EngineKind::automatic;
  std::size_t fiber_stack_bytes = 64 * 1024;  ///< Rounded up to pages; at least 256 KiB under ASan.
  /// The memory for receive buffers of each loop.
  std::size_t receive_memory_max = 64 * 1024 * 1024;
  std::optional<std::size_t> receive_buffer_bytes{};  ///< The size of one lease; unset: the
                                                      ///< engine's best size.
  /// The number of receive buffers that the kernel holds (uring), a power of two; at most a quarter
  /// of all.
  unsigned hot_buffers = 64;
  /// How long a loop without work looks for events over and over before it sleeps. A reply to what
  /// arrives in that time comes sooner, at the cost of a processor: up to this time each time that
  /// the loop has run out of work. kNoTimeout: it never sleeps. Zero: it sleeps at once.
  Duration spin{0};
  OffloadOptions offload{};
  /// The threads that wait for the disk in calls of DiskFile and Directory: a pool of its own.
  OffloadOptions files{};
};

/// Whether this machine allows io_uring, found by trying it.
struct UringReport {
  bool is_usable = false;
  std::string reason;  ///< If not usable: one line that names what forbids it.
  std::string flags;   ///< If usable: the ring flags that the kernel accepted.
};

/// Tries to make a ring with everything that the uring engine needs. Any thread.
UringReport probe_uring();

/// The engine that an EngineKind stands for on this machine and, if `automatic` did not get uring,
/// the reason.
struct EngineDecision {
  EngineKind engine;
  std::string fallback_reason;  ///< Empty unless `automatic` fell back to epoll.
};

/// Returns the engine to use. Fails with `unsupported` if `wanted` was named and cannot run here.
Result<EngineDecision> choose_engine(EngineKind wanted);

}  // namespace hotline
