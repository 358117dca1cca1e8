#include "engine/uring/uring_probe.h"

#include <cerrno>

#include <doctest/doctest.h>

#include "hotline/engine/engine_choice.h"

namespace hotline::uring_probe_test {

TEST_CASE("a probe reports the flags with which io_uring runs here, or why it does not") {
  const UringReport report = probe_uring();
  CHECK(report.is_usable == report.reason.empty());
  CHECK(report.is_usable == !report.flags.empty());
}

TEST_CASE("a probe leaves nothing behind: repeated probes give the same answer") {
  const UringReport first = probe_uring();
  for (int i = 0; i < 20; ++i) CHECK(probe_uring().is_usable == first.is_usable);
}

TEST_CASE("the reason that forbids io_uring is in words that an operator can act on") {
  const auto says = [](int native_code, const char* words) {
    return engine::describe_setup_failure(native_code).find(words) != std::string::npos;
  };
  CHECK(says(ENOSYS, "kernel has no io_uring"));
  CHECK(says(ENOMEM, "ulimit -l"));
  CHECK(says(EMFILE, "ulimit -n"));
  CHECK((says(EPERM, "switched off") || says(EPERM, "forbidden")));
  CHECK((says(EACCES, "switched off") || says(EACCES, "forbidden")));
  CHECK(says(EINVAL, "Invalid argument"));
}

}  // namespace hotline::uring_probe_test
