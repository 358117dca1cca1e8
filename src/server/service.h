#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/replaceable.h"
#include "engine/descriptor_limit.h"
#include "engine/process_limit.h"
#include "framing/gathering_budget.h"
#include "hotline/auth/allowed_identities.h"
#include "hotline/auth/challenge.h"
#include "hotline/core/log.h"
#include "hotline/framing/framing.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "hotline/server/handler.h"
#include "hotline/server/server.h"
#include "server/admission.h"
#include "server/log_pace.h"
#include "server/running_count.h"
#include "server/source_penalties.h"
#include "server/tally.h"
#include "server/task.h"
#include "server/unauthenticated_calls.h"

namespace hotline::server {

struct Service;

/// What all calls of a server have in common. Any thread.
struct ServerState {
  explicit ServerState(const ServerOptions& given);

  /// Logs, if there is memory for it. `peer` and `identity` may be null.
  void log(LogLevel level, std::string_view message, const std::string& service,
           const Endpoint* peer, std::string_view detail = {},
           const Identity* identity = nullptr) const noexcept;

  bool wants_debug() const { return options.log != nullptr && options.log->wants(LogLevel::debug); }

  /// Returns true if one more call or message may begin: if only one is wanted, only the first may.
  bool begin_call() {
    return options.calls == CallCount::unlimited || !has_begun_one.exchange(true);
  }

  /// Call when a call has ended. With CallCount::one the server then drains.
  void note_call_done();

  /// Call when the call for which begin_call() returned true failed to begin: another may begin.
  void take_call_back() { has_begun_one = false; }

  /// Returns the source of a caller for SourcePenalties; nullopt if it gets none. `identity` may be
  /// null.
  std::optional<std::string> source_to_penalise(const Endpoint& peer,
                                                const Identity* identity) const;

  /// Returns true if there is room for all callers that could wait at the listeners of `service`.
  bool has_plenty_of_room(const Service& service) const;

  ServerOptions options;
  std::function<void()> drain_server;
  std::vector<Task> tasks;  ///< Must not change while the server runs.
  Admission admission;
  UnauthenticatedCalls unauthenticated;
  LogPace unauthenticated_pace;
  SourcePenalties penalties;
  LogPace penalties_pace;
  framing::GatheringBudget message_memory;
  engine::ReserveDescriptor reserve;
  engine::ProcessGroups process_groups{};  ///< Opened before the program is confined.
  Confinement walls{};                    ///< What confines this program, once the server is bound.
  std::mutex reloading;                   ///< Held during a reload.
  std::atomic<bool> is_shedding = false;  ///< True while an acceptor uses its reserve descriptor.
  std::atomic<bool> has_begun_one = false;  ///< The one of CallCount::one has begun.
  Tally tasks_tally;                        ///< Counts the tasks, which belong to no service.
};

/// A call or message that is about to begin. With CallCount::one, if it fails to begin, for example
/// for lack of memory, the next one may begin instead. The ServerState must outlive it. One thread.
class OnlyCall {
 public:
  OnlyCall() = default;
  OnlyCall(const OnlyCall&) = delete;
  OnlyCall& operator=(const OnlyCall&) = delete;
  ~OnlyCall() {
    if (state_ != nullptr) state_->take_call_back();
  }

  /// Returns true if it may begin.
  bool begin(ServerState& state) {
    if (state.options.calls == CallCount::unlimited) return true;
    if (!state.begin_call()) return false;
    state_ = &state;
    return true;
  }

  /// Call when it has begun; another object reports its end.
  void keep() { state_ = nullptr; }

  /// Call when it has ended. With CallCount::one the server drains.
  void end() {
    if (ServerState* shared = std::exchange(state_, nullptr)) shared->note_call_done();
  }

 private:
  ServerState* state_ = nullptr;
};

/// One service at one endpoint, with a listener or socket for each loop, or a single one.
struct Service {
  /// Returns true if its calls consist of messages in frames.
  bool is_framed() const { return framing.has_boundaries(); }

  /// Returns true if its calls pass an authentication, which may wait, before the handler.
  bool has_authentication() const {
    return handler.authenticator() || is_protected(wanted.transport());
  }

  std::string name;
  Endpoint wanted;
  Endpoint bound;
  Handler handler;
  SocketOptions socket;
  TlsFiles tls;
  AllowedIdentities allowed;      ///< The callers that are served.
  bool has_allow_option = false;  ///< The endpoint says so, so it must be possible to obey.
  Framing framing;  ///< Used for streams. If it has boundaries, each frame is a message for the
                    ///< handler.
  std::vector<Listener> listeners;
  std::vector<DatagramSocket> sockets;
  std::unique_ptr<Tally> tally = std::make_unique<Tally>();
  RunningCount receivers{};  ///< What receives its datagrams.
  /// Null unless its authenticator is a challenge, which gives no names.
  std::shared_ptr<Replaceable<Challenge>> challenge{};
  bool was_given_bound = false;  ///< Its first listener or socket was bound by the user.

  /// Closes what bind_service has bound.
  void unbind();
};

/// Returns the files that `service` uses for TLS.
const TlsFiles& tls_files_of(const Service& service, const ServerOptions& options);

/// Checks that no limit and no count in `options` is 0; fails with `invalid_argument`.
Result<void> check_options(const ServerOptions& options);

/// Checks that `handler` has a function. Fails with `invalid_argument`.
Result<void> check_not_empty(const Endpoint& endpoint, const Handler& handler);

/// Checks that `handler` can serve `endpoint` with its framing. Fails with `invalid_argument`.
Result<void> check_handler(const Endpoint& endpoint, const Framing& framing,
                           const Handler& handler);

/// Makes the service `name` of an endpoint with the handler that `make` returns for its options.
/// Fails with `invalid_argument` if they do not fit each other, or as `make` does.
Result<Service> make_service(std::string_view uri, const HandlerMaker& make, std::string_view name);

/// Same as above, for a socket that is bound already.
Result<Service> make_service(Listener listener, Handler handler, const Framing& framing,
                             std::string_view name);
Result<Service> make_service(DatagramSocket socket, Handler handler, std::string_view name);

/// Binds `service` for `loop_count` event loops (0: one socket for all).
Result<void> bind_service(Service& service, const ServerOptions& options, std::size_t loop_count);

}  // namespace hotline::server
