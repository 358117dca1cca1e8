/* To be preloaded: one fallible call of the whole run fails, the HOTLINE_TORTUREth of all processes
 * and threads from main on, with an error that this call may really have. HOTLINE_TORTURE_TURN=K
 * takes the Kth next of its errors. HOTLINE_TORTURE_REPORT names a file that then holds a struct
 * Report: how many calls there were, and which one failed.
 *
 * Not here: calls that cannot fail when they are given what is right (eventfd_write, EPOLL_CTL_DEL,
 * munmap, kill), and EAGAIN where it would be a lie: after it there will be an edge or a wait. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is shared by all processes of a run. torture_test.py unpacks it. */
struct Report {
  _Atomic long long calls;
  int error;
  char name[36];
};

static struct Report *report;
static long long wanted;
static unsigned turn;
static atomic_int is_running;

/* Whether this call is the one; then errno says how it failed. */
static int fails(const char *name, atomic_uint *seen, const int *errors, size_t count) {
  if (!is_running) return 0;
  const unsigned before = atomic_fetch_add(seen, 1);
  if (atomic_fetch_add(&report->calls, 1) + 1 != wanted) return 0;
  errno = errors[(before + turn) % count];
  report->error = errno;
  strncpy(report->name, name, sizeof report->name - 1);
  return 1;
}

#define FAILS(name, ...)                                                       \
  ({                                                                           \
    static const int errors_[] = {__VA_ARGS__};                                \
    static atomic_uint seen_;                                                  \
    fails(name, &seen_, errors_, sizeof errors_ / sizeof *errors_);            \
  })

/* The function that this one replaces. Two threads may both look it up: they find the same. */
#define NEXT(name, result, parameters)                                         \
  ({                                                                           \
    static void *_Atomic next_;                                                \
    if (next_ == NULL) next_ = dlsym(RTLD_NEXT, name);                         \
    void *found_ = next_;                                                      \
    result(*call_) parameters;                                                 \
    memcpy(&call_, &found_, sizeof call_);                                     \
    call_;                                                                     \
  })

/* A function that fails by returning `failure`, with one of the errors that follow. */
#define TORTURED(result, name, parameters, arguments, failure, ...)            \
  result name parameters {                                                     \
    if (FAILS(#name, __VA_ARGS__)) return failure;                             \
    return NEXT(#name, result, parameters) arguments;                          \
  }

TORTURED(int, socket, (int family, int type, int protocol), (family, type, protocol), -1, EMFILE,
         ENFILE, ENOBUFS, ENOMEM)
TORTURED(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
         -1, EADDRINUSE, EACCES, ENOMEM, EADDRNOTAVAIL)
TORTURED(int, listen, (int fd, int backlog), (fd, backlog), -1, EADDRINUSE, ENOBUFS)
TORTURED(int, accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags),
         (fd, address, size, flags), -1, EMFILE, ECONNABORTED, ENFILE, ENOBUFS, EINTR, ENOMEM)
TORTURED(int, connect, (int fd, const struct sockaddr *address, socklen_t size),
         (fd, address, size), -1, ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EADDRNOTAVAIL)
TORTURED(int, getsockname, (int fd, struct sockaddr *address, socklen_t *size),
         (fd, address, size), -1, ENOBUFS)
TORTURED(int, getpeername, (int fd, struct sockaddr *address, socklen_t *size),
         (fd, address, size), -1, ENOTCONN, ENOBUFS)
TORTURED(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
         (fd, level, name, value, size), -1, ENOMEM, ENOPROTOOPT)
TORTURED(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size),
         (fd, level, name, value, size), -1, ENOBUFS)
TORTURED(int, shutdown, (int fd, int how), (fd, how), -1, ENOTCONN, ENOBUFS)
TORTURED(int, recvmmsg,
         (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout),
         (fd, messages, count, flags, timeout), -1, ENOMEM, ECONNREFUSED, EINTR, ENOBUFS)
TORTURED(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags),
         (fd, messages, count, flags), -1, ENOBUFS, EPERM, EINTR, ECONNREFUSED, ENETUNREACH)
TORTURED(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
         -1, ENOBUFS, EPIPE, ECONNRESET, EINTR)
TORTURED(ssize_t, sendfile, (int fd, int file, off_t *offset, size_t size),
         (fd, file, offset, size), -1, EINVAL, EPIPE, EIO, EINTR, ENOMEM)
TORTURED(ssize_t, read, (int fd, void *into, size_t size), (fd, into, size), -1, ENOMEM, EINTR, EIO)
TORTURED(int, poll, (struct pollfd *polled, nfds_t count, int timeout), (polled, count, timeout),
         -1, EINTR, ENOMEM)
TORTURED(int, epoll_create1, (int flags), (flags), -1, EMFILE, ENFILE, ENOMEM)
TORTURED(int, epoll_wait, (int fd, struct epoll_event *events, int count, int timeout),
         (fd, events, count, timeout), -1, EINTR)
TORTURED(int, eventfd, (unsigned count, int flags), (count, flags), -1, EMFILE, ENFILE, ENOMEM)
TORTURED(int, eventfd_read, (int fd, eventfd_t *count), (fd, count), -1, EAGAIN)
TORTURED(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), -1, EMFILE,
         ENFILE, ENOMEM)
TORTURED(int, pipe2, (int ends[2], int flags), (ends, flags), -1, EMFILE, ENFILE)
TORTURED(pid_t, fork, (void), (), -1, EAGAIN, ENOMEM)
TORTURED(int, waitid, (idtype_t kind, id_t id, siginfo_t *info, int options),
         (kind, id, info, options), -1, EINTR)
TORTURED(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags), -1,
         ENOSYS, ENOMEM)
TORTURED(int, lstat, (const char *path, struct stat *status), (path, status), -1, ENOMEM, EACCES)
TORTURED(int, unlink, (const char *path), (path), -1, EACCES, EROFS)
TORTURED(int, unlinkat, (int directory, const char *path, int flags), (directory, path, flags), -1,
         EACCES, EROFS)
TORTURED(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, EACCES, ENOSPC, EROFS)
TORTURED(int, fstat, (int fd, struct stat *status), (fd, status), -1, EIO, ENOMEM)
TORTURED(int, flock, (int fd, int operation), (fd, operation), -1, EINTR, ENOLCK)
TORTURED(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM, EROFS)
TORTURED(int, fsync, (int fd), (fd), -1, EIO, EINTR, ENOSPC)
TORTURED(int, renameat, (int from, const char *old, int to, const char *fresh),
         (from, old, to, fresh), -1, ENOSPC, EACCES, EIO)
TORTURED(int, chmod, (const char *path, mode_t mode), (path, mode), -1, EPERM, EROFS)
TORTURED(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
         (at, size, protection, flags, fd, offset), MAP_FAILED, ENOMEM)
TORTURED(int, mprotect, (void *at, size_t size, int protection), (at, size, protection), -1, ENOMEM)
TORTURED(int, setrlimit, (__rlimit_resource_t resource, const struct rlimit *limit),
         (resource, limit), -1, EPERM)
TORTURED(int, pthread_create,
         (pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *given),
         (thread, attributes, body, given), errno, EAGAIN)
TORTURED(int, getaddrinfo,
         (const char *host, const char *port, const struct addrinfo *asked,
          struct addrinfo **found),
         (host, port, asked, found), errno, EAI_AGAIN, EAI_MEMORY, EAI_SYSTEM, EAI_FAIL)
/* The rest of its errors only come from a kernel too old for it. */
TORTURED(ssize_t, getrandom, (void *into, size_t size, unsigned flags), (into, size, flags), -1,
         EINTR)

TORTURED(int, io_uring_queue_init_params,
         (unsigned entries, struct io_uring *ring, struct io_uring_params *parameters),
         (entries, ring, parameters), -errno, ENOMEM, EMFILE, EPERM)
TORTURED(struct io_uring_probe *, io_uring_get_probe_ring, (struct io_uring *ring), (ring), NULL,
         ENOMEM)
TORTURED(int, io_uring_register_ring_fd, (struct io_uring *ring), (ring), -errno, EINVAL, ENOMEM)
TORTURED(int, io_uring_register_buf_ring,
         (struct io_uring *ring, struct io_uring_buf_reg *registration, unsigned flags),
         (ring, registration, flags), -errno, ENOMEM)
TORTURED(int, io_uring_submit, (struct io_uring *ring), (ring), -errno, EAGAIN, EBUSY)
TORTURED(int, io_uring_submit_and_wait, (struct io_uring *ring, unsigned count), (ring, count),
         -errno, EINTR, EAGAIN, EBUSY)
TORTURED(int, io_uring_submit_and_get_events, (struct io_uring *ring), (ring), -errno, EAGAIN,
         EINTR, EBUSY)
TORTURED(int, io_uring_submit_and_wait_timeout,
         (struct io_uring *ring, struct io_uring_cqe **entry, unsigned count,
          struct __kernel_timespec *timeout, sigset_t *signals),
         (ring, entry, count, timeout, signals), -errno, EINTR, EAGAIN)

/* What standard error does not take in the end cannot be reported. */
ssize_t write(int fd, const void *bytes, size_t size) {
  const int is_failed = fd == STDERR_FILENO ? FAILS("write to standard error", EINTR, EAGAIN)
                                            : FAILS("write", EIO, EINTR, ENOSPC);
  if (is_failed) return -1;
  return NEXT("write", ssize_t, (int, const void *, size_t))(fd, bytes, size);
}

/* The descriptor is gone all the same: close(2). */
int close(int fd) {
  const int is_failed = FAILS("close", EINTR, EIO);
  const int error = errno;
  const int result = NEXT("close", int, (int))(fd);
  if (!is_failed) return result;
  errno = error;
  return -1;
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
  if (operation == EPOLL_CTL_ADD && FAILS("epoll_ctl", ENOMEM, ENOSPC)) return -1;
  return NEXT("epoll_ctl", int, (int, int, int, struct epoll_event *))(epoll, operation, fd, event);
}

int openat(int directory, const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (FAILS("openat", EMFILE, ENOSPC, EACCES, EINTR)) return -1;
  return NEXT("openat", int, (int, const char *, int, ...))(directory, path, flags, mode);
}

/* Only duplicating can fail. */
int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  const int duplicates = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  if (duplicates && FAILS("fcntl", EMFILE)) return -1;
  return NEXT("fcntl", int, (int, int, ...))(fd, command, argument);
}

static int raw_fails(long number) {
  switch (number) {
    case SYS_recvfrom: return FAILS("recv", ENOMEM, ECONNRESET, EINTR, ETIMEDOUT);
    case SYS_sendto: return FAILS("send", ENOBUFS, EPIPE, EINTR, ECONNRESET, ENOMEM);
    case SYS_pidfd_open: return FAILS("pidfd_open", EMFILE, ENFILE, ENOMEM);
    default: return 0;
  }
}

long syscall(long number, ...) {
  long words[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; ++i) words[i] = va_arg(arguments, long);
  va_end(arguments);
  if (raw_fails(number)) return -1;
  return NEXT("syscall", long, (long, ...))(number, words[0], words[1], words[2], words[3],
                                            words[4], words[5]);
}

typedef int Main(int, char **, char **);
static Main *real_main;

static long long number_in_environment(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? 0 : atoll(text);
}

static void open_report(void) {
  const char *path = getenv("HOTLINE_TORTURE_REPORT");
  const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0 && ftruncate(fd, sizeof *report) != 0) abort();
  const int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
  report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (report == MAP_FAILED) abort();
  if (fd >= 0) close(fd);
}

static int tortured_main(int count, char **arguments, char **environment) {
  wanted = number_in_environment("HOTLINE_TORTURE");
  turn = (unsigned)number_in_environment("HOTLINE_TORTURE_TURN");
  open_report();
  is_running = 1;
  const int status = real_main(count, arguments, environment);
  is_running = 0;
  return status;
}

/* Calls before main belong to the loader, and failures after it cannot be reported. */
int __libc_start_main(Main *program, int count, char **arguments, void (*begin)(void),
                      void (*end)(void), void (*end_of_loader)(void), void *stack_end) {
  real_main = program;
  return NEXT("__libc_start_main", int,
              (Main *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *))(
      tortured_main, count, arguments, begin, end, end_of_loader, stack_end);
}
