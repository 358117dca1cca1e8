#include "hotline/sim/fault_proxy.h"

#include <optional>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "hotline/net/target.h"
#include "sim/datagram_relay.h"
#include "sim/fault_dice.h"
#include "sim/stream_relay.h"

namespace hotline::sim {
namespace {

// Without a descriptor left no caller can be accepted for some time.
constexpr Duration kAcceptPause = std::chrono::milliseconds(5);

// The choices of one caller: about its connection, and for each direction.
constexpr std::uint64_t kDiceOfCaller = 3;

}  // namespace

struct FaultProxy::State {
  Result<void> bind(const Target& where);
  void take_callers(TaskGroup& fibers);
  void relay(Stream caller, std::uint64_t number);
  void relay_datagrams();
  void swallow(Stream& caller);

  ProxyFaults faults;
  Target target;
  std::optional<Listener> listener{};
  std::optional<DatagramSocket> socket{};
};

FaultProxy::FaultProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}
FaultProxy::FaultProxy(FaultProxy&&) noexcept = default;
FaultProxy& FaultProxy::operator=(FaultProxy&&) noexcept = default;
FaultProxy::~FaultProxy() = default;

Result<FaultProxy> FaultProxy::bind(std::string_view listen, std::string_view target,
                                    const FaultProxyOptions& options) {
  auto from = Target::parse(listen, {}, nullptr, Side::server);
  if (!from) return fail(std::move(from.error()));
  auto to = Target::parse(target, {}, nullptr, Side::client);
  if (!to) return fail(std::move(to.error()));
  if (is_datagram(from->endpoint.transport()) != is_datagram(to->endpoint.transport())) {
    return fail(make_error(ErrorKind::invalid_argument, "stand before", to->endpoint.to_string(),
                           "cannot forward between a stream and a datagram endpoint",
                           "listen on the same kind of endpoint"));
  }
  auto state = std::make_unique<State>(ProxyFaults{options}, std::move(*to));
  if (auto bound = state->bind(*from); !bound) return fail(std::move(bound.error()));
  return FaultProxy(std::move(state));
}

Result<void> FaultProxy::State::bind(const Target& where) {
  if (is_datagram(where.endpoint.transport())) {
    DatagramOptions options = relayed_datagram_options();
    options.socket = where.socket;
    auto bound = bind_datagrams(where.endpoint, options);
    if (!bound) return fail(std::move(bound.error()));
    socket.emplace(std::move(*bound));
    return {};
  }
  auto bound = listen(where.endpoint, {.socket = where.socket, .stream = relayed_stream_options()});
  if (!bound) return fail(std::move(bound.error()));
  listener.emplace(std::move(*bound));
  return {};
}

const Endpoint& FaultProxy::endpoint() const {
  return state_->listener ? state_->listener->endpoint() : state_->socket->endpoint();
}

const FaultCounts& FaultProxy::counts() const { return state_->faults.counts; }

Result<void> FaultProxy::run() {
  State& state = *state_;
  TaskGroup fibers;
  auto started = fibers.spawn(
      "proxy", [&] { state.listener ? state.take_callers(fibers) : state.relay_datagrams(); });
  if (!started) return started;
  return fibers.join();
}

void FaultProxy::State::take_callers(TaskGroup& fibers) {
  for (std::uint64_t number = 0;; number += kDiceOfCaller) {
    auto caller = listener->accept();
    while (!caller && caller.error().kind == ErrorKind::resource_exhausted) {
      if (!sleep_for(kAcceptPause)) break;
      caller = listener->accept();
    }
    if (!caller) return listener->close();
    discard(fibers.spawn("proxy", [this, number, caller = std::move(*caller)]() mutable {
      relay(std::move(caller), number);
    }));
  }
}

void FaultProxy::State::relay(Stream caller, std::uint64_t number) {
  FaultDice dice(faults, number);
  if (dice.strikes(Fault::connect_refused)) return caller.abort();
  if (dice.strikes(Fault::connect_timeout)) return swallow(caller);
  if (!dice.wait_healed()) return caller.abort();
  auto called =
      connect(target.endpoint, {.socket = target.socket, .stream = relayed_stream_options()});
  if (!called) return caller.abort();
  StreamRelay(faults, number + 1, std::move(caller), std::move(*called)).run();
}

/// Never answers this caller, until it hangs up.
void FaultProxy::State::swallow(Stream& caller) {
  while (caller.receive()) {
  }
}

void FaultProxy::State::relay_datagrams() {
  DatagramRelay(faults, *socket, target).run();
  socket->close();
}

}  // namespace hotline::sim
