#include "net/kernel_times.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>

#include "net/socket.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::net::kernel_times_test {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

/// A control message with room for three times.
struct Control {
  template <typename Info>
  Control(int level, int type, const Info& info) {
    header().cmsg_level = level;
    header().cmsg_type = type;
    header().cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(&header()), &info, sizeof info);
  }
  cmsghdr& header() { return *reinterpret_cast<cmsghdr*>(bytes.data()); }

  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(3 * sizeof(timespec))> bytes{};
};

constexpr timespec kTime{1'800'000'000, 123'456'789};

std::int64_t nanoseconds_of(std::optional<std::chrono::system_clock::time_point> time) {
  REQUIRE(time);
  return std::chrono::duration_cast<nanoseconds>(time->time_since_epoch()).count();
}

}  // namespace

TEST_CASE("both forms of a time are read to the nanosecond") {
  Control one(SOL_SOCKET, SO_TIMESTAMPNS, kTime);
  CHECK(nanoseconds_of(time_in(one.header())) == 1'800'000'000'123'456'789);
  Control three(SOL_SOCKET, SO_TIMESTAMPING, std::array{kTime, timespec{}, timespec{}});
  CHECK(nanoseconds_of(time_in(three.header())) == 1'800'000'000'123'456'789);
}

TEST_CASE("a time of the hardware alone, another message, or a cut one has no time") {
  Control hardware(SOL_SOCKET, SO_TIMESTAMPING, std::array{timespec{}, timespec{}, kTime});
  CHECK_FALSE(time_in(hardware.header()));
  Control elsewhere(IPPROTO_IP, SO_TIMESTAMPNS, kTime);
  CHECK_FALSE(time_in(elsewhere.header()));
  Control other(SOL_SOCKET, SO_TIMESTAMP, kTime);
  CHECK_FALSE(time_in(other.header()));
  Control cut(SOL_SOCKET, SO_TIMESTAMPNS, kTime);
  cut.header().cmsg_len = CMSG_LEN(sizeof kTime) - 1;
  CHECK_FALSE(time_in(cut.header()));
}

TEST_CASE("a socket notes the times of one kind only, and none after they were withdrawn") {
  auto [ours, peer] = test::datagram_pair();
  const engine::Channel channel(std::move(ours));
  const auto flags = [&] {
    return std::pair(get_flag(channel, SOL_SOCKET, SO_TIMESTAMPNS) != 0,
                     get_flag(channel, SOL_SOCKET, SO_TIMESTAMPING) != 0);
  };
  CHECK(set_times(channel, TimestampUse::received) == 0);
  CHECK(flags() == std::pair(true, false));
  CHECK(set_times(channel, TimestampUse::received_and_sent) == 0);
  CHECK(flags() == std::pair(false, true));
  CHECK(set_times(channel, TimestampUse::none) == 0);
  CHECK(flags() == std::pair(false, false));
}

TEST_CASE("a closed socket cannot note times") {
  const engine::Channel closed{UniqueFd()};
  CHECK(set_times(closed, TimestampUse::received) == -EBADF);
}

}  // namespace hotline::net::kernel_times_test
