#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/framing/frame_stream.h"
#include "hotline/net/stream.h"
#include "hotline/services/command.h"

namespace hotline HOTLINE_PUBLIC {

/// How a ShellLineClient reads replies.
struct ShellLineClientOptions {
  CommandWire wire = CommandWire::plain;
  std::size_t reply_max = 64 * 1024 * 1024;
  Duration timeout = kNoTimeout;              ///< The limit of one reply, from its request on.
  Duration linger = std::chrono::seconds(1);  ///< `plain`: the silence that ends a reply. finish():
                                              ///< how long to wait for bytes after the reply.
  /// On `ready` and `i32`: how long a reply that has begun may bring no byte. This finds a server
  /// that speaks `plain`: its short reply looks like the beginning of a length.
  Duration silence_max = std::chrono::seconds(10);
};

/// The caller's side of the service `command`: docs/wire/command.md. If the client is destroyed
/// while a command runs, it breaks the connection off, so that the server kills the command. Waits
/// as the calls of Stream do.
class ShellLineClient {
 public:
  /// Receives the pieces of a reply; returns false to stop.
  using Sink = std::function<bool(Bytes piece)>;

  /// Replaces the reading timeouts of the stream by those of `options`.
  ShellLineClient(Stream stream, const ShellLineClientOptions& options);

  /// Lets the server's shell run `line`, and returns the whole reply. Fails with `closed` if the
  /// server hangs up instead of replying, with `truncated` if it does so within a reply, with
  /// `too_large` beyond reply_max, with `timed_out` (also if a reply stops after it has begun),
  /// with `protocol_violation` if the bytes are not a reply, with `invalid_argument` if `line` is
  /// empty, contains a NUL, or is longer than a server receives at once (16 KiB), and otherwise as
  /// the calls of Stream do. The stream is unusable after a failure.
  Result<std::string> run(std::string_view line);

  /// The same, but delivers the reply to `sink` in pieces: on `plain` as they arrive, with the end
  /// guessed from `linger`; on the other wires once, complete. Fails with `cancelled` if `sink`
  /// returns false.
  Result<void> run(std::string_view line, const Sink& sink);

  /// Reads the bytes that have arrived since the last reply, without waiting. On `plain` it passes
  /// them to `sink`; on the other wires it fails with `protocol_violation` if there are any. Fails
  /// with `closed` once the server has hung up.
  Result<void> take_unasked(const Sink& sink);

  /// Ends the writes and checks that nothing follows the last reply. Returns when the server has
  /// closed, or after `linger` of silence, because many servers keep the call open. Fails with
  /// `protocol_violation` if more arrives, and with `reset` if the server breaks off. On the wire
  /// `ready` a reply is certain only after this: if digits of a length came late, bytes are left
  /// over.
  Result<void> finish();

  CommandWire wire() const { return options_.wire; }

  /// Returns the stream below.
  Stream& stream() { return frames_.stream(); }

 private:
  Result<void> exchange(std::string_view line, const Sink& sink);
  Result<void> read_plain(const Sink& sink);
  Result<void> read_framed(const Sink& sink);
  Result<MutableBytes> read_reply();
  Error of_wire(Error error) const;
  Error violation(std::string detail) const;
  Error other_wire() const;
  Error too_large() const;
  std::string advice_on_wire() const;

  FrameStream frames_;  ///< For replies; requests are not framed.
  ShellLineClientOptions options_;
};

}  // namespace hotline
