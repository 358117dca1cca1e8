#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"
#include "hotline/net/identity.h"

namespace hotline HOTLINE_PUBLIC {

/// What a Stream does to its bytes between the program and the socket: TLS, compression, a trace. A
/// layer does no I/O: the stream hands it the bytes that have arrived, and sends the bytes that it
/// returns, on every engine and under every word of concurrency.
///
/// "Plain" bytes are those of the program, "wire" bytes those of the socket. A layer belongs to one
/// stream, whose thread calls it, one call at a time; on a loop the calls run on the stack of the
/// thread, not on that of a fiber, and must not wait. A failure ends the stream: receiving and
/// writing fail with that error from then on, after the bytes that the layer added to `out` were
/// sent if that does not have to wait.
class StreamLayer {
 public:
  StreamLayer() = default;
  StreamLayer(const StreamLayer&) = delete;
  StreamLayer& operator=(const StreamLayer&) = delete;
  virtual ~StreamLayer() = default;

  /// Continues the opening exchange, such as the handshake of TLS, with the bytes in `wire`, and
  /// removes those that it has used. Appends what is to be sent to `out`. Returns true once the
  /// exchange is complete; until then it is called again after more bytes have arrived. First it is
  /// called without bytes.
  virtual Result<bool> open(Bytes& wire, std::vector<std::byte>& out) {
    static_cast<void>(wire);
    static_cast<void>(out);
    return true;
  }

  /// Decodes from the front of `wire` into `plain`, and removes the bytes that it has used. Returns
  /// the number of plain bytes; 0 means that it has used all of `wire` and needs more. Fails with
  /// `closed` if the peer has ended its writes. What it appends to `out` answers the peer: if the
  /// peer leaves more than 64 KiB of that unread, receiving fails with `protocol_violation`.
  virtual Result<std::size_t> decode(Bytes& wire, MutableBytes plain,
                                     std::vector<std::byte>& out) = 0;

  /// Appends the encoded form of all of `plain` to `out`.
  virtual Result<void> encode(Bytes plain, std::vector<std::byte>& out) = 0;

  /// Appends to `out` what ends the writes. The stream then ends the writes of the socket too.
  virtual Result<void> encode_end(std::vector<std::byte>& out) = 0;

  /// Returns how the stream ends if the peer closes its socket now: `closed` if nothing can be
  /// missing, otherwise `truncated`.
  virtual ErrorKind end_of_wire() const { return ErrorKind::closed; }

  /// Returns true if decode() would return plain bytes, or fail, without more of `wire`.
  virtual bool has_buffered() const { return false; }

  /// Returns how many steps of decode() gave no plain bytes, such as records of a protocol without
  /// data, since the last call. The stream counts each as much as 16 KiB that were received, so
  /// that they do not keep the other fibers of a loop waiting.
  virtual std::size_t take_idle_steps() { return 0; }

  /// Returns the peer that the opening exchange has authenticated; nullopt if it authenticates
  /// none.
  virtual std::optional<Identity> identity() const { return std::nullopt; }

  /// Returns bytes that only the two ends of this connection know, and that are the same on both
  /// (RFC 9266, tls-exporter); nullopt if the layer has none.
  virtual std::optional<Secret> channel_binding() const { return std::nullopt; }

  /// Returns true if no third party can read or change the bytes.
  virtual bool is_protected() const { return false; }
};

}  // namespace hotline
