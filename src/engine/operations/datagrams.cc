#include "engine/operations/datagrams.h"

#include <utility>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

int DatagramOperation::settle(int result) noexcept {
  if (result != -EAGAIN) return result;
  if (std::exchange(has_found_nothing_, true) && errors_ != nullptr)
    errors_->read_errors(channel());
  return result;
}

int ReceiveDatagrams::attempt() noexcept {
  return settle(system_result([this] {
    return ::recvmmsg(channel().fd(), messages().data(), static_cast<unsigned>(messages().size()),
                      MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
  }));
}

int SendDatagrams::attempt() noexcept {
  return settle(system_result([this] {
    return ::sendmmsg(channel().fd(), messages().data(), static_cast<unsigned>(messages().size()),
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  }));
}

int ReceiveErrors::attempt() noexcept {
  return system_result([this] {
    return ::recvmmsg(channel().fd(), messages_.data(), static_cast<unsigned>(messages_.size()),
                      MSG_DONTWAIT | MSG_ERRQUEUE, nullptr);
  });
}

}  // namespace hotline::engine
