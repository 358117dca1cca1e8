#include "engine/launcher/launcher_wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/operations/system_result.h"
#include "engine/passed_descriptors.h"

namespace hotline::engine {
namespace {

// The error and the input may be missing.
constexpr std::size_t kDescriptorsMin = 2;
constexpr std::size_t kDescriptorsMax = 4;

/// A message of `bytes`, with room for the descriptors.
struct Message {
  explicit Message(const void* bytes, std::size_t size) : piece{const_cast<void*>(bytes), size} {
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }

  iovec piece;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsMax * sizeof(int))> control{};
  msghdr header{};
};

/// Takes all of them or none; others are closed.
void take_descriptors(const msghdr& message, LaunchDescriptors& descriptors) {
  std::array<UniqueFd, kDescriptorsMax> passed;
  if (engine::take_descriptors(message, passed) < kDescriptorsMin) return;
  descriptors.status = std::move(passed[0]);
  descriptors.output = std::move(passed[1]);
  descriptors.error = std::move(passed[2]);
  descriptors.input = std::move(passed[3]);
}

void put_descriptors(msghdr& message, const LaunchDescriptors& descriptors) {
  const std::array<int, kDescriptorsMax> fds{descriptors.status.get(), descriptors.output.get(),
                                             descriptors.error.get(), descriptors.input.get()};
  const auto count = static_cast<std::size_t>(std::ranges::find(fds, -1) - fds.begin());
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(control), fds.data(), count * sizeof(int));
}

}  // namespace

int send_request(int socket, Bytes message, const LaunchDescriptors& descriptors) {
  Message sent(message.data(), message.size());
  put_descriptors(sent.header, descriptors);
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

int send_signal_request(int socket, int signal) {
  const std::int32_t number = signal;
  const int result = system_result(
      [&] { return ::send(socket, &number, sizeof number, MSG_DONTWAIT | MSG_NOSIGNAL); });
  return result < 0 ? result : 0;
}

int receive_signal_request(int socket) {
  std::int32_t number = 0;
  const int size =
      system_result([&] { return ::recv(socket, &number, sizeof number, MSG_DONTWAIT); });
  return size < 0 ? size : number;
}

}  // namespace hotline::engine
