#include "net/unix_sender.h"

#include <linux/sock_diag.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "engine/end_code.h"
#include "engine/engine.h"
#include "engine/operations/datagrams.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

using engine::Channel;
using engine::Engine;

// The kernel also counts its own bookkeeping, and rounds up to powers of two.
constexpr std::size_t kOverheadBytes = 1024;

// The buffer is checked after each such part of it has been sent.
constexpr std::size_t kPartsOfBuffer = 16;

// A peer that reads in time stays far below its share; this many that do not read are needed to
// fill the rest.
constexpr std::size_t kSharesOfBuffer = 16;
constexpr std::size_t kHoldersMax = 64;

struct Buffer {
  std::size_t used = 0;
  std::size_t size = 0;

  bool is_half_full() const { return used > size / 2; }
};

/// Returns an empty Buffer if the kernel does not report it.
Buffer buffer_of(const Channel& channel) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> numbers{};
  std::size_t size = sizeof numbers;
  if (Engine::current().get_option(channel.fd(), SOL_SOCKET, SO_MEMINFO, numbers.data(), size) < 0)
    return {};
  return {numbers[SK_MEMINFO_WMEM_ALLOC], numbers[SK_MEMINFO_SNDBUF]};
}

int attempt(Channel& channel, std::span<mmsghdr> messages) {
  Engine& engine = Engine::current();
  engine::SendDatagrams operation(channel, messages);
  return engine.perform(operation, Deadline::at(engine.now()));
}

std::size_t size_of(const mmsghdr& message) {
  return 2 * message.msg_hdr.msg_iov->iov_len + kOverheadBytes;
}

}  // namespace

void UnixSender::look() {
  const Buffer buffer = buffer_of(named_);
  buffered_ = buffer.used;
  buffer_bytes_ = buffer.size;
  sent_since_ = 0;
  is_half_full_ = buffer.is_half_full();
  if (!is_half_full_) holders_.clear();
}

/// Returns as many of `messages` as a part of the buffer takes, at least one.
std::span<mmsghdr> UnixSender::first_part(std::span<mmsghdr> messages) const {
  std::size_t size = size_of(messages.front());
  std::size_t count = 1;
  for (; count < messages.size(); ++count) {
    size += size_of(messages[count]);
    if (size > buffer_bytes_ / kPartsOfBuffer) break;
  }
  return messages.first(count);
}

int UnixSender::send(std::span<mmsghdr> messages) {
  const bool is_due =
      is_half_full_ || buffer_bytes_ == 0 || sent_since_ > buffer_bytes_ / kPartsOfBuffer;
  if (is_due) look();
  if (!is_half_full_) {
    const int sent = attempt(named_, first_part(messages));
    for (int i = 0; i < sent; ++i) sent_since_ += size_of(messages[static_cast<std::size_t>(i)]);
    if (sent != -engine::kDeadlineEnd) return sent;
    look();
    // Otherwise the queue of that peer is full.
    if (!is_half_full_) return sent;
  }
  const int sent = send_by_spare(messages);
  return sent == -EPERM ? send_its_share(messages.first(1)) : sent;
}

int UnixSender::send_by_spare(std::span<mmsghdr> messages) {
  constexpr int kSockets = 2;
  for (int i = 0; i < kSockets; ++i) {
    if (!spare_) {
      const int fd = Engine::current().open_socket(AF_UNIX, SOCK_DGRAM);
      if (fd < 0) break;
      spare_ = std::make_unique<Channel>(UniqueFd(fd));
      widen_send_buffer(*spare_);
    }
    const int sent = attempt(*spare_, messages);
    if (sent != -engine::kDeadlineEnd || !buffer_of(*spare_).is_half_full()) return sent;
    spare_.reset();
  }
  return -engine::kDeadlineEnd;
}

/// A peer has read all that it was sent if the buffer holds no more than before the first of it.
/// Unread bytes of others can hide that, so a peer that has used its share gets as much again to
/// show that it reads each.
int UnixSender::send_its_share(std::span<mmsghdr> message) {
  const msghdr& header = message.front().msg_hdr;
  const std::size_t share = buffer_bytes_ / kSharesOfBuffer;
  const std::size_t size = size_of(message.front());
  Holder& holder = holder_of({header.msg_name, header.msg_namelen});
  const bool has_read_last = holder.used > share && buffered_ <= holder.before_last;
  if (buffered_ <= holder.before || has_read_last) holder.used = 0;
  if (holder.used == 0) holder.before = buffered_;
  if (holder.used > 0 && holder.used + size > 2 * share) return -engine::kDeadlineEnd;
  holder.before_last = buffered_;
  const int sent = attempt(named_, message);
  if (sent > 0) holder.used += size;
  return sent;
}

UnixSender::Holder& UnixSender::holder_of(const SocketAddress& peer) {
  const auto found = std::ranges::find(holders_, peer, &Holder::peer);
  if (found != holders_.end()) return *found;
  if (holders_.size() < kHoldersMax) return holders_.emplace_back(peer, 0, buffered_, buffered_);
  Holder& least = *std::ranges::min_element(holders_, {}, &Holder::used);
  least = {peer, 0, buffered_, buffered_};
  return least;
}

void UnixSender::leave_loop() {
  if (spare_) spare_->withdraw();
}

}  // namespace hotline::net
