#include "net/source_steering.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "net/address.h"
#include "support/datagrams.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::net::source_steering_test {
namespace {

constexpr int kPortsOfEach = 5;

std::vector<std::string> ipv4_sources(int count) {
  std::vector<std::string> sources;
  for (int i = 1; i <= count; ++i) sources.push_back("127.0.0." + std::to_string(i));
  return sources;
}

std::vector<std::string> ipv6_sources(int count) {
  std::vector<std::string> sources{"::1"};
  for (int i = 2; i <= count; ++i) sources.push_back("fd00::" + std::to_string(i));
  // These differ in other parts of the address.
  for (int i = 1; i <= count; ++i) sources.push_back("fd00:0:" + std::to_string(i) + "::1");
  return sources;
}

/// Sends `text` to `port` of this machine from `source` and a port of its own. An IPv6 source does
/// not have to belong to this machine.
void send_from(const std::string& source, std::uint16_t port, const std::string& text) {
  const bool is_ipv6 = source.find(':') != std::string::npos;
  const int family = is_ipv6 ? AF_INET6 : AF_INET;
  const UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (is_ipv6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
  const auto address = [&](const std::string& host, std::uint16_t at) -> SocketAddress {
    if (!is_ipv6) return test::ipv4_address(at, host.c_str());
    sockaddr_in6 wanted{};
    wanted.sin6_family = AF_INET6;
    wanted.sin6_port = htons(at);
    ::inet_pton(AF_INET6, host.c_str(), &wanted.sin6_addr);
    return {&wanted, sizeof wanted};
  };
  const SocketAddress from = address(source, 0);
  const SocketAddress to = address(is_ipv6 ? "::1" : "127.0.0.1", port);
  const auto raw = [](const SocketAddress& each) {
    return static_cast<const sockaddr*>(each.data());
  };
  REQUIRE(::bind(fd.get(), raw(from), static_cast<socklen_t>(from.size())) == 0);
  REQUIRE(::sendto(fd.get(), text.data(), text.size(), 0, raw(to),
                   static_cast<socklen_t>(to.size())) == static_cast<ssize_t>(text.size()));
}

/// `count` sockets at one port, steered by source.
std::vector<DatagramSocket> steered(const std::string& uri, std::size_t count) {
  std::vector<DatagramSocket> sockets;
  sockets.push_back(test::bound(uri));
  while (sockets.size() < count) {
    sockets.push_back(std::move(sockets.front().share_port().value()));
  }
  REQUIRE(sockets.back().steer_by_source(count));
  return sockets;
}

/// Sends from several ports of each source, and returns the sockets that each source has reached.
std::map<std::string, std::set<std::size_t>> reach(std::vector<DatagramSocket>& sockets,
                                                   const std::vector<std::string>& sources) {
  for (int i = 0; i < kPortsOfEach; ++i) {
    for (const std::string& each : sources) {
      send_from(each, sockets.front().endpoint().port(), each);
    }
  }
  std::map<std::string, std::set<std::size_t>> reached;
  std::size_t count = 0;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    while (const auto datagram = sockets[i].receive(Deadline::at(now()))) {
      reached[std::string(as_text(datagram->bytes))].insert(i);
      ++count;
    }
  }
  CHECK(count == sources.size() * kPortsOfEach);
  return reached;
}

/// Checks that each source reaches one socket, and that all sockets are reached.
void check(std::vector<DatagramSocket>& sockets, const std::vector<std::string>& sources) {
  std::set<std::size_t> used;
  for (const auto& [source, reached] : reach(sockets, sources)) {
    CAPTURE(source);
    CHECK(reached.size() == 1);
    used.insert(reached.begin(), reached.end());
  }
  CHECK(used.size() == sockets.size());
}

bool has_ipv6() {
  const UniqueFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 own{};
  own.sin6_family = AF_INET6;
  own.sin6_addr = in6addr_loopback;
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0;
}

}  // namespace

TEST_CASE("all datagrams of one IPv4 source reach one socket, and the sources are spread") {
  for (const std::size_t count : {1U, 2U, 3U, 4U, 7U}) {
    CAPTURE(count);
    auto sockets = steered("udp://127.0.0.1:0", count);
    check(sockets, ipv4_sources(40));
  }
}

TEST_CASE("all datagrams of one IPv6 source reach one socket, and the sources are spread") {
  if (!has_ipv6()) return;
  for (const std::size_t count : {2U, 4U}) {
    CAPTURE(count);
    auto sockets = steered("udp://[::1]:0", count);
    check(sockets, ipv6_sources(20));
  }
}

TEST_CASE("a socket for both families steers each family by its own source") {
  if (!has_ipv6()) return;
  auto sockets = steered("udp://:0", 4);
  check(sockets, ipv4_sources(40));
  check(sockets, ipv6_sources(20));
}

TEST_CASE("without steering, the ports of one source reach several sockets") {
  std::vector<DatagramSocket> sockets;
  sockets.push_back(test::bound("udp://127.0.0.1:0"));
  while (sockets.size() < 4) {
    sockets.push_back(std::move(sockets.front().share_port().value()));
  }
  const auto reached = reach(sockets, ipv4_sources(20));
  CHECK(std::ranges::any_of(reached, [](const auto& each) { return each.second.size() > 1; }));
}

TEST_CASE("a source keeps its socket when times are noted") {
  auto sockets = steered("udp://127.0.0.1:0", 3);
  for (DatagramSocket& each : sockets) {
    REQUIRE(each.note_times(TimestampUse::received_and_sent));
  }
  check(sockets, ipv4_sources(20));
}

TEST_CASE("only UDP sockets that share a port can be steered") {
  DatagramSocket unix_socket = test::bound("unixgram:@hotline-steered");
  CHECK(test::kind_of(unix_socket.steer_by_source(2)) == "unsupported");
  DatagramSocket alone = test::bound("udp://127.0.0.1:0");
  CHECK_FALSE(alone.steer_by_source(2));
  alone.close();
  CHECK_FALSE(alone.steer_by_source(2));
}

TEST_CASE("the program is one that the kernel accepts, and a closed socket takes none") {
  CHECK(steer_by_source(engine::Channel{UniqueFd()}, 2) == -EBADF);
  const SteeringProgram program = steering_program(5);
  CHECK(program.back().code == (BPF_RET | BPF_A));
  CHECK(program[program.size() - 2].k == 5);
}

}  // namespace hotline::net::source_steering_test
