#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/socket_address.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// What a path names, as far as UNIX sockets care.
struct PathStatus {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool is_socket = false;
  bool is_directory = false;
  unsigned mode = 0;  ///< Its permission bits.
};

/// What getaddrinfo(3) is asked.
struct NameQuestion {
  std::string host;  ///< Empty: the wildcard, or the loopback.
  std::string port;
  int socket_type = 0;
  int flags = 0;
};

/// What it answers.
struct NameAnswer {
  int failed = 0;       ///< 0 or one of EAI_*,
  int native_code = 0;  ///< and the errno of EAI_SYSTEM.
  std::vector<SocketAddress> addresses;
};

/// What the peer of a connected TCP socket sees when that is closed.
enum class EndOnClose : bool { orderly, reset };

/// The calls that never wait, on sockets, paths, clocks and randomness, each one system call.
/// Results are a count or descriptor, or a negated errno. Virtual, so that the simulated engine
/// answers them from memory. Any thread.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Chooses it for a socket, whoever closes it: SO_LINGER of socket(7). An orderly end amid a
  /// reply, or before one, would read as a whole one.
  void set_end_on_close(int fd, EndOnClose end);

  /// A non-blocking, close-on-exec socket: socket(2).
  virtual int open_socket(int family, int type);
  virtual int bind(int fd, const SocketAddress& address);
  virtual int listen(int fd, int backlog);
  virtual int set_option(int fd, int level, int name, const void* value, std::size_t size);
  virtual int get_option(int fd, int level, int name, void* value, std::size_t& size);
  virtual int local_address(int fd, SocketAddress& address);
  virtual int peer_address(int fd, SocketAddress& address);

  /// `how` as in shutdown(2).
  virtual int shut_down(int fd, int how);
  virtual void close(UniqueFd fd);
  virtual int duplicate(int fd);

  /// Of every holder of the same open file, in other programs too. 1 if it was so already, else 0.
  virtual int set_non_blocking(int fd);
  virtual int set_blocking(int fd);

  /// A counter at 0 that is waited for by reading it: each Read of 8 bytes takes one. eventfd(2),
  /// EFD_SEMAPHORE.
  virtual int open_counter();
  virtual void add_to_counter(int fd);

  /// Takes one without waiting: 0, or -EAGAIN.
  virtual int take_from_counter(int fd);

  /// Blocks `signals` in this thread and those that it starts later; a descriptor from which they
  /// are read as signalfd_siginfo. signalfd(2).
  virtual int open_signals(std::span<const int> signals);

  /// Whether this thread is not told of `signal`.
  virtual bool is_blocked(int signal);

  /// Lets this thread be told of `signals` again.
  virtual void unblock_signals(std::span<const int> signals);

  /// Raises the limit on descriptors as far as it goes: what it is then. getrlimit(2).
  virtual std::size_t raise_descriptor_limit();

  /// Whose rights this program has: geteuid(2).
  virtual std::uint32_t effective_user();

  /// How many threads can run at once: see processor_count.
  virtual unsigned core_count();

  /// May take long: not from a loop. getaddrinfo(3).
  virtual NameAnswer look_up(const NameQuestion& question);

  virtual int path_status(const std::string& path, PathStatus& status);
  virtual int remove_path(const std::string& path);
  virtual int set_path_mode(const std::string& path, unsigned mode);

  /// The permission bits that a UNIX socket's path is made with, less the umask: fchmod(2) before
  /// bind.
  virtual int set_mode(int fd, unsigned mode);

  /// Takes the lock that the file `path` stands for, made if need be: a descriptor that holds it,
  /// or -EAGAIN while somebody else does. flock(2).
  virtual int lock_file(const std::string& path);

  /// Removes the file that lock_file made, and gives the lock back.
  virtual void unlock_file(const std::string& path, UniqueFd lock);

  virtual Instant read_clock();
  virtual std::chrono::system_clock::time_point read_wall_clock();
  virtual void fill_random(MutableBytes bytes);
};

}  // namespace hotline::engine
