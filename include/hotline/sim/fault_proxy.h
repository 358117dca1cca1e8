#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/fault_plan.h"
#include "hotline/net/endpoint.h"

namespace hotline HOTLINE_PUBLIC {
namespace sim {

/// The faults of a proxy, and the limits of their durations. On real sockets time is real, so what
/// takes minutes in a World is short here.
struct FaultProxyOptions {
  FaultPlan faults{};      ///< By default none.
  std::uint64_t seed = 1;  ///< For all choices.
  Duration delay_max = std::chrono::milliseconds(20);
  Duration stall_max = std::chrono::milliseconds(200);
  /// How long a datagram is held back for a later one to pass it.
  Duration reordering_max = std::chrono::milliseconds(20);
  Duration partition_max = std::chrono::milliseconds(100);
};

/// Forwards between callers and a server on real sockets, and injects the faults of a bad network:
/// the faults of a World, for servers and callers of any kind, in other processes and languages
/// too.
///
///     auto proxy = FaultProxy::bind("tcp://127.0.0.1:0", "tcp://127.0.0.1:8000",
///                                   {.faults = FaultPlan::of_seed(seed), .seed = seed});
///     call(proxy->endpoint());  // On another thread, or on another fiber beside run.
///     proxy->run();
///
/// Streams keep their order and lose nothing until a fault cuts them. In each direction the proxy
/// holds at most some 64 KiB, and what a ring receives ahead. Each new caller is an opportunity for
/// connect_refused (it sees a reset, perhaps already from connect) and for connect_timeout (it is
/// never answered, and what it sends is lost). Each piece that is received is an opportunity for
/// short_read (less of it is forwarded at once), short_write (it is forwarded in parts), delay,
/// stall and partition (it is forwarded later), and stream_reset and half_close (it is cut at any
/// byte). UNIX sockets see an end instead of a reset, because they have none.
///
/// Each datagram is an opportunity for loss, duplication, corruption of a byte, delay (of all later
/// ones too), reordering (the next one passes first), and partition (those that arrive during it
/// are lost). A caller without an answer for a minute is forgotten: its next datagram reaches the
/// server from another port.
///
/// The other faults do not belong to a network, and do not occur. The same seed makes the same
/// choices for the same caller (such as the third), direction and piece; the kernel decides which
/// bytes arrive together in a piece. Move only.
class FaultProxy {
 public:
  /// Listens at `listen` for callers, which are forwarded to `target`: both for streams, or both
  /// for datagrams. Fails with `invalid_argument`, or as listen() and bind_datagrams() do.
  static Result<FaultProxy> bind(std::string_view listen, std::string_view target,
                                 const FaultProxyOptions& options = {});

  FaultProxy(FaultProxy&&) noexcept;
  FaultProxy& operator=(FaultProxy&&) noexcept;
  ~FaultProxy();

  /// Returns the endpoint where it listens, with the port that the kernel chose.
  const Endpoint& endpoint() const;

  /// Forwards until drained (what has arrived is still forwarded, then both sides see an end) or
  /// cancelled (both see a reset; then fails with `cancelled`). Suspends the fiber; a thread
  /// without a loop blocks. Call it once, and do not move the proxy while it runs.
  Result<void> run();

  /// Returns how often each fault has occurred. Call it on the thread that runs the proxy, or after
  /// run() has returned.
  const FaultCounts& counts() const;

 private:
  struct State;
  explicit FaultProxy(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace sim
}  // namespace hotline
