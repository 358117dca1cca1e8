#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "engine/simulated/simulated_loop.h"
#include "hotline/engine/clock.h"
#include "support/simulated.h"

namespace hotline::engine::simulated_kernel_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Simulation;

SocketAddress any(std::uint16_t port) { return test::any_ipv4(port).address(AF_INET); }

NameAnswer ask(SimulatedLoop& loop, std::string host, int flags = 0) {
  return loop.look_up({std::move(host), "80", SOCK_STREAM, AI_NUMERICSERV | flags});
}

std::vector<Site> sites(const NameAnswer& answer) {
  std::vector<Site> found;
  for (const SocketAddress& each : answer.addresses) found.push_back(Site::of(each));
  return found;
}

}  // namespace

TEST_CASE("sockets are opened for streams and datagrams, and closed") {
  Simulation simulation;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    UniqueFd stream(loop.open_socket(AF_INET, SOCK_STREAM));
    UniqueFd datagrams(loop.open_socket(AF_UNIX, SOCK_DGRAM));
    CHECK(stream);
    CHECK(datagrams);
    CHECK(loop.open_socket(AF_INET, SOCK_RAW) == -EPROTONOSUPPORT);
    CHECK(loop.descriptors().describe_open().size() == 2);
    loop.close(std::move(stream));
    loop.close(std::move(datagrams));
    CHECK(loop.descriptors().describe_open().empty());
    loop.close(UniqueFd());
  });
}

TEST_CASE("calls on a closed descriptor, or without a socket, return that error") {
  Simulation simulation;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    UniqueFd counter(loop.open_counter());
    SocketAddress address;
    int value = 0;
    std::size_t size = sizeof value;
    for (const int fd : {-1, 0, counter.get()}) {
      CHECK(loop.bind(fd, any(80)) == -EBADF);
      CHECK(loop.listen(fd, 1) == -EBADF);
      CHECK(loop.local_address(fd, address) == -EBADF);
      CHECK(loop.peer_address(fd, address) == -EBADF);
      CHECK(loop.shut_down(fd, SHUT_WR) == -EBADF);
    }
    CHECK(loop.set_option(-1, SOL_SOCKET, SO_REUSEADDR, &value, size) == -EBADF);
    CHECK(loop.get_option(-1, SOL_SOCKET, SO_REUSEADDR, &value, size) == -EBADF);
    CHECK(loop.duplicate(-1) == -EBADF);
    CHECK(loop.take_from_counter(-1) == -EBADF);
    loop.add_to_counter(-1);
    loop.close(std::move(counter));
  });
}

TEST_CASE("a socket returns its address, and that it has no peer") {
  Simulation simulation;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    UniqueFd fd(loop.open_socket(AF_INET, SOCK_STREAM));
    SocketAddress address;
    CHECK(loop.bind(fd.get(), any(80)) == 0);
    CHECK(loop.local_address(fd.get(), address) == 0);
    CHECK(address == any(80));
    CHECK(loop.peer_address(fd.get(), address) == -ENOTCONN);
    CHECK(loop.listen(fd.get(), 1) == 0);
    int value = 0;
    std::size_t size = sizeof value;
    CHECK(loop.get_option(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &value, size) == 0);
    CHECK(value == 1);
    loop.close(std::move(fd));
  });
}

TEST_CASE("a node is destroyed with the last of its descriptors") {
  Simulation simulation;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    UniqueFd fd(loop.open_socket(AF_INET, SOCK_STREAM));
    REQUIRE(loop.bind(fd.get(), any(80)) == 0);
    UniqueFd copy(loop.duplicate(fd.get()));
    loop.close(std::move(fd));
    UniqueFd other(loop.open_socket(AF_INET, SOCK_STREAM));
    CHECK(loop.bind(other.get(), any(80)) == -EADDRINUSE);
    loop.close(std::move(copy));
    CHECK(loop.bind(other.get(), any(80)) == 0);
    loop.close(std::move(other));
  });
}

TEST_CASE("descriptors run out at the limit of the host") {
  Simulation simulation;
  simulation.a.descriptors_max = 2;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    CHECK(loop.raise_descriptor_limit() == 2);
    UniqueFd one(loop.open_counter());
    UniqueFd two(loop.open_signals({}));
    CHECK(loop.open_socket(AF_INET, SOCK_STREAM) == -EMFILE);
    CHECK(loop.open_counter() == -EMFILE);
    CHECK(loop.duplicate(one.get()) == -EMFILE);
    loop.close(std::move(one));
    loop.close(std::move(two));
  });
}

TEST_CASE("a socket may fail for lack of memory") {
  Simulation simulation(FaultPlan().set(Fault::no_memory, 1'000'000));
  simulation.run([&] { CHECK(simulation.loop.open_socket(AF_INET, SOCK_STREAM) == -ENOMEM); });
}

TEST_CASE("a counter can be taken from as often as it was added to") {
  Simulation simulation;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    UniqueFd counter(loop.open_counter());
    CHECK(loop.take_from_counter(counter.get()) == -EAGAIN);
    loop.add_to_counter(counter.get());
    loop.add_to_counter(counter.get());
    CHECK(loop.take_from_counter(counter.get()) == 0);
    CHECK(loop.take_from_counter(counter.get()) == 0);
    CHECK(loop.take_from_counter(counter.get()) == -EAGAIN);
    loop.close(std::move(counter));
  });
}

TEST_CASE("names of hosts are looked up, and others are unknown") {
  Simulation simulation;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    CHECK(sites(ask(loop, "b")) == std::vector{test::site_of(simulation.b, 80)});
    CHECK(ask(loop, "unknown").failed == EAI_NONAME);
    CHECK(sites(ask(loop, "10.1.2.3", AI_NUMERICHOST)).front().ip == ipv4(10, 1, 2, 3));
    CHECK(ask(loop, "b", AI_NUMERICHOST).failed == EAI_NONAME);
    const auto local = sites(ask(loop, "localhost", AI_PASSIVE));
    REQUIRE(local.size() == 2);
    CHECK(local[0].is_loopback());
    CHECK(local[1] == test::loopback(80));
    const auto wide = sites(ask(loop, "", AI_PASSIVE));
    REQUIRE(wide.size() == 2);
    CHECK(wide[0] == test::any_ipv6(80));
    CHECK(wide[1] == test::any_ipv4(80));
    for (const Site& each : sites(ask(loop, ""))) CHECK(each.is_loopback());
  });
}

TEST_CASE("a path exists from the bind until it is removed, on its own host") {
  Simulation simulation;
  simulation.run([&] {
    SimulatedLoop& loop = simulation.loop;
    PathStatus status;
    CHECK(loop.path_status("/tmp/x", status) == -ENOENT);
    CHECK(loop.remove_path("/tmp/x") == -ENOENT);
    CHECK(loop.set_path_mode("/tmp/x", 0600) == -ENOENT);
    UniqueFd fd(loop.open_socket(AF_UNIX, SOCK_STREAM));
    REQUIRE(loop.bind(fd.get(), test::named("/tmp/x").address(AF_UNIX)) == 0);
    loop.close(std::move(fd));
    CHECK(loop.path_status("/tmp/x", status) == 0);
    CHECK(status.is_socket);
    CHECK_FALSE(status.is_directory);
    CHECK(status.inode != 0);
    CHECK(loop.set_path_mode("/tmp/x", 0600) == 0);
    CHECK(simulation.a.paths.at("/tmp/x").mode == 0600);
    CHECK(simulation.b.paths.empty());
    CHECK(loop.remove_path("/tmp/x") == 0);
    CHECK(loop.path_status("/tmp/x", status) == -ENOENT);
  });
}

TEST_CASE("randomness is drawn from the seed") {
  const auto drawn = [](std::uint64_t seed) {
    Simulation simulation({}, {}, {}, seed);
    std::array<std::byte, 16> bytes{};
    simulation.run([&] { simulation.loop.fill_random(bytes); });
    return bytes;
  };
  CHECK(drawn(1) == drawn(1));
  CHECK(drawn(1) != drawn(2));
}

TEST_CASE("a wall clock follows time, each host's with its own step and drift") {
  Simulation simulation;
  simulation.b.wall_clock_offset = -hours(1);
  simulation.b.drift_per_million = 100;
  std::array<std::chrono::system_clock::time_point, 2> begun{};
  std::array<std::chrono::system_clock::time_point, 2> ended{};
  const auto watch = [&](std::size_t index) {
    begun[index] = wall_clock_now();
    CHECK(sleep_for(seconds(1000)));
    ended[index] = wall_clock_now();
  };
  simulation.start(simulation.a, [&] { watch(0); });
  simulation.start(simulation.b, [&] { watch(1); });
  CHECK(simulation.run());
  CHECK(begun[0] - begun[1] == hours(1));
  CHECK(ended[0] - begun[0] == seconds(1000));
  CHECK(ended[1] - begun[1] == seconds(1000) + milliseconds(100));
}

TEST_CASE("a wall clock may jump by at most an hour at a time; the other clock does not") {
  Simulation simulation(FaultPlan().set(Fault::clock_step, 1'000'000));
  simulation.run([&] {
    const Instant before = now();
    std::set<Duration> steps;
    auto last = wall_clock_now();
    for (int i = 0; i < 50; ++i) {
      const auto next = wall_clock_now();
      steps.insert(next - last);
      last = next;
    }
    CHECK(steps.size() > 40);
    CHECK(*steps.begin() < Duration(0));
    CHECK(*steps.begin() >= -hours(1));
    CHECK(*steps.rbegin() > Duration(0));
    CHECK(*steps.rbegin() <= hours(1));
    CHECK(now() == before);
  });
}

TEST_CASE("actions of a killed program have no effect, on descriptors of others neither") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  bool has_looked = false;
  std::optional<UniqueFd> stolen;
  Program& victim = simulation.start(simulation.a, [&] {
    UniqueFd fd(loop.open_socket(AF_INET, SOCK_STREAM));
    CHECK_FALSE(sleep_for(hours(1)));
    REQUIRE(stolen);
    CHECK(stolen->get() != fd.get());
    SocketAddress address;
    PathStatus status;
    CHECK(loop.bind(fd.get(), any(80)) == -EBADF);
    CHECK(loop.listen(fd.get(), 1) == -EBADF);
    CHECK(loop.local_address(fd.get(), address) == -EBADF);
    CHECK(loop.shut_down(fd.get(), SHUT_WR) == -EBADF);
    CHECK(loop.duplicate(fd.get()) == -EBADF);
    CHECK(loop.open_socket(AF_INET, SOCK_STREAM) == -ENETDOWN);
    CHECK(loop.open_counter() == -EMFILE);
    CHECK(loop.open_signals({}) == -EMFILE);
    CHECK(loop.path_status("/tmp/x", status) == 0);
    CHECK(loop.remove_path("/tmp/x") == -EIO);
    CHECK(loop.set_path_mode("/tmp/x", 0) == -EIO);
    loop.close(std::move(fd));
    has_looked = true;
  });
  simulation.start(simulation.a, [&] {
    CHECK(sleep_for(seconds(1)));
    loop.kill(victim);
    stolen.emplace(loop.open_socket(AF_UNIX, SOCK_STREAM));
    REQUIRE(loop.bind(stolen->get(), test::named("/tmp/x").address(AF_UNIX)) == 0);
    CHECK(sleep_for(seconds(1)));
    CHECK(loop.listen(stolen->get(), 1) == 0);
    loop.close(std::move(*stolen));
  });
  CHECK(simulation.run());
  CHECK(has_looked);
  CHECK(loop.descriptors().describe_open().empty());
}

}  // namespace hotline::engine::simulated_kernel_test
