#pragma once

#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/socket_options.h"
#include "hotline/net/stream.h"
#include "hotline/server/call_info.h"
#include "hotline/server/message.h"
#include "hotline/server/reply.h"

namespace hotline HOTLINE_PUBLIC {

/// Handles one call, from its first byte to its end; the return ends the call in order. The call
/// ends with a reset instead if a write has failed or was partial (see Stream), if the handler
/// throws, or if the server is cut while the handler does anything but wait for its caller.
///
/// The handler may move the stream out of the reference and keep it. The call then belongs to the
/// handler: the server's limits and its drain do not apply to it any more.
using StreamHandler = std::function<void(Stream&)>;

/// The same, and it is told who calls. The CallInfo is valid until it returns or moves the stream.
using InformedStreamHandler = std::function<void(Stream&, const CallInfo&)>;

/// One message in, at most one out. May wait: other messages go on meanwhile, but those behind it
/// on the same stream wait for it, so that replies keep their order. If a reply cannot be sent
/// whole, its stream ends with a reset.
using MessageHandler = std::function<Reply(const Message&)>;

/// Makes the message handler of one call, or of one datagram socket, so that it can have a state of
/// its own. It is called before the first message of a call is handled; what it returns handles the
/// messages of that call one after another, on the call's own thread, and is destroyed at its end.
/// On a datagram socket it is called once, and what it returns may be called again, for the next
/// message, while it waits. An exception of the maker ends the call, as one of the handler does.
using MessageHandlerMaker = std::function<MessageHandler(const CallInfo&)>;

/// Finds out who calls, before the handler sees the call: it may receive from `call` and write to
/// it. An error, or an exception, refuses the call.
using Authenticator = std::function<Result<Identity>(Stream& call)>;

/// A datagram socket, for who needs several replies or other destinations; returns when draining.
/// If it throws, it is called again after a pause, unless the server drains.
using DatagramHandler = std::function<void(DatagramSocket&)>;

/// A function type that can be a handler.
template <typename Function>
concept HandlerFunction = std::is_invocable_v<Function&, Stream&> ||
    std::is_invocable_v<Function&, Stream&, const CallInfo&> ||
    std::is_invocable_r_v<Reply, Function&, const Message&> ||
    std::is_invocable_r_v<MessageHandler, Function&, const CallInfo&> ||
    std::is_invocable_v<Function&, DatagramSocket&>;

/// Waits until something that a handler cannot do without is lost: the reason, or how the wait
/// itself ended (`cancelled`, `draining`; after `resource_exhausted` it is asked again).
using LossWait = std::function<Error()>;

/// What serves an endpoint: a function of any of the three kinds, or one for streams together with
/// one for datagrams. Handlers run on many threads at once.
class Handler {
 public:
  Handler() = default;

  template <typename Function>
  requires HandlerFunction<Function> Handler(Function function) { also(std::move(function)); }

  /// Adds a handler of another kind.
  template <HandlerFunction Function>
  Handler& also(Function function) {
    if constexpr (std::is_invocable_v<Function&, Stream&>) {
      add_stream_handler(std::move(function));
    } else if constexpr (std::is_invocable_v<Function&, Stream&, const CallInfo&>) {
      stream_ = std::move(function);
    } else if constexpr (std::is_invocable_r_v<Reply, Function&, const Message&>) {
      message_ = std::move(function);
    } else if constexpr (std::is_invocable_r_v<MessageHandler, Function&, const CallInfo&>) {
      message_maker_ = std::move(function);
    } else {
      datagram_ = std::move(function);
    }
    return *this;
  }

  /// States that other machines must not reach the handler without protection: bind fails unless
  /// all callers can only be on this machine. `advice` is the hint of that error; if empty, the
  /// hint is to listen elsewhere.
  Handler& only_local(std::string advice = {}) {
    is_only_local_ = true;
    only_local_advice_ = std::move(advice);
    return *this;
  }

  /// At UNIX endpoints, only this program's user and root may call the handler: other callers are
  /// reset before the handler gets the call, and a path gets mode 600. The endpoint can override
  /// this: with `allow=any`, or with the `mode=` of a path, whose bits then decide. The sender of a
  /// datagram is unknown, so bind fails for an abstract name of datagrams, and for a path that is
  /// open to others with `allow=owner`.
  Handler& only_owner() {
    is_only_owner_ = true;
    return *this;
  }

  /// Calls over streams go to `authenticator` first, and to the handler only if that returns an
  /// Identity. It runs where the call itself will, a fiber or a thread, and holds up no other call,
  /// except under `serial`; with `processes` it runs on a fiber of the parent, before the fork, so
  /// it must not block there. ServerOptions::authentication_timeout bounds all its waits together.
  /// A call that it refuses ends with a reset, unless it has closed the stream itself. What it
  /// leaves unread is the handler's. Datagrams are not authenticated: binding a datagram endpoint
  /// fails.
  Handler& authenticate(Authenticator authenticator) {
    authenticator_ = std::move(authenticator);
    return *this;
  }

  /// It needs `descriptor` in processes that are forked for calls; negative: none.
  Handler& keep(int descriptor) {
    if (descriptor >= 0) kept_descriptors_.push_back(descriptor);
    return *this;
  }

  /// The handler cannot serve without what `wait_lost` waits for: when that is lost, the server
  /// drains, and DrainReport::loss has the reason. `wait_lost` runs beside the server on a fiber of
  /// its own, for each endpoint of the handler, and must not throw.
  Handler& needs(LossWait wait_lost) {
    wait_lost_ = std::move(wait_lost);
    return *this;
  }

  const InformedStreamHandler& stream() const { return stream_; }
  const MessageHandler& message() const { return message_; }
  const MessageHandlerMaker& message_maker() const { return message_maker_; }
  const DatagramHandler& datagram() const { return datagram_; }
  const Authenticator& authenticator() const { return authenticator_; }

  /// Returns whether it answers messages, by one handler for all calls or by one for each.
  bool takes_messages() const { return message_ || message_maker_; }

  bool is_only_local() const { return is_only_local_; }
  const std::string& only_local_advice() const { return only_local_advice_; }
  bool is_only_owner() const { return is_only_owner_; }
  std::span<const int> kept_descriptors() const { return kept_descriptors_; }
  const LossWait& wait_lost() const { return wait_lost_; }

 private:
  template <typename Function>
  void add_stream_handler(Function function) {
    if constexpr (requires { function == nullptr; }) {
      if (function == nullptr) return;
    }
    stream_ = [function = std::move(function)](Stream& call, const CallInfo&) mutable {
      function(call);
    };
  }

  InformedStreamHandler stream_;
  MessageHandler message_;
  MessageHandlerMaker message_maker_;
  DatagramHandler datagram_;
  Authenticator authenticator_;
  bool is_only_local_ = false;
  std::string only_local_advice_;
  bool is_only_owner_ = false;
  std::vector<int> kept_descriptors_;
  LossWait wait_lost_;
};

/// Makes the handler of an endpoint from the options that it takes.
using HandlerMaker = std::function<Result<Handler>(OptionTaker& taker)>;

}  // namespace hotline
