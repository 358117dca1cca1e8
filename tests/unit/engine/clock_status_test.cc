#include "hotline/engine/clock_status.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include <doctest/doctest.h>

#include "support/launched.h"
#include "support/loops.h"

namespace hotline::clock_status_test {
namespace {

using test::must;

/// From now on adjtimex(2) fails with EPERM in this process, as in some containers.
void forbid_adjtimex() {
  std::array<sock_filter, 5> steps{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_adjtimex, 1, 0),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_adjtime, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{steps.size(), steps.data()};
  must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  must(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
}

}  // namespace

TEST_CASE("the status is that of the kernel, on every engine") {
  timex values{};
  if (::adjtimex(&values) < 0) {
    MESSAGE("skipped: adjtimex(2) is forbidden here");
    return;
  }
  test::on_each_engine([] {
    const auto status = clock_status();
    REQUIRE(status);
    timex values_now{};
    CHECK(status->is_synchronised == (::adjtimex(&values_now) != TIME_ERROR));
    CHECK(status->error_max > Duration(0));
    CHECK(status->error_max <= std::chrono::seconds(16));
  });
}

TEST_CASE("a forbidden system call is an error with advice") {
  const auto report = test::in_child_process([] {
    forbid_adjtimex();
    const auto status = clock_status();
    must(!status, "the status was read");
    must(status.error().kind == ErrorKind::permission_denied, "another kind of error");
    must(status.error().hint().find("container") != std::string::npos, "no advice");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("the clock of this machine has a step that can be measured") {
  test::on_each_engine([] {
    const Duration step = clock_granularity();
    CHECK(step > Duration(0));
    CHECK(step < std::chrono::milliseconds(20));
  });
}

}  // namespace hotline::clock_status_test
