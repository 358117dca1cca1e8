#include "engine/launcher/launcher_wire.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/operations/system_result.h"
#include "engine/passed_descriptors.h"

namespace hotline::engine {
namespace {

constexpr std::size_t kDescriptors = 3;

/// A message of `bytes`, with room for the descriptors.
struct Message {
  explicit Message(const void* bytes, std::size_t size) : piece{const_cast<void*>(bytes), size} {
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }

  iovec piece;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptors * sizeof(int))> control{};
  msghdr header{};
};

/// Takes all of them or none; others are closed.
void take_descriptors(const msghdr& message, LaunchDescriptors& descriptors) {
  std::array<UniqueFd, kDescriptors> passed;
  if (engine::take_descriptors(message, passed) < kDescriptors) return;
  descriptors.output = std::move(passed[0]);
  descriptors.error = std::move(passed[1]);
  descriptors.status = std::move(passed[2]);
}

}  // namespace

int send_request(int socket, Bytes message, const LaunchDescriptors& descriptors) {
  Message sent(message.data(), message.size());
  cmsghdr* control = CMSG_FIRSTHDR(&sent.header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(kDescriptors * sizeof(int));
  const std::array<int, kDescriptors> fds{descriptors.output.get(), descriptors.error.get(),
                                          descriptors.status.get()};
  std::memcpy(CMSG_DATA(control), fds.data(), sizeof fds);
  const int result =
      system_result([&] { return ::sendmsg(socket, &sent.header, MSG_DONTWAIT | MSG_NOSIGNAL); });
  return result < 0 ? result : 0;
}

int receive_request(int socket, MutableBytes memory, RequestWait wait,
                    LaunchDescriptors& descriptors) {
  Message received(memory.data(), memory.size());
  const int flags = MSG_CMSG_CLOEXEC | (wait == RequestWait::no ? MSG_DONTWAIT : 0);
  const int size = system_result([&] { return ::recvmsg(socket, &received.header, flags); });
  if (size >= 0) take_descriptors(received.header, descriptors);
  return size;
}

void send_status(int socket, LaunchStatus status) {
  system_result(
      [&] { return ::send(socket, &status, sizeof status, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

}  // namespace hotline::engine
