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
#include "hotline/engine/clock_status.h"

namespace hotline::engine {

/// What a path names, as far as UNIX sockets need it.
struct PathStatus {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool is_socket = false;
  bool is_directory = false;
  unsigned mode = 0;  ///< The permission bits.
};

/// The arguments of getaddrinfo(3).
struct NameQuestion {
  std::string host;  ///< Empty: the wildcard or loopback address.
  std::string port;
  int socket_type = 0;
  int flags = 0;
};

/// The result of getaddrinfo(3).
struct NameAnswer {
  int failed = 0;       ///< 0 or one of EAI_*.
  int native_code = 0;  ///< The errno of EAI_SYSTEM.
  std::vector<SocketAddress> addresses;
};

/// What the peer of a connected TCP socket sees when the socket is closed.
enum class EndOnClose : bool { orderly, reset };

/// System calls on sockets, paths, clocks and randomness, which never wait unless stated otherwise.
/// Results are a count or a descriptor, or a negated errno. They are virtual, so that the simulated
/// engine can answer them from memory. Any thread.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Sets what the peer sees, whichever process closes the socket: SO_LINGER of socket(7). A peer
  /// would take an orderly end before or within a reply for the end of a complete reply.
  void set_end_on_close(int fd, EndOnClose end);

  /// Returns a non-blocking, close-on-exec socket: socket(2).
  virtual int open_socket(int family, int type);
  virtual int bind(int fd, const SocketAddress& address);
  virtual int listen(int fd, int backlog);
  virtual int set_option(int fd, int level, int name, const void* value, std::size_t size);
  virtual int get_option(int fd, int level, int name, void* value, std::size_t& size);
  virtual int local_address(int fd, SocketAddress& address);
  virtual int peer_address(int fd, SocketAddress& address);

  /// `how` is that of shutdown(2).
  virtual int shut_down(int fd, int how);
  virtual void close(UniqueFd fd);
  virtual int duplicate(int fd);

  /// Applies to every holder of the same open file, in other programs too. Returns 1 if it was
  /// non-blocking already, otherwise 0.
  virtual int set_non_blocking(int fd);
  virtual int set_blocking(int fd);

  /// Returns a counter with the value 0. Waiting for it is reading it: each Read of 8 bytes takes
  /// one. eventfd(2), EFD_SEMAPHORE.
  virtual int open_counter();
  virtual void add_to_counter(int fd);

  /// Takes one without waiting. Returns 0 or -EAGAIN.
  virtual int take_from_counter(int fd);

  /// Blocks `signals` in this thread and in those that it starts later. Returns a descriptor from
  /// which they are read as signalfd_siginfo. signalfd(2).
  virtual int open_signals(std::span<const int> signals);

  /// Returns true if this thread blocks `signal`.
  virtual bool is_blocked(int signal);

  /// Unblocks `signals` in this thread.
  virtual void unblock_signals(std::span<const int> signals);

  /// Raises the limit on descriptors as far as possible. Returns the new limit. getrlimit(2).
  virtual std::size_t raise_descriptor_limit();

  /// Returns the effective user of this program: geteuid(2).
  virtual std::uint32_t effective_user();

  /// Returns how many threads can run at once: see processor_count().
  virtual unsigned core_count();

  /// May take long, so do not call it on a loop. getaddrinfo(3).
  virtual NameAnswer look_up(const NameQuestion& question);

  virtual int path_status(const std::string& path, PathStatus& status);
  virtual int remove_path(const std::string& path);
  virtual int set_path_mode(const std::string& path, unsigned mode);

  /// Sets the permission bits with which the path of a UNIX socket is made, minus the umask:
  /// fchmod(2) before bind.
  virtual int set_mode(int fd, unsigned mode);

  /// Takes the lock of the file `path`, which is created if necessary. Returns a descriptor that
  /// holds the lock, or -EAGAIN while another process holds it. flock(2).
  virtual int lock_file(const std::string& path);

  /// Removes the file that lock_file() made, and releases the lock.
  virtual void unlock_file(const std::string& path, UniqueFd lock);

  virtual Instant read_clock();

  /// Returns what read_clock() has returned at the last tick of the kernel, at a quarter of its
  /// cost. CLOCK_MONOTONIC_COARSE.
  virtual Instant read_coarse_clock();
  virtual std::chrono::system_clock::time_point read_wall_clock();

  /// Returns 0, or a negated errno if a container forbids it: adjtimex(2).
  virtual int read_clock_status(ClockStatus& status);

  /// Returns the smallest step of read_wall_clock().
  virtual Duration wall_clock_granularity();

  virtual void fill_random(MutableBytes bytes);
};

}  // namespace hotline::engine
