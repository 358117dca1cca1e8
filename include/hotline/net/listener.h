#pragma once

#include <memory>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/reloaded.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/socket_options.h"
#include "hotline/net/stream.h"
#include "hotline/net/tls.h"

namespace hotline HOTLINE_PUBLIC {

/// Whether accept() may also accept callers that later calls of accept() will return. That is
/// faster, but each such caller holds a descriptor in the meantime.
enum class AcceptAhead : bool { none, allowed };

/// How to listen.
struct ListenOptions {
  SocketOptions socket{};
  StreamOptions stream{};  ///< For the streams that accept() returns.
  TlsOptions tls{};        ///< For `tls://`.
};

/// A bound socket that accepts streams. Move only. The destructor closes it, and removes the UNIX
/// path if the path is still the one that this listener made.
class Listener {
 public:
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  /// Returns true unless the listener was moved from.
  explicit operator bool() const { return state_ != nullptr; }

  /// Returns the next caller. On `tls://` the handshake has not begun: it takes place in
  /// Stream::handshake(), or in the first receive or write. Suspends the fiber. Skips a caller that
  /// has already reset its connection, and retries a few times after a failure of one connection
  /// (ECONNABORTED, EPERM …). Fails with `timed_out`, `cancelled`, `draining` (after the last
  /// waiting caller was accepted), `resource_exhausted` (no descriptor left; the caller still
  /// waits), or as the system reports. A failure may last: pause before the next attempt.
  Result<Stream> accept(Deadline deadline = Deadline::never(),
                        AcceptAhead ahead = AcceptAhead::none);

  /// Returns the endpoint where it listens, with the port that the kernel chose.
  const Endpoint& endpoint() const;

  /// Returns a second listener over the same socket, for another loop.
  Result<Listener> share() const;

  /// Returns a second socket that listens at the same TCP port, for another loop: the kernel
  /// distributes callers among all that share it. Other programs cannot join, because the first
  /// socket was bound alone.
  Result<Listener> share_port() const;

  /// Reads the certificates, keys and roots of `tls://` again. The returned function makes this
  /// listener, and all that it shares its socket or port with, use them for the callers that
  /// accept() returns from then on; other callers keep what they have. Without TLS it does nothing.
  /// Fails as listen() does, and nothing changes. Any thread, also while another one accepts or
  /// closes; blocks its thread while it reads files.
  Result<Reloaded> read_again() const;

  /// Detaches the listener from its loop, for use on another thread; see Stream::leave_loop.
  void leave_loop();

  void close();

 private:
  friend Result<Listener> listen(const Endpoint& endpoint, const ListenOptions& options);
  struct State;
  explicit Listener(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// Binds and listens. If a socket is bound to that address, tries again for 100 ms, because the
/// kernel may release the sockets of a killed program late, and then fails with `address_in_use`.
/// Replaces the file of a UNIX socket that no process has open, and never any other file. Otherwise
/// fails with the error of the system.
Result<Listener> listen(const Endpoint& endpoint, const ListenOptions& options = {});

/// Same as above, for a URI. Its options override those of `options.socket`, and must all be known.
Result<Listener> listen(std::string_view uri, ListenOptions options = {});

}  // namespace hotline
