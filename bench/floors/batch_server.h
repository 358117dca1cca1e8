#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>

#include "listening.h"
#include "upper_ascii.h"

namespace floors {

// Answers datagrams, 64 at a time, by recvmmsg and sendmmsg. `Control` sees each message before it
// is filled, in reset(), and before it is sent back, in answer().
template <typename Control>
class BatchServer {
 public:
  explicit BatchServer(int socket) : socket_(socket) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      pieces_[i].iov_base = memory_.get() + i * kStride;
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_name = &peers_[i];
    }
  }

  [[noreturn]] void run() {
    unsigned used = kBatch;
    while (true) {
      reset(used);
      const int count = recvmmsg(socket_, messages_.data(), kBatch, MSG_WAITFORONE, nullptr);
      if (count < 0 && errno != EINTR && errno != ECONNREFUSED) die("recvmmsg");
      used = count < 0 ? 0 : static_cast<unsigned>(count);
      answer(used);
    }
  }

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kDatagramMax = 65536;
  // Not a power of two, so that the first lines of the buffers spread over the cache's sets.
  static constexpr std::size_t kStride = kDatagramMax + 192;

  void reset(unsigned used) {
    for (unsigned i = 0; i < used; ++i) {
      pieces_[i].iov_len = kDatagramMax;
      messages_[i].msg_hdr.msg_namelen = sizeof peers_[i];
      controls_[i].reset(messages_[i].msg_hdr);
    }
  }

  void answer(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      pieces_[i].iov_len = messages_[i].msg_len;
      upper_ascii(static_cast<char*>(pieces_[i].iov_base), messages_[i].msg_len);
      controls_[i].answer(messages_[i].msg_hdr);
    }
    for (unsigned done = 0; done < count;) {
      const int sent = sendmmsg(socket_, messages_.data() + done, count - done, 0);
      // A datagram that cannot go is lost, as the network might have lost it.
      done += sent > 0 ? static_cast<unsigned>(sent) : 1;
    }
  }

  int socket_;
  std::unique_ptr<char[]> memory_ = std::make_unique_for_overwrite<char[]>(kBatch * kStride);
  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> pieces_{};
  std::array<sockaddr_in, kBatch> peers_{};
  std::array<Control, kBatch> controls_{};
};

}  // namespace floors
