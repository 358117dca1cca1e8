#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/framing/frame_stream.h"
#include "hotline/net/stream.h"
#include "hotline/services/command.h"

namespace hotline {

/// How a CommandClient reads replies.
struct CommandClientOptions {
  CommandWire wire = CommandWire::plain;
  std::size_t reply_max = 64 * 1024 * 1024;
  Duration timeout = kNoTimeout;              ///< For one reply, from its request on.
  Duration linger = std::chrono::seconds(1);  ///< `plain`: the quiet that ends a reply. finish():
                                              ///< how long to wait for more than the reply.
};

/// The caller's side of the service `command`: docs/wire/command.md. A stream that is dropped while
/// a command runs is broken off, so that the server kills it. Waits as Stream's calls do.
class CommandClient {
 public:
  /// Given the pieces of a reply; false: wants no more.
  using Sink = std::function<bool(Bytes piece)>;

  /// The stream's timeouts for reading are replaced by those of `options`.
  CommandClient(Stream stream, const CommandClientOptions& options);

  /// Has `line` run by the server's shell: the whole reply. Fails with `closed` if the server hangs
  /// up in place of a reply, `truncated` within one, `too_large` over reply_max, `timed_out`,
  /// `protocol_violation` if what comes is none, `invalid_argument` if `line` is empty, has a NUL
  /// in it, or is longer than a server receives at once (16 KiB); else as Stream's calls do. The
  /// stream is of no use after a failure.
  Result<std::string> run(std::string_view line);

  /// The same in pieces: on `plain` as they arrive, and what a reply's end is nobody knows; on the
  /// other wires all at once, when the reply is whole. Fails with `cancelled` if `sink` wants no
  /// more.
  Result<void> run(std::string_view line, const Sink& sink);

  /// What has come since the last reply: on `plain` it goes to `sink`, on other wires it is a
  /// `protocol_violation`. Does not wait. Fails with `closed` once the server has hung up.
  Result<void> take_unasked(const Sink& sink);

  /// Ends the writes and checks that nothing follows the last reply. Returns when the server has
  /// closed, or after `linger` of quiet: many servers keep the call open. Fails with
  /// `protocol_violation` if more comes, `reset` if the server breaks off. On the wire `ready` a
  /// reply is certain only then: a length of which digits came late leaves a rest.
  Result<void> finish();

  CommandWire wire() const { return options_.wire; }

  /// What is underneath.
  Stream& stream() { return frames_.stream(); }

 private:
  Result<void> exchange(std::string_view line, const Sink& sink);
  Result<void> read_plain(const Sink& sink);
  Result<void> read_framed(const Sink& sink);
  Error of_wire(Error error) const;
  Error violation(std::string detail) const;
  Error too_large() const;

  FrameStream frames_;  ///< Of replies; what goes the other way is in no frame.
  CommandClientOptions options_;
};

}  // namespace hotline
