#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/fault_plan.h"
#include "hotline/net/endpoint.h"

namespace hotline::sim {

/// What goes wrong at a proxy, and for how long at most. On real sockets time is real, so what a
/// World draws out to minutes is short here.
struct FaultProxyOptions {
  FaultPlan faults{};      ///< None.
  std::uint64_t seed = 1;  ///< Of every choice.
  Duration delay_max = std::chrono::milliseconds(20);
  Duration stall_max = std::chrono::milliseconds(200);
  Duration reordering_max = std::chrono::milliseconds(20);  ///< If nothing comes that goes first.
  Duration partition_max = std::chrono::milliseconds(100);
};

/// Stands between callers and a server, on real sockets, and does to what goes through what a bad
/// network does: the faults of a World, for servers and callers of any make, in other processes and
/// languages too.
///
///     auto proxy = FaultProxy::bind("tcp://127.0.0.1:0", "tcp://127.0.0.1:8000",
///                                   {.faults = FaultPlan::of_seed(seed), .seed = seed});
///     call(proxy->endpoint());  // On another thread, or on another fiber beside run.
///     proxy->run();
///
/// Streams keep their order and lose nothing until a fault cuts them; in each direction some 64 KiB
/// are held at most, and what a ring receives ahead. Their opportunities are the caller that comes
/// (connect_refused: it sees a reset, soon enough even from connect; connect_timeout: nobody
/// answers, what it sends is lost) and each piece that is received (short_read: less of it goes on;
/// short_write: it goes on in parts; delay, stall, partition: it comes later; stream_reset,
/// half_close: it is cut at any byte). Sides that are UNIX sockets see an end in place of a reset,
/// for there is none.
///
/// Of datagrams, each is an opportunity: loss, duplication, corruption of a byte, delay (of all
/// behind it too), reordering (the next one goes first), partition (those that come meanwhile are
/// lost). A caller that is not answered for a minute is forgotten: its next datagram comes to the
/// server from another port.
///
/// The other faults are not a network's, and do not strike. The same seed makes the same choices
/// for the same caller (the third), direction and piece; which bytes come together in a piece is
/// the kernel's affair. Move only.
class FaultProxy {
 public:
  /// Listens at `listen` for callers to be taken to `target`: both for streams, or both for
  /// datagrams. Fails with `invalid_argument`, or as listen and bind_datagrams do.
  static Result<FaultProxy> bind(std::string_view listen, std::string_view target,
                                 const FaultProxyOptions& options = {});

  FaultProxy(FaultProxy&&) noexcept;
  FaultProxy& operator=(FaultProxy&&) noexcept;
  ~FaultProxy();

  /// Where it listens, with the port that the kernel gave.
  const Endpoint& endpoint() const;

  /// Forwards until drained (what has come still goes on, then both sides see an end) or cancelled
  /// (both see a reset): then fails with `cancelled`. Suspends the fiber; a thread without a loop
  /// waits. Once, and not to be moved meanwhile.
  Result<void> run();

  /// How often each fault has struck. Of the thread that runs it, or once run has returned.
  const FaultCounts& counts() const;

 private:
  struct State;
  explicit FaultProxy(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline::sim
