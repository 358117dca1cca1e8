#include "engine/close_descriptors.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include <doctest/doctest.h>

#include "support/launched.h"

namespace hotline::engine::close_descriptors_test {
namespace {

using test::must;

/// From now on close_range(2) fails with ENOSYS in this process, as before Linux 5.9.
void forbid_close_range() {
  std::array<sock_filter, 4> steps{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{steps.size(), steps.data()};
  must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  must(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
  must(::close_range(1000, 1001, 0) < 0 && errno == ENOSYS, "close_range is still there");
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

void close_a_range() {
  for (int fd = 40; fd < 50; ++fd) must(::dup2(STDERR_FILENO, fd) == fd, "dup2");
  must(::dup2(STDERR_FILENO, 900) == 900, "dup2 to 900");
  close_descriptors(41, 48);
  for (int fd = 40; fd < 50; ++fd) must(is_open(fd) == (fd == 40 || fd == 49), "the ends");
  close_descriptors(40, ~0U);
  must(!is_open(40) && !is_open(49) && !is_open(900), "to the last");
  must(is_open(STDERR_FILENO), "what is below");
}

}  // namespace

TEST_CASE("a range of descriptors is closed, and those around it are not") {
  const auto report = test::in_child_process([] { close_a_range(); });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("without close_range it is the same, in a time that does not grow with the limit") {
  const auto report = test::in_child_process([] {
    forbid_close_range();
    close_a_range();
    const rlimit few{30, 1 << 20};
    ::setrlimit(RLIMIT_NOFILE, &few);
    must(::fcntl(STDERR_FILENO, F_DUPFD, 29) == 29, "dup to 29");
    close_descriptors(3, ~0U);
    must(!is_open(29), "the last that the limit allows");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

}  // namespace hotline::engine::close_descriptors_test
