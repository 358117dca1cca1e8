#include "engine/operations/datagrams.h"

#include <liburing.h>

#include <utility>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

constexpr int kReceiveFlags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;

int receive_into(int fd, std::span<mmsghdr> messages) {
  return system_result([&] {
    return ::recvmmsg(fd, messages.data(), static_cast<unsigned>(messages.size()), kReceiveFlags,
                      nullptr);
  });
}

}  // namespace

int DatagramOperation::settle(int result) noexcept {
  if (result != -EAGAIN) return result;
  if (std::exchange(has_found_nothing_, true) && errors_ != nullptr)
    errors_->read_errors(channel());
  return result;
}

int ReceiveDatagrams::attempt() noexcept {
  return settle(receive_into(channel().fd(), messages()));
}

void ReceiveDatagrams::prepare(io_uring_sqe& entry) noexcept {
  io_uring_prep_recvmsg(&entry, channel().fd(), &messages().front().msg_hdr, MSG_CMSG_CLOEXEC);
  // Usually nothing has arrived yet, and an attempt would be wasted.
  entry.ioprio = IORING_RECVSEND_POLL_FIRST;
}

int ReceiveDatagrams::take_first(int result) noexcept {
  if (result < 0) return result;
  messages().front().msg_len = static_cast<unsigned>(result);
  return 1;
}

int ReceiveDatagrams::attempt_rest() noexcept {
  const int result = receive_into(channel().fd(), messages().subspan(1));
  return result < 0 ? 0 : result;
}

int SendDatagrams::attempt() noexcept {
  if (messages().size() == 1) return settle(send_only());
  return settle(system_result([this] {
    return ::sendmmsg(channel().fd(), messages().data(), static_cast<unsigned>(messages().size()),
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  }));
}

/// Costs less than sendmmsg of one.
int SendDatagrams::send_only() noexcept {
  const int result = system_result([this] {
    return static_cast<int>(
        ::sendmsg(channel().fd(), &messages().front().msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL));
  });
  if (result < 0) return result;
  messages().front().msg_len = static_cast<unsigned>(result);
  return 1;
}

int ReceiveErrors::attempt() noexcept {
  return system_result([this] {
    return ::recvmmsg(channel().fd(), messages_.data(), static_cast<unsigned>(messages_.size()),
                      MSG_DONTWAIT | MSG_ERRQUEUE, nullptr);
  });
}

}  // namespace hotline::engine
