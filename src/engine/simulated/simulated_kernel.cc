#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "engine/simulated/datagram_node.h"
#include "engine/simulated/simulated_loop.h"
#include "engine/simulated/stream_node.h"

// The Kernel calls of SimulatedLoop, and its simulated processes.

namespace hotline::engine {
namespace {

constexpr unsigned kCores = 2;

// As on a usual machine. In a world, time does not pass between two readings.
constexpr Duration kClockGranularity = std::chrono::nanoseconds(50);

constexpr Duration kFileWorkMax = std::chrono::milliseconds(5);
constexpr Duration kDiskDelayMax = std::chrono::milliseconds(2500);

/// A wait for something that has begun and cannot be withdrawn.
class BegunWait final : public Wait {
 public:
  void interrupt(int) noexcept override {}
};

Site any_of(bool is_ipv6, bool is_loopback) {
  Site site;
  if (!is_ipv6) site.ip = is_loopback ? ipv4(127, 0, 0, 1) : ipv4(0, 0, 0, 0);
  if (is_ipv6 && is_loopback) site.ip[15] = 1;
  return site;
}

}  // namespace

bool SimulatedLoop::is_dead() {
  const Program* running = scope().program;
  return running != nullptr && !running->is_alive;
}

int SimulatedLoop::open(std::shared_ptr<Node> node) {
  return is_dead() ? -EMFILE : descriptors_.open(std::move(node), program());
}

int SimulatedLoop::open_socket(int family, int type) {
  if (is_dead()) return -ENETDOWN;
  SimulatedHost& host = program().host;
  if (universe_.strikes(Fault::no_memory, host.name)) return -ENOMEM;
  if (type == SOCK_STREAM) return open(std::make_shared<StreamNode>(network_, host, family));
  if (type == SOCK_DGRAM) return open(std::make_shared<DatagramNode>(network_, host, family));
  return -EPROTONOSUPPORT;
}

int SimulatedLoop::bind(int fd, const SocketAddress& address) {
  auto* socket = find<SocketNode>(fd);
  return socket == nullptr ? -EBADF : network_.bind(*socket, Site::of(address));
}

int SimulatedLoop::listen(int fd, int backlog) {
  auto* socket = find<StreamNode>(fd);
  return socket == nullptr ? -EBADF : socket->listen(backlog);
}

int SimulatedLoop::set_option(int fd, int level, int option, const void* value, std::size_t size) {
  Node* node = find(fd);
  return node == nullptr ? -EBADF : node->set_option(level, option, value, size);
}

int SimulatedLoop::get_option(int fd, int level, int option, void* value, std::size_t& size) {
  Node* node = find(fd);
  return node == nullptr ? -EBADF : node->get_option(level, option, value, size);
}

int SimulatedLoop::local_address(int fd, SocketAddress& address) {
  auto* socket = find<SocketNode>(fd);
  if (socket == nullptr) return -EBADF;
  address = socket->local.address(socket->family);
  return 0;
}

int SimulatedLoop::peer_address(int fd, SocketAddress& address) {
  auto* socket = find<SocketNode>(fd);
  if (socket == nullptr) return -EBADF;
  if (!socket->has_peer) return -ENOTCONN;
  address = socket->peer.address(socket->family);
  return 0;
}

int SimulatedLoop::shut_down(int fd, int how) {
  auto* socket = find<StreamNode>(fd);
  return socket == nullptr ? -EBADF : socket->shut_down(how);
}

void SimulatedLoop::close(UniqueFd fd) {
  const int number = fd.release();
  if (!is_dead()) descriptors_.close(number);
}

int SimulatedLoop::duplicate(int fd) {
  return is_dead() ? -EBADF : descriptors_.duplicate(fd, program());
}

int SimulatedLoop::set_non_blocking(int) { return 1; }

int SimulatedLoop::set_blocking(int) { return 0; }

int SimulatedLoop::open_counter() { return open(std::make_shared<CounterNode>(program().host)); }

void SimulatedLoop::add_to_counter(int fd) {
  if (auto* counter = find<CounterNode>(fd)) counter->add();
}

int SimulatedLoop::take_from_counter(int fd) {
  auto* counter = find<CounterNode>(fd);
  std::uint64_t taken = 0;
  if (counter == nullptr) return -EBADF;
  return std::min(0, counter->read(std::as_writable_bytes(std::span(&taken, 1))));
}

int SimulatedLoop::open_signals(std::span<const int> signals) {
  auto node =
      std::make_shared<SignalNode>(program().host, std::set<int>(signals.begin(), signals.end()));
  program().signals.push_back(node);
  return open(std::move(node));
}

void SimulatedLoop::unblock_signals(std::span<const int>) {}

std::size_t SimulatedLoop::raise_descriptor_limit() { return program().descriptors_max; }

std::uint32_t SimulatedLoop::effective_user() { return kEverybody; }

unsigned SimulatedLoop::core_count() { return kCores; }

NameAnswer SimulatedLoop::look_up(const NameQuestion& question) {
  if (!question.host.empty() && (question.flags & AI_NUMERICHOST) != 0) {
    return Kernel::look_up(question);
  }
  const auto port = static_cast<std::uint16_t>(std::stoi(question.port));
  NameAnswer answer;
  const auto add = [&](Site site) {
    site.port = port;
    answer.addresses.push_back(site.address(site.is_ipv4() ? AF_INET : AF_INET6));
  };
  if (question.host.empty() || question.host == "localhost") {
    const bool is_loopback = (question.flags & AI_PASSIVE) == 0 || !question.host.empty();
    for (const bool is_ipv6 : {true, false}) add(any_of(is_ipv6, is_loopback));
    return answer;
  }
  const SimulatedHost* host = network_.find_host(question.host);
  if (host == nullptr) return {.failed = EAI_NONAME, .native_code = 0, .addresses = {}};
  add({.ip = host->addresses.front(), .port = 0, .name = {}});
  return answer;
}

int SimulatedLoop::path_status(const std::string& path, PathStatus& status) {
  const auto found = program().host.paths.find(path);
  if (found == program().host.paths.end()) return -ENOENT;
  status = {.device = 1,
            .inode = found->second.inode,
            .is_socket = true,
            .is_directory = false,
            .mode = found->second.mode};
  return 0;
}

int SimulatedLoop::remove_path(const std::string& path) {
  if (is_dead()) return -EIO;
  return program().host.paths.erase(path) == 0 ? -ENOENT : 0;
}

int SimulatedLoop::set_path_mode(const std::string& path, unsigned mode) {
  if (is_dead()) return -EIO;
  const auto found = program().host.paths.find(path);
  if (found == program().host.paths.end()) return -ENOENT;
  found->second.mode = mode;
  return 0;
}

int SimulatedLoop::set_mode(int fd, unsigned mode) {
  auto* socket = find<SocketNode>(fd);
  if (socket == nullptr) return -EBADF;
  socket->mode = mode;
  return 0;
}

/// No other fiber runs between taking the lock and releasing it.
int SimulatedLoop::lock_file(const std::string&) { return open_counter(); }

void SimulatedLoop::unlock_file(const std::string&, UniqueFd lock) { close(std::move(lock)); }

std::chrono::system_clock::time_point SimulatedLoop::read_wall_clock() {
  return universe_.wall_clock(program().host);
}

int SimulatedLoop::read_clock_status(ClockStatus& status) {
  status = program().host.clock_status;
  return 0;
}

Duration SimulatedLoop::wall_clock_granularity() { return kClockGranularity; }

Buffer SimulatedLoop::take_buffer() {
  Program& owner = program();
  // One lease for each stream, and the one that is being taken.
  if (owner.buffers.taken_count() > owner.descriptors) {
    universe_.report_broken("there are more leases than descriptors on " + owner.host.name);
  }
  return owner.buffers.take();
}

SimulatedLoop::StandIn SimulatedLoop::start_process(Script script) {
  SimulatedHost& host = program().host;
  const auto pipe = [&] {
    auto buffer = std::make_shared<PipeNode::Buffer>();
    return std::pair(std::make_shared<PipeNode>(host, buffer, Direction::read),
                     std::make_shared<PipeNode>(host, buffer, Direction::write));
  };
  const auto [input_read, input_write] = pipe();
  const auto [output_read, output_write] = pipe();
  auto process = std::make_shared<ProcessNode>(host);
  start(host, "process", [this, script = std::move(script), input_read, output_write, process] {
    Channel input{UniqueFd(open(input_read))};
    Channel output{UniqueFd(open(output_write))};
    ProcessEnd end{-1, SIGABRT};
    try {
      end = script(input, output);
    } catch (...) {
      process->end(end);
      throw;
    }
    process->end(program().is_alive ? end : ProcessEnd{-1, SIGKILL});
  });
  return {open(process), open(input_write), open(output_read)};
}

int SimulatedLoop::begin_file_work() {
  // Offloaded work does not run on a fiber here.
  if (fiber() == nullptr) return 0;
  return is_dead() ? -kCancelEnd : EventLoop::begin_file_work();
}

int SimulatedLoop::perform_file_work(OffloadPool::Work work) {
  if (fiber() == nullptr) {
    work();
    return 0;
  }
  const bool is_slow = universe_.strikes(Fault::disk_delay, program().host.name);
  const Duration limit = is_slow ? kDiskDelayMax : kFileWorkMax;
  const Instant begins = universe_.now + universe_.chance.between(Duration(0), limit);
  const int waited = wait_until(Deadline::at(begins), OnDrain::goes_on);
  if (waited != -kDeadlineEnd || universe_.now < begins) return waited;
  work();
  BegunWait wait;
  universe_.after(universe_.chance.between(Duration(0), limit), [&] { complete(wait, 0); });
  return park(wait, Deadline::never());
}

void SimulatedLoop::cut_power(SimulatedHost& host) {
  universe_.trace.note(universe_.elapsed(), host.name, "power cut", 0);
  for (Program& each : programs_) {
    if (&each.host == &host && each.fibers.size() > 0) kill(each);
  }
  if (host.tree) host.tree->cut_power(universe_.chance);
}

}  // namespace hotline::engine
