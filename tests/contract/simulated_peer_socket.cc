#include <sys/socket.h>

#include <cerrno>

#include "contract/peer_socket.h"
#include "contract/stage.h"
#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/operations/connect.h"
#include "engine/operations/datagrams.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "engine/operations/wait_ready.h"
#include "hotline/engine/clock.h"

namespace contract {
namespace {

using hotline::engine::Channel;
using hotline::engine::Engine;

constexpr auto kSimulatedPatience = std::chrono::seconds(20);
constexpr auto kBacklogRetry = std::chrono::milliseconds(1);

// The longest trip within a machine: tests expect what was sent over a loopback to have arrived.
constexpr auto kTripMax = std::chrono::microseconds(20);

template <typename Action>
int on_stage(Action action) {
  int result = 0;
  Stage::current()->perform([&] { result = action(); });
  return result;
}

int perform(hotline::engine::Operation& operation, Patience patience) {
  const hotline::Duration most =
      patience == Patience::none ? hotline::Duration(0) : kSimulatedPatience;
  const int result = Engine::current().perform(operation, hotline::deadline_after(most));
  return hotline::engine::is_end_code(result) ? -EAGAIN : result;
}

class SimulatedPeerSocket final : public PeerSocket {
 public:
  SimulatedPeerSocket(hotline::UniqueFd fd, bool is_datagram)
      : channel_(std::move(fd)), is_datagram_(is_datagram) {}
  ~SimulatedPeerSocket() override {
    Stage::current()->perform([this] { channel_.close(); });
  }

  int connect(const hotline::SocketAddress& address);
  int send(std::string_view bytes, Patience patience) override;
  int receive(std::span<char> into, Patience patience) override;
  bool is_readable() override;
  int end_writes() override;
  void close_with_reset() override;

 private:
  struct Message {
    explicit Message(std::span<char> bytes) : piece{bytes.data(), bytes.size()} {
      header.msg_hdr.msg_iov = &piece;
      header.msg_hdr.msg_iovlen = 1;
    }
    iovec piece;
    mmsghdr header{};
  };

  int send_datagram(std::string_view bytes, Patience patience);
  int receive_datagram(std::span<char> into, Patience patience);

  Channel channel_;
  const bool is_datagram_;
};

int SimulatedPeerSocket::connect(const hotline::SocketAddress& address) {
  const hotline::Instant end = hotline::now() + kSimulatedPatience;
  for (;;) {
    hotline::engine::Connect operation(channel_, address);
    const int result = perform(operation, Patience::some);
    if (result != -EBUSY || hotline::now() > end) return result;
    // A full UNIX backlog.
    Stage::current()->pause(kBacklogRetry);
  }
}

int SimulatedPeerSocket::send(std::string_view bytes, Patience patience) {
  const int sent = on_stage([&] {
    if (is_datagram_) return send_datagram(bytes, patience);
    hotline::engine::Send operation(channel_, hotline::as_bytes(bytes));
    return perform(operation, patience);
  });
  if (sent >= 0) Stage::current()->pause(kTripMax);
  return sent;
}

int SimulatedPeerSocket::send_datagram(std::string_view bytes, Patience patience) {
  std::string own(bytes);
  Message message(own);
  hotline::engine::SendDatagrams operation(channel_, {&message.header, 1});
  const int result = perform(operation, patience);
  return result == 1 ? static_cast<int>(message.header.msg_len) : result;
}

int SimulatedPeerSocket::receive(std::span<char> into, Patience patience) {
  return on_stage([&] {
    if (is_datagram_) return receive_datagram(into, patience);
    hotline::engine::Receive operation(channel_, Engine::current(), std::as_writable_bytes(into));
    return perform(operation, patience);
  });
}

int SimulatedPeerSocket::receive_datagram(std::span<char> into, Patience patience) {
  Message message(into);
  hotline::engine::ReceiveDatagrams operation(channel_, {&message.header, 1});
  const int result = perform(operation, patience);
  return result == 1 ? static_cast<int>(message.header.msg_len) : result;
}

bool SimulatedPeerSocket::is_readable() {
  return on_stage([&] {
           hotline::engine::WaitReady operation(channel_, hotline::engine::Direction::read);
           return perform(operation, Patience::none);
         }) == 0;
}

int SimulatedPeerSocket::end_writes() {
  return on_stage([&] { return Engine::current().shut_down(channel_.fd(), SHUT_WR); });
}

void SimulatedPeerSocket::close_with_reset() {
  on_stage([&] {
    const linger none{.l_onoff = 1, .l_linger = 0};
    return Engine::current().set_option(channel_.fd(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  });
}

PeerSocketOrError connect_from_fiber(const hotline::Endpoint& endpoint) {
  const hotline::SocketAddress address = address_of(endpoint);
  const int family = static_cast<const sockaddr*>(address.data())->sa_family;
  const bool is_datagram = hotline::is_datagram(endpoint.transport());
  Engine& engine = Engine::current();
  const int fd = engine.open_socket(family, is_datagram ? SOCK_DGRAM : SOCK_STREAM);
  if (fd < 0) return std::unexpected(-fd);
  auto socket = std::make_unique<SimulatedPeerSocket>(hotline::UniqueFd(fd), is_datagram);
  if (is_datagram && family == AF_UNIX) {
    const sa_family_t unnamed = AF_UNIX;
    engine.bind(fd, {&unnamed, sizeof unnamed});
  }
  if (const int result = socket->connect(address); result < 0) return std::unexpected(-result);
  return socket;
}

}  // namespace

PeerSocketOrError connect_on_stage(const hotline::Endpoint& endpoint) {
  PeerSocketOrError socket;
  Stage::current()->perform([&] { socket = connect_from_fiber(endpoint); });
  return socket;
}

}  // namespace contract
