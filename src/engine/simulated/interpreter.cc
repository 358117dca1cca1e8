#include "engine/simulated/interpreter.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/file_call.h"
#include "engine/operations/accept.h"
#include "engine/operations/connect.h"
#include "engine/operations/datagrams.h"
#include "engine/operations/read_write.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "engine/operations/send_file.h"
#include "engine/operations/wait_process.h"
#include "engine/operations/wait_ready.h"
#include "engine/simulated/datagram_node.h"
#include "engine/simulated/stream_node.h"
#include "hotline/core/rows.h"

namespace hotline::engine {
namespace {

using Kind = Operation::Kind;

struct KindRow {
  Kind kind;
  std::string_view name;  ///< In the trace.
  bool is_for_socket = false;
};

constexpr KindRow kKindRows[] = {
    {.kind = Kind::accept, .name = "accept", .is_for_socket = true},
    {.kind = Kind::connect, .name = "connect", .is_for_socket = true},
    {.kind = Kind::receive, .name = "receive", .is_for_socket = true},
    {.kind = Kind::send, .name = "send", .is_for_socket = true},
    {.kind = Kind::send_vectored, .name = "send_vectored", .is_for_socket = true},
    {.kind = Kind::receive_datagrams, .name = "receive_datagrams", .is_for_socket = true},
    {.kind = Kind::send_datagrams, .name = "send_datagrams", .is_for_socket = true},
    {.kind = Kind::receive_errors, .name = "receive_errors"},
    {.kind = Kind::wait_ready, .name = "wait_ready"},
    {.kind = Kind::wait_process, .name = "wait_process"},
    {.kind = Kind::read, .name = "read"},
    {.kind = Kind::write, .name = "write"},
    {.kind = Kind::send_file, .name = "send_file", .is_for_socket = true},
};

static_assert(is_in_order(kKindRows, &KindRow::kind), "row_of finds a row by its enumerator");

const KindRow& row_of(Kind kind) { return kKindRows[static_cast<std::size_t>(kind)]; }

// Not every file system can send its files.
constexpr std::uint64_t kCannotSendOneIn = 8;

constexpr std::size_t kSentOfFileMax = 64 * 1024;

constexpr Duration kAcceptOutageMax = std::chrono::minutes(1);

}  // namespace

int Interpreter::attempt(Operation& operation, Program& program) {
  // The descriptor numbers of a killed program may have been reused.
  if (!program.is_alive) return -kCancelEnd;
  const int fd = operation.channel().fd();
  Node* node = descriptors_.find(fd);
  if (node == nullptr) return -EBADF;
  // Injects an error only where the call would not have to wait, because a waiting call has not
  // been made yet. The exception is accept(2), which looks for a descriptor before it looks for a
  // caller.
  const bool is_ready = node->is_ready(operation.direction());
  const bool is_outage =
      operation.kind() == Kind::accept && universe_.now < program.accepts_again_at;
  const int struck = is_ready || is_outage ? strike(operation.kind(), program) : 0;
  const int result = struck != 0 ? struck : perform(operation, *node, program);
  if (result != -EAGAIN) {
    universe_.trace.note(universe_.elapsed(), program.host.name, row_of(operation.kind()).name, fd,
                         result);
    if (result > 0) note_bytes(operation, static_cast<std::size_t>(result));
  }
  return result;
}

/// Records the bytes that an operation moved. `count` is the number of bytes, or of datagrams.
void Interpreter::note_bytes(const Operation& operation, std::size_t count) {
  Trace& trace = universe_.trace;
  const auto note_datagrams = [&](std::span<const mmsghdr> messages) {
    for (const mmsghdr& each : messages.first(count)) {
      std::size_t left = each.msg_len;
      for (const iovec& piece : std::span(each.msg_hdr.msg_iov, each.msg_hdr.msg_iovlen)) {
        const std::size_t size = std::min(left, piece.iov_len);
        trace.note_bytes({static_cast<const std::byte*>(piece.iov_base), size});
        left -= size;
      }
    }
  };
  switch (operation.kind()) {
    case Kind::receive: {
      const auto& typed = static_cast<const Receive&>(operation);
      const Bytes into = typed.into().empty() ? typed.buffer.memory() : typed.into();
      return trace.note_bytes(into.first(count));
    }
    case Kind::send:
      return trace.note_bytes(static_cast<const Send&>(operation).bytes().first(count));
    case Kind::read:
      return trace.note_bytes(static_cast<const Read&>(operation).into().first(count));
    case Kind::receive_datagrams:
      return note_datagrams(static_cast<const ReceiveDatagrams&>(operation).messages());
    case Kind::send_datagrams:
      return note_datagrams(static_cast<const SendDatagrams&>(operation).messages());
    default: return;
  }
}

int Interpreter::strike_accept(Program& program) {
  constexpr std::array kErrors{-EMFILE, -ENFILE, -ECONNABORTED};
  constexpr std::array kLastingErrors{-EMFILE, -ENFILE,     -ENOBUFS,     -ENOMEM,
                                      -EPERM,  -EOPNOTSUPP, -ECONNABORTED};
  if (universe_.now < program.accepts_again_at) return program.accept_failure;
  if (universe_.strikes(Fault::accept_outage, program.host.name)) {
    program.accept_failure = kLastingErrors[universe_.chance.below(kLastingErrors.size())];
    program.accepts_again_at =
        universe_.now + universe_.chance.between(Duration(1), kAcceptOutageMax);
    return program.accept_failure;
  }
  if (!universe_.strikes(Fault::accept_failure, program.host.name)) return 0;
  return kErrors[universe_.chance.below(kErrors.size())];
}

int Interpreter::strike(Kind kind, Program& program) {
  const std::string_view host = program.host.name;
  if (!row_of(kind).is_for_socket) return 0;
  if (const int failed = kind == Kind::accept ? strike_accept(program) : 0; failed < 0) {
    return failed;
  }
  if (universe_.strikes(Fault::no_memory, host)) return -ENOMEM;
  const bool is_buffered = kind != Kind::accept && kind != Kind::connect;
  if (is_buffered && universe_.strikes(Fault::no_buffer_space, host)) return -ENOBUFS;
  return 0;
}

int Interpreter::perform(Operation& operation, Node& node, Program& program) {
  switch (operation.kind()) {
    case Kind::accept: return accept(node, program);
    case Kind::connect: return connect(node, static_cast<const Connect&>(operation));
    case Kind::receive: return receive(node, static_cast<Receive&>(operation));
    case Kind::send: return send(node, static_cast<const Send&>(operation).bytes());
    case Kind::send_vectored:
      return send_vectored(node, static_cast<const SendVectored&>(operation));
    case Kind::receive_datagrams: {
      auto* socket = dynamic_cast<DatagramNode*>(&node);
      auto& typed = static_cast<ReceiveDatagrams&>(operation);
      return socket == nullptr ? -ENOTSOCK : socket->receive(typed.messages());
    }
    case Kind::send_datagrams: {
      auto* socket = dynamic_cast<DatagramNode*>(&node);
      auto& typed = static_cast<SendDatagrams&>(operation);
      return socket == nullptr ? -ENOTSOCK : socket->send(typed.messages());
    }
    case Kind::receive_errors: {
      auto* socket = dynamic_cast<DatagramNode*>(&node);
      auto& typed = static_cast<ReceiveErrors&>(operation);
      return socket == nullptr ? -ENOTSOCK : socket->receive_errors(typed.messages());
    }
    case Kind::wait_ready: return node.is_ready(operation.direction()) ? 0 : -EAGAIN;
    case Kind::wait_process: {
      auto* process = dynamic_cast<ProcessNode*>(&node);
      auto& typed = static_cast<WaitProcess&>(operation);
      return process == nullptr ? -EINVAL : process->reap(typed.end);
    }
    case Kind::read: return node.read(static_cast<Read&>(operation).into());
    case Kind::write: return node.write(static_cast<Write&>(operation).bytes());
    case Kind::send_file: return send_file(node, static_cast<const SendFile&>(operation));
  }
  return -EINVAL;
}

int Interpreter::accept(Node& node, Program& program) {
  auto* listener = dynamic_cast<StreamNode*>(&node);
  if (listener == nullptr || !listener->is_listening()) return -EINVAL;
  auto caller = listener->take_caller();
  if (!caller) return -EAGAIN;
  const int fd = descriptors_.open(caller, program);
  if (fd < 0) listener->put_back(std::move(caller));
  return fd;
}

int Interpreter::connect(Node& node, const Connect& operation) {
  const Site target = Site::of(operation.address());
  if (auto* stream = dynamic_cast<StreamNode*>(&node)) return stream->connect(target);
  auto* socket = dynamic_cast<DatagramNode*>(&node);
  return socket == nullptr ? -ENOTSOCK : socket->connect(target);
}

/// When the fault strikes, usually leaves only a few bytes, because short pieces find most
/// mistakes.
std::size_t Interpreter::shortened(Fault fault, std::size_t size, std::string_view host) {
  if (size <= 1 || !universe_.strikes(fault, host)) return size;
  const std::size_t most = universe_.chance.below(4) == 0 ? size : std::min<std::size_t>(size, 8);
  return 1 + universe_.chance.below(most);
}

int Interpreter::receive(Node& node, Receive& operation) {
  auto* stream = dynamic_cast<StreamNode*>(&node);
  if (stream == nullptr) return -ENOTSOCK;
  if (!node.is_ready(Direction::read)) return -EAGAIN;
  MutableBytes into = operation.into();
  Buffer buffer;
  if (into.empty()) {
    buffer = engine_.take_buffer();
    if (!buffer) return -ENOBUFS;
    into = buffer.memory();
  }
  into = into.first(shortened(Fault::short_read, into.size(), node.host().name));
  const int result = stream->receive(into);
  if (buffer && result > 0) {
    buffer.set_filled(static_cast<std::size_t>(result));
    operation.buffer = std::move(buffer);
  }
  return result;
}

int Interpreter::send(Node& node, Bytes bytes) {
  auto* stream = dynamic_cast<StreamNode*>(&node);
  if (stream == nullptr) return -ENOTSOCK;
  if (!node.is_ready(Direction::write)) return -EAGAIN;
  return stream->send(bytes.first(shortened(Fault::short_write, bytes.size(), node.host().name)));
}

int Interpreter::send_vectored(Node& node, const SendVectored& operation) {
  int sent = 0;
  for (const iovec& piece : operation.pieces()) {
    if (piece.iov_len == 0) continue;
    const int result = send(node, {static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
    if (result < 0) return sent > 0 ? sent : result;
    sent += result;
    if (static_cast<std::size_t>(result) < piece.iov_len) break;
  }
  return sent;
}

int Interpreter::send_file(Node& node, const SendFile& operation) {
  if (!node.is_ready(Direction::write)) return -EAGAIN;
  if (universe_.chance.below(kCannotSendOneIn) == 0) return SendFile::kCannot;
  std::vector<std::byte> bytes(std::min(operation.size(), kSentOfFileMax));
  const std::int64_t read = uninterrupted([&] {
    return engine_.file_kernel().read_at(operation.file(), operation.offset(), bytes,
                                         Patience::waits);
  });
  if (read < 0) return SendFile::kCannot;
  return read == 0 ? 0 : send(node, Bytes(bytes).first(static_cast<std::size_t>(read)));
}

}  // namespace hotline::engine
