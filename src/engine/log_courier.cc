#include "engine/log_courier.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <string_view>
#include <utility>

#include "engine/above_standard.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

constexpr std::string_view kOpenLog = "open the log";
constexpr std::size_t kPacketMax = 64 * 1024;

/// A packet consists of the level, the message, the service and the text, separated by zero bytes.
std::string encode(const LogLine& line) {
  std::string packet(1, static_cast<char>(line.level));
  packet.append(line.message).push_back('\0');
  packet.append(line.service).push_back('\0');
  packet.append(line.text);
  if (packet.size() > kPacketMax) packet.resize(kPacketMax);
  return packet;
}

std::string take_field(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\0'), rest.size());
  std::string field(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

LogLine decode(std::string_view packet) {
  LogLine line;
  line.level = static_cast<LogLevel>(packet.front());
  packet.remove_prefix(1);
  line.message = take_field(packet);
  line.service = take_field(packet);
  line.text = packet;
  return line;
}

}  // namespace

Result<LogCourier> LogCourier::open() {
  LogCourier courier;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) < 0 ||
      !above_standard(ends)) {
    return fail(system_error(errno, kOpenLog));
  }
  courier.receiver_.reset(ends[0]);
  courier.sender_.reset(ends[1]);
  void* shared = ::mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return fail(system_error(errno, kOpenLog));
  courier.dropped_.reset(new (shared) std::atomic<std::uint64_t>(0));
  return courier;
}

void LogCourier::Unmap::operator()(std::atomic<std::uint64_t>* count) const noexcept {
  ::munmap(count, sizeof *count);
}

void LogCourier::send(const LogLine& line) noexcept {
  try {
    const std::string packet = encode(line);
    const int sent = system_result([&] {
      return ::send(sender_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    if (sent < 0) count_drop();
  } catch (const std::bad_alloc&) {
    count_drop();
  }
}

std::optional<LogLine> LogCourier::receive() {
  packet_.resize(kPacketMax);
  const int size = system_result(
      [&] { return ::recv(receiver_.get(), packet_.data(), packet_.size(), MSG_DONTWAIT); });
  if (size <= 0) return std::nullopt;
  return decode(std::string_view(packet_).substr(0, static_cast<std::size_t>(size)));
}

}  // namespace hotline::engine
