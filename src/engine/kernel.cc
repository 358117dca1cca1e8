#include "engine/kernel.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "engine/above_standard.h"
#include "engine/kernel_clock.h"
#include "engine/processor_count.h"

namespace hotline::engine {
namespace {

int result_of(int returned) { return returned < 0 ? -errno : returned; }

const sockaddr* raw(const SocketAddress& address) {
  return static_cast<const sockaddr*>(address.data());
}

sigset_t set_of(std::span<const int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

template <typename Call>
int address_of(int fd, SocketAddress& address, Call call) {
  socklen_t size = SocketAddress::kSizeMax;
  const int result = result_of(call(fd, static_cast<sockaddr*>(address.data()), &size));
  address.set_size(result < 0 ? 0 : size);
  return result;
}

}  // namespace

void Kernel::set_end_on_close(int fd, EndOnClose end) {
  const linger none{.l_onoff = end == EndOnClose::reset ? 1 : 0, .l_linger = 0};
  set_option(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

int Kernel::open_socket(int family, int type) {
  return result_of(above_standard(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
}

int Kernel::bind(int fd, const SocketAddress& address) {
  return result_of(::bind(fd, raw(address), static_cast<socklen_t>(address.size())));
}

int Kernel::listen(int fd, int backlog) { return result_of(::listen(fd, backlog)); }

int Kernel::set_option(int fd, int level, int name, const void* value, std::size_t size) {
  return result_of(::setsockopt(fd, level, name, value, static_cast<socklen_t>(size)));
}

int Kernel::get_option(int fd, int level, int name, void* value, std::size_t& size) {
  auto length = static_cast<socklen_t>(size);
  const int result = result_of(::getsockopt(fd, level, name, value, &length));
  size = length;
  return result;
}

int Kernel::local_address(int fd, SocketAddress& address) {
  return address_of(fd, address, ::getsockname);
}

int Kernel::peer_address(int fd, SocketAddress& address) {
  return address_of(fd, address, ::getpeername);
}

int Kernel::shut_down(int fd, int how) { return result_of(::shutdown(fd, how)); }

void Kernel::close(UniqueFd fd) { fd.reset(); }

int Kernel::duplicate(int fd) { return result_of(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

int Kernel::set_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  if ((flags & O_NONBLOCK) != 0) return 1;
  return result_of(::fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

int Kernel::set_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return result_of(flags < 0 ? flags : ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK));
}

int Kernel::open_counter() {
  return result_of(above_standard(::eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC)));
}

void Kernel::add_to_counter(int fd) { ::eventfd_write(fd, 1); }

int Kernel::take_from_counter(int fd) {
  eventfd_t taken = 0;
  return result_of(::eventfd_read(fd, &taken));
}

int Kernel::open_signals(std::span<const int> signals) {
  const sigset_t set = set_of(signals);
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  const int fd = result_of(above_standard(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)));
  // Blocked signals that nothing reads would leave a program that only SIGKILL ends.
  if (fd < 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return fd;
}

bool Kernel::is_blocked(int signal) {
  sigset_t blocked;
  sigemptyset(&blocked);
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, signal) == 1;
}

void Kernel::unblock_signals(std::span<const int> signals) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::size_t Kernel::raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

std::uint32_t Kernel::effective_user() { return ::geteuid(); }

unsigned Kernel::core_count() { return processor_count(); }

NameAnswer Kernel::look_up(const NameQuestion& question) {
  addrinfo wanted{};
  wanted.ai_socktype = question.socket_type;
  wanted.ai_flags = question.flags;
  addrinfo* found = nullptr;
  const char* host = question.host.empty() ? nullptr : question.host.c_str();
  NameAnswer answer;
  answer.failed = ::getaddrinfo(host, question.port.c_str(), &wanted, &found);
  answer.native_code = answer.failed == EAI_SYSTEM ? errno : 0;
  if (answer.failed != 0) return answer;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    answer.addresses.emplace_back(each->ai_addr, each->ai_addrlen);
  }
  return answer;
}

int Kernel::path_status(const std::string& path, PathStatus& status) {
  struct stat found {};
  const int result = result_of(::lstat(path.c_str(), &found));
  if (result < 0) return result;
  status = {found.st_dev, found.st_ino, S_ISSOCK(found.st_mode), S_ISDIR(found.st_mode),
            found.st_mode & 07777U};
  return 0;
}

int Kernel::remove_path(const std::string& path) { return result_of(::unlink(path.c_str())); }

int Kernel::set_path_mode(const std::string& path, unsigned mode) {
  return result_of(::chmod(path.c_str(), mode));
}

int Kernel::set_mode(int fd, unsigned mode) { return result_of(::fchmod(fd, mode)); }

int Kernel::lock_file(const std::string& path) {
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return -errno;
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) < 0) return -errno;
  // A previous holder may have removed the file in between; this lock would then exclude no other
  // process.
  struct stat locked {};
  struct stat found {};
  const bool is_there = ::fstat(lock.get(), &locked) == 0 && ::lstat(path.c_str(), &found) == 0 &&
                        locked.st_dev == found.st_dev && locked.st_ino == found.st_ino;
  return is_there ? lock.release() : -EAGAIN;
}

void Kernel::unlock_file(const std::string& path, UniqueFd lock) {
  ::unlink(path.c_str());
  lock.reset();
}

Instant Kernel::read_clock() { return std::chrono::steady_clock::now(); }

Instant Kernel::read_coarse_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

std::chrono::system_clock::time_point Kernel::read_wall_clock() {
  return std::chrono::system_clock::now();
}

int Kernel::read_clock_status(ClockStatus& status) {
  timex values{};
  const int state = ::adjtimex(&values);
  if (state < 0) return -errno;
  status = clock_status_of(state, values);
  return 0;
}

Duration Kernel::wall_clock_granularity() {
  return smallest_step([] { return std::chrono::system_clock::now(); });
}

void Kernel::fill_random(MutableBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t filled = ::getrandom(bytes.data(), bytes.size(), 0);
    if (filled < 0 && errno == EINTR) continue;
    // Code that depends on randomness must not go on without it.
    if (filled < 0) std::abort();
    bytes = bytes.subspan(static_cast<std::size_t>(filled));
  }
}

}  // namespace hotline::engine
