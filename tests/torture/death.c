/* Kills a process after one of its calls that change files: for tests of what a kill -9 leaves.
 *
 * A test that links it calls death_after(N) in a child process: the Nth successful call from then on
 * is the last thing that process does. To be preloaded into a program: HOTLINE_DEATH=N counts the
 * calls of all its processes and threads from the beginning, and kills the process that makes the
 * Nth; HOTLINE_DEATH_REPORT names a file that then holds the number of calls, as a long long. A
 * number that is larger than the number of calls kills nothing.
 *
 * Other threads make no further call that is counted after the Nth, except one that they are in. */
#define _GNU_SOURCE
#include "torture/death.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

typedef _Atomic long long Count;

static Count own_count;
static Count *count = &own_count;
static Count wanted;

void death_after(long long calls) {
  atomic_store(count, 0);
  atomic_store(&wanted, calls);
}

long long death_count(void) { return atomic_load(count); }

static void wait_if_dead(void) {
  const long long last = atomic_load(&wanted);
  while (last > 0 && atomic_load(count) >= last) pause();
}

/* Counts a call that has succeeded. errno stays as it is. */
static void note(void) {
  const long long last = atomic_load(&wanted);
  if (atomic_fetch_add(count, 1) + 1 == last) kill(getpid(), SIGKILL);
  if (last > 0) wait_if_dead();
}

#define NEXT(name, result, parameters)                                         \
  ({                                                                           \
    static void *_Atomic next_;                                                \
    if (next_ == NULL) next_ = dlsym(RTLD_NEXT, name);                         \
    void *found_ = next_;                                                      \
    result(*call_) parameters;                                                 \
    memcpy(&call_, &found_, sizeof call_);                                     \
    call_;                                                                     \
  })

#define COUNTED(result, name, parameters, arguments)                           \
  result name parameters {                                                     \
    wait_if_dead();                                                            \
    const result done = NEXT(#name, result, parameters) arguments;             \
    if (done >= 0) note();                                                     \
    return done;                                                               \
  }

COUNTED(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t offset),
        (fd, bytes, size, offset))
COUNTED(int, fallocate, (int fd, int mode, off_t offset, off_t size), (fd, mode, offset, size))
COUNTED(int, ftruncate, (int fd, off_t size), (fd, size))
COUNTED(int, fsync, (int fd), (fd))
COUNTED(int, fdatasync, (int fd), (fd))
COUNTED(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
COUNTED(int, fchmod, (int fd, mode_t mode), (fd, mode))
COUNTED(ssize_t, copy_file_range,
        (int from, off_t *source, int to, off_t *target, size_t size, unsigned flags),
        (from, source, to, target, size, flags))
COUNTED(int, mkdir, (const char *path, mode_t mode), (path, mode))
COUNTED(int, mkdirat, (int directory, const char *name, mode_t mode), (directory, name, mode))
COUNTED(int, unlink, (const char *path), (path))
COUNTED(int, unlinkat, (int directory, const char *name, int flags), (directory, name, flags))
COUNTED(int, rename, (const char *from, const char *to), (from, to))
COUNTED(int, renameat, (int from, const char *name, int to, const char *fresh),
        (from, name, to, fresh))
COUNTED(int, renameat2, (int from, const char *name, int to, const char *fresh, unsigned flags),
        (from, name, to, fresh, flags))

/* Sockets, pipes and terminals do not count. */
ssize_t write(int fd, const void *bytes, size_t size) {
  struct stat status;
  const int is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  if (is_file) wait_if_dead();
  const ssize_t done = NEXT("write", ssize_t, (int, const void *, size_t))(fd, bytes, size);
  if (is_file && done >= 0) note();
  return done;
}

static int opened(int fd, int flags) {
  if (fd >= 0 && (flags & O_CREAT)) note();
  return fd;
}

#define MODE_OF(flags)                                                         \
  ({                                                                           \
    va_list arguments_;                                                        \
    va_start(arguments_, flags);                                               \
    const mode_t mode_ = flags & O_CREAT ? va_arg(arguments_, mode_t) : 0;     \
    va_end(arguments_);                                                        \
    mode_;                                                                     \
  })

int open(const char *path, int flags, ...) {
  const mode_t mode = MODE_OF(flags);
  if (flags & O_CREAT) wait_if_dead();
  return opened(NEXT("open", int, (const char *, int, ...))(path, flags, mode), flags);
}

int openat(int directory, const char *path, int flags, ...) {
  const mode_t mode = MODE_OF(flags);
  if (flags & O_CREAT) wait_if_dead();
  return opened(NEXT("openat", int, (int, const char *, int, ...))(directory, path, flags, mode),
                flags);
}

long syscall(long number, ...) {
  long words[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; ++i) words[i] = va_arg(arguments, long);
  va_end(arguments);
  int flags = 0;
  if (number == SYS_openat2) flags = (int)((const struct open_how *)(intptr_t)words[2])->flags;
  if (flags & O_CREAT) wait_if_dead();
  const long done = NEXT("syscall", long, (long, ...))(number, words[0], words[1], words[2],
                                                       words[3], words[4], words[5]);
  if (number == SYS_openat2) opened((int)done, flags);
  return done;
}

__attribute__((constructor)) static void begin(void) {
  const char *after = getenv("HOTLINE_DEATH");
  if (after == NULL) return;
  const char *path = getenv("HOTLINE_DEATH_REPORT");
  const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0 && ftruncate(fd, sizeof *count) != 0) abort();
  const int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
  void *shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (shared == MAP_FAILED) abort();
  if (fd >= 0) close(fd);
  count = shared;
  death_after(atoll(after));
}
