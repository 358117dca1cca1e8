#pragma once

#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/socket_options.h"
#include "hotline/net/stream.h"

namespace hotline {

/// One message for a message handler: a datagram, or a frame of a stream. Its bytes are a lease:
/// they may be changed in place, and are gone once the reply is.
class Message {
 public:
  Message(const DatagramSocket& socket, const Datagram& datagram)
      : bytes_(datagram.bytes), socket_(&socket), datagram_(&datagram) {}
  Message(const Stream& stream, MutableBytes payload) : bytes_(payload), stream_(&stream) {}

  MutableBytes bytes() const { return bytes_; }

  /// Whether the end of it was cut off: a datagram's; frames come whole.
  bool is_truncated() const { return datagram_ != nullptr && datagram_->is_truncated; }

  Endpoint peer() const {
    return stream_ != nullptr ? stream_->peer() : socket_->peer_of(*datagram_->route);
  }

 private:
  MutableBytes bytes_;
  const DatagramSocket* socket_ = nullptr;
  const Datagram* datagram_ = nullptr;
  const Stream* stream_ = nullptr;
};

/// What a message handler answers: nothing, a view (of the message's own bytes, or of what lives as
/// long as the server), or bytes that it owns.
class Reply {
 public:
  /// No reply.
  Reply() = default;

  /// A view; may be empty, which is an empty message.
  Reply(Bytes view) : bytes_(view) {}
  Reply(MutableBytes view) : Reply(Bytes(view)) {}

  /// Bytes of its own.
  Reply(std::string own) : bytes_(std::move(own)) {}

  bool has_value() const { return !std::holds_alternative<std::monostate>(bytes_); }

  /// Whether the bytes are its own: a view is valid for longer.
  bool is_own() const { return std::holds_alternative<std::string>(bytes_); }

  /// Empty without a value.
  Bytes bytes() const {
    if (const Bytes* view = std::get_if<Bytes>(&bytes_)) return *view;
    return is_own() ? as_bytes(*std::get_if<std::string>(&bytes_)) : Bytes();
  }

  /// Moved out: only if is_own().
  std::string take() && { return std::move(*std::get_if<std::string>(&bytes_)); }

 private:
  std::variant<std::monostate, Bytes, std::string> bytes_;
};

/// One call, from its first byte to its end; returns to end it. May throw: that ends the call too.
using StreamHandler = std::function<void(Stream&)>;

/// One message in, at most one out. May wait: other messages go on meanwhile, but those behind it
/// on the same stream wait for it, so that replies keep their order.
using MessageHandler = std::function<Reply(const Message&)>;

/// A datagram socket, for who needs several replies or other destinations; returns when draining.
using DatagramHandler = std::function<void(DatagramSocket&)>;

/// What can be a handler.
template <typename Function>
concept HandlerFunction = std::is_invocable_v<Function&, Stream&> ||
    std::is_invocable_r_v<Reply, Function&, const Message&> ||
    std::is_invocable_v<Function&, DatagramSocket&>;

/// Waits until something that a handler cannot do without is lost: the reason, or how the wait
/// itself ended (`cancelled`, `draining`; after `resource_exhausted` it is asked again).
using LossWait = std::function<Error()>;

/// What serves an endpoint: any of the three kinds, or one for streams beside one for datagrams.
/// Handlers run on many threads at once.
class Handler {
 public:
  Handler() = default;

  template <typename Function>
  requires HandlerFunction<Function> Handler(Function function) { also(std::move(function)); }

  /// Adds a handler of another kind.
  template <HandlerFunction Function>
  Handler& also(Function function) {
    if constexpr (std::is_invocable_v<Function&, Stream&>) {
      stream_ = std::move(function);
    } else if constexpr (std::is_invocable_r_v<Reply, Function&, const Message&>) {
      message_ = std::move(function);
    } else {
      datagram_ = std::move(function);
    }
    return *this;
  }

  /// It must never be served to other machines unprotected: binding fails unless every caller can
  /// only be on this one. `advice` is what the error tells to do; empty: to listen elsewhere.
  Handler& only_local(std::string advice = {}) {
    is_only_local_ = true;
    only_local_advice_ = std::move(advice);
    return *this;
  }

  /// It needs `descriptor` in processes that are forked for calls; negative: none.
  Handler& keep(int descriptor) {
    if (descriptor >= 0) kept_descriptors_.push_back(descriptor);
    return *this;
  }

  /// Without what `wait_lost` waits for, it can serve nobody: the server drains then, and the
  /// reason is DrainReport::loss. It runs beside the server on a fiber of its own, for each
  /// endpoint of the handler, and throws nothing.
  Handler& needs(LossWait wait_lost) {
    wait_lost_ = std::move(wait_lost);
    return *this;
  }

  const StreamHandler& stream() const { return stream_; }
  const MessageHandler& message() const { return message_; }
  const DatagramHandler& datagram() const { return datagram_; }
  bool is_only_local() const { return is_only_local_; }
  const std::string& only_local_advice() const { return only_local_advice_; }
  std::span<const int> kept_descriptors() const { return kept_descriptors_; }
  const LossWait& wait_lost() const { return wait_lost_; }

 private:
  StreamHandler stream_;
  MessageHandler message_;
  DatagramHandler datagram_;
  bool is_only_local_ = false;
  std::string only_local_advice_;
  std::vector<int> kept_descriptors_;
  LossWait wait_lost_;
};

/// Makes the handler of an endpoint by what its options say: takes those that it knows.
using HandlerMaker = std::function<Result<Handler>(OptionTaker& taker)>;

}  // namespace hotline
