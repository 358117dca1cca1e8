#pragma once

#include <sys/socket.h>

#include <cstring>
#include <utility>

namespace hotline::engine {

/// Appends control messages to a message that is being received, as far as they fit: cmsg(3).
class ControlWriter {
 public:
  /// `message` has room for `msg_controllen` bytes.
  explicit ControlWriter(msghdr& message)
      : message_(message), room_(std::exchange(message.msg_controllen, 0)) {}

  template <typename Info>
  void put(int level, int type, const Info& info) {
    if (room_ - message_.msg_controllen < CMSG_SPACE(sizeof info)) {
      message_.msg_flags |= MSG_CTRUNC;
      return;
    }
    auto* header = reinterpret_cast<cmsghdr*>(static_cast<char*>(message_.msg_control) +
                                              message_.msg_controllen);
    *header = {};
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
    message_.msg_controllen += CMSG_SPACE(sizeof info);
  }

 private:
  msghdr& message_;
  std::size_t room_;
};

}  // namespace hotline::engine
