#include "engine/operations/datagrams.h"

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

int ReceiveDatagrams::attempt() noexcept {
  return system_result([this] {
    return ::recvmmsg(channel().fd(), messages_.data(), static_cast<unsigned>(messages_.size()),
                      MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
  });
}

int SendDatagrams::attempt() noexcept {
  return system_result([this] {
    return ::sendmmsg(channel().fd(), messages_.data(), static_cast<unsigned>(messages_.size()),
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  });
}

}  // namespace hotline::engine
