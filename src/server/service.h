#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/descriptor_limit.h"
#include "hotline/core/log.h"
#include "hotline/framing/framing.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/listener.h"
#include "hotline/server/handler.h"
#include "hotline/server/server.h"
#include "server/admission.h"

namespace hotline::server {

struct Service;

/// What all calls of a server have in common. Any thread.
struct Shared {
  explicit Shared(const ServerOptions& given);

  void log(LogLevel level, std::string_view message, const std::string& service,
           const Endpoint* peer, std::string detail = {}) const;

  bool wants_debug() const { return options.log != nullptr && options.log->wants(LogLevel::debug); }

  /// Counts one more call or message; false if there have been as many as are wanted.
  bool begin_call();

  /// A call that was admitted and has room cannot be run, for want of `what`: it ends unserved.
  void refuse_call(const Service& service, const Endpoint& peer, std::string_view why,
                   std::string detail = {});

  /// The call has ended: if it was the only one wanted, so does the server.
  void end_call();

  /// Whether there is room for all callers that could wait at the listeners of `service`.
  bool has_plenty_of_room(const Service& service) const;

  ServerOptions options;
  std::function<void()> drain_server;
  Admission admission;
  engine::ReserveDescriptor reserve;
  std::atomic<bool> is_shedding =
      false;  ///< Some acceptor gives up its reserve descriptor just now.
  std::atomic<std::uint64_t> started = 0;  ///< Calls on streams.
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> active = 0;
  std::atomic<std::uint64_t> handler_failures = 0;
};

/// One service at one endpoint: its listeners or sockets, one for each loop, or a single one.
struct Service {
  /// Whether its calls are messages in frames, not streams.
  bool is_framed() const { return framing.has_boundaries(); }

  std::string name;
  Endpoint wanted;
  Endpoint bound;
  Handler handler;
  SocketOptions socket;
  bool is_only_owner = false;  ///< On UNIX sockets: for this program's user and root alone.
  Framing framing;  ///< Of a stream; with boundaries, each frame is a message for the handler.
  std::vector<Listener> listeners;
  std::vector<DatagramSocket> sockets;
};

/// Binds `service` for `loop_count` event loops (0: one socket for all).
Result<void> bind_service(Service& service, const ServerOptions& options, std::size_t loop_count);

}  // namespace hotline::server
