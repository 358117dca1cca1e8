#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "hotline/core/public.h"
#include "hotline/core/reloaded.h"
#include "hotline/core/result.h"
#include "hotline/engine/confinement.h"
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

/// Same as above, with the addresses and the identity of the caller. The CallInfo is valid until
/// the handler returns or moves the stream.
using InformedStreamHandler = std::function<void(Stream&, const CallInfo&)>;

/// Handles one message, and returns at most one reply. It may wait: other messages are handled
/// meanwhile, except the later ones of the same stream, so that replies keep their order. If a
/// reply cannot be sent whole, its stream ends with a reset.
using MessageHandler = std::function<Reply(const Message&)>;

/// Makes the message handler of one call, or of one datagram socket, so that the handler can have
/// state of its own. Called before the first message of a call is handled. The handler that it
/// returns handles the messages of that call one after another, on the call's thread, and is
/// destroyed at the end of the call. For a datagram socket the maker is called once, and the
/// handler may be called for a later message while it waits. An exception of the maker ends the
/// call, as one of the handler does. The handler that it returns must be copyable: hold state that
/// is not, such as a Stream, through a std::shared_ptr.
using MessageHandlerMaker = std::function<MessageHandler(const CallInfo&)>;

/// Authenticates a call before the handler gets it. It may receive from `call` and write to it. If
/// it returns an error or throws, the call is refused. An error of the kind `permission_denied`,
/// `protocol_violation` or `too_large` counts for Penalties as the caller's fault. Other kinds do
/// only if `call` itself ended so, and not another connection on which the authenticator waited.
using Authenticator = std::function<Result<Identity>(Stream& call)>;

/// Serves a datagram socket, for services that send several replies or send to other destinations.
/// It returns when draining. If it throws, it is called again after a pause, unless the server
/// drains.
using DatagramHandler = std::function<void(DatagramSocket&)>;

/// A function type that can be a handler: void(Stream&), void(Stream&, const CallInfo&),
/// Reply(const Message&), MessageHandler(const CallInfo&) or void(DatagramSocket&). It takes its
/// call by reference, and must be copyable, like every std::function: share state that cannot be
/// copied through a std::shared_ptr.
template <typename Function>
concept HandlerFunction =
    (std::is_invocable_v<Function&, Stream&> ||
     std::is_invocable_v<Function&, Stream&, const CallInfo&> ||
     std::is_invocable_r_v<Reply, Function&, const Message&> ||
     std::is_invocable_r_v<MessageHandler, Function&, const CallInfo&> ||
     std::is_invocable_v<Function&, DatagramSocket&>)&&std::copy_constructible<Function>;

/// Any function pointer, or object with a call operator that is neither overloaded nor a template.
template <typename Function>
concept AnyFunction = std::is_function_v<std::remove_pointer_t<Function>> || requires {
  &Function::operator();
};

/// Work that a server does beside its calls, such as cleaning up every minute. Its waits suspend a
/// fiber or block a thread.
using ServerTask = std::function<void()>;

/// Returns what a task does that a cut would end, such as "3 jobs", or an empty string. Any thread.
using TaskStatus = std::function<std::string()>;

/// Waits until a resource that a handler depends on is gone, and returns why. If it returns
/// `cancelled` or `draining`, the wait was interrupted and nothing is lost. If it returns
/// `resource_exhausted`, the server calls it again.
using LossWait = std::function<Error()>;

/// Reads again, at Server::reload(), the files that a handler uses. It may block its thread; it
/// must not wait for the server, nor suspend its fiber, nor throw.
using ReadAgain = std::function<Result<Reloaded>()>;

/// The functions that serve an endpoint: one of any of the kinds above, or one for streams together
/// with one for datagrams. Handlers run on many threads at once.
class Handler {
 public:
  Handler() = default;

  template <typename Function>
  requires HandlerFunction<Function> Handler(Function function) { also(std::move(function)); }

  /// A function that takes or returns something else cannot be a handler: see HandlerFunction. The
  /// compiler shows the line with the name of the constructor.
  template <typename Function>
  requires(!HandlerFunction<Function> && AnyFunction<Function>) Handler(Function)
  = delete;  // use void(Stream&) or Reply(const Message&); see HandlerFunction

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
  /// all callers can only be on this machine, or ServerOptions::exposure permits others. `advice`
  /// is the hint of that error; if empty, the hint is to listen elsewhere.
  Handler& only_local(std::string advice = {}) {
    is_only_local_ = true;
    only_local_advice_ = std::move(advice);
    return *this;
  }

  /// At UNIX endpoints, only this program's user and root may call the handler: other callers are
  /// reset before the handler gets the call, and a path gets mode 600. The endpoint can override
  /// this: with `allow=any` or another list, or with the `mode=` of a path, whose bits then decide.
  /// The sender of a datagram is unknown, so for `unixgram:` bind fails at an abstract name, and at
  /// a path that has both `allow=owner` and a `mode=` with bits for other users.
  Handler& only_owner() {
    is_only_owner_ = true;
    return *this;
  }

  /// Passes each call over a stream to `authenticator` first, and to the handler only if that
  /// returns an Identity. The authenticator runs on the call's own fiber or thread, so other calls
  /// go on, except with `serial`. With `processes` it runs on a fiber of the parent, before the
  /// fork, so it must not block there. ServerOptions::authentication_timeout limits all its waits
  /// together. A refused call ends with a reset, unless the authenticator has closed the stream.
  /// The handler receives the bytes that the authenticator did not read. Datagrams are not
  /// authenticated: binding a datagram endpoint fails.
  Handler& authenticate(Authenticator authenticator) {
    authenticator_ = std::move(authenticator);
    return *this;
  }

  /// States that all datagrams of one source address, from whatever port, must reach the same call
  /// of the handler, that is the same loop or thread. Datagrams that arrived before bind() are
  /// dropped. Where the system cannot do that (a UNIX or inherited socket, `processes`, a kernel
  /// without SO_ATTACH_REUSEPORT_CBPF), one loop, thread or process answers them all, which the log
  /// says. It holds until the server drains.
  Handler& steer_by_source() {
    is_steered_by_source_ = true;
    return *this;
  }

  /// Keeps `descriptor` open in processes that are forked for calls. A negative one is ignored.
  Handler& keep(int descriptor) {
    if (descriptor >= 0) kept_descriptors_.push_back(descriptor);
    return *this;
  }

  /// States that the handler depends on the resource that `wait_lost` waits for: when that is lost,
  /// the server drains, and DrainReport::loss has the reason. `wait_lost` runs on a fiber of its
  /// own for each endpoint of the handler, and must not throw.
  Handler& needs(LossWait wait_lost) {
    wait_lost_ = std::move(wait_lost);
    return *this;
  }

  /// Gives the handler a task, which runs beside its calls and can share memory with them: see
  /// Server::add_task(). Logs show it by the name of the service. A handler that is added twice has
  /// its task run twice at once. With `processes`, where calls have memory of their own, bind
  /// fails. If a drain is cut while the task runs, the log and DrainReport::cut_tasks have its
  /// `status`.
  Handler& beside(ServerTask task, TaskStatus status = {}) {
    task_ = std::move(task);
    task_status_ = std::move(status);
    return *this;
  }

  /// States that the handler uses files that Server::reload() has to read again. With `processes`,
  /// a process that already runs, such as the one that serves a datagram socket, keeps what it has.
  Handler& reload(ReadAgain read_again) {
    read_again_ = std::move(read_again);
    return *this;
  }

  /// States that the handler uses no files but `usable` from now on, runs no programs, and makes no
  /// system call that confine_program() refuses: then a server may confine the program, see
  /// ServerOptions::confinement. A second call adds to the first.
  Handler& stays_within(const std::vector<UsablePath>& usable) {
    if (!usable_paths_) usable_paths_.emplace();
    usable_paths_->insert(usable_paths_->end(), usable.begin(), usable.end());
    return *this;
  }

  const InformedStreamHandler& stream() const { return stream_; }
  const MessageHandler& message() const { return message_; }
  const MessageHandlerMaker& message_maker() const { return message_maker_; }
  const DatagramHandler& datagram() const { return datagram_; }
  const Authenticator& authenticator() const { return authenticator_; }

  /// Returns true if it handles messages, with one handler for all calls or one for each.
  bool takes_messages() const { return message_ || message_maker_; }

  bool is_only_local() const { return is_only_local_; }
  const std::string& only_local_advice() const { return only_local_advice_; }
  bool is_steered_by_source() const { return is_steered_by_source_; }
  bool is_only_owner() const { return is_only_owner_; }
  std::span<const int> kept_descriptors() const { return kept_descriptors_; }
  const LossWait& wait_lost() const { return wait_lost_; }
  const ServerTask& task() const { return task_; }
  const TaskStatus& task_status() const { return task_status_; }
  const ReadAgain& read_again() const { return read_again_; }

  /// Returns nullopt unless the handler stays within its files.
  const std::optional<std::vector<UsablePath>>& usable_paths() const { return usable_paths_; }

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
  bool is_steered_by_source_ = false;
  std::vector<int> kept_descriptors_;
  LossWait wait_lost_;
  ServerTask task_;
  TaskStatus task_status_;
  ReadAgain read_again_;
  std::optional<std::vector<UsablePath>> usable_paths_;
};

/// Makes the handler of an endpoint from the endpoint options that it takes.
using HandlerMaker = std::function<Result<Handler>(OptionTaker& taker)>;

}  // namespace hotline
