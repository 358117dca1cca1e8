#include "hotline/engine/confinement.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/read_file.h"
#include "support/launched.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::confinement_test {
namespace {

using test::must;

int open_code(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? 0 : errno;
}

bool has_line(const std::string& text, std::string_view line) {
  return text.find("\n" + std::string(line) + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a confined program has the walls that it is said to have") {
  const test::TemporaryDirectory folder;
  const auto report = test::in_child_process([&] {
    const Confinement confinement = confine_program(
        {{folder.path(), PathUse::keep}, {"/proc", PathUse::read}}, RingUse::refused);
    const auto status = read_file("/proc/self/status", 64 * 1024).value_or("");
    must(has_line(status, "NoNewPrivs:\t1"), "it can get new privileges");
    must(has_line(status, "Seccomp:\t2") == confinement.has_call_filter, "the filter");
    must((open_code("/etc/passwd") == EACCES) == (confinement.landlock > 0), "Landlock");
    must(open_code(folder.path()) == 0, "the directory");
    const bool is_whole = confinement.landlock > 0 && confinement.has_call_filter;
    must(is_whole == confinement.gap.empty(), confinement.gap);
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("without what is to be kept, paths stay free and calls are refused all the same") {
  const auto report = test::in_child_process([] {
    const auto confinement = confine_program({{"/no/such/root", PathUse::keep}}, RingUse::refused);
    must(confinement.landlock == 0, "it is confined");
    must(!confinement.gap.empty(), "it does not say so");
    must(open_code("/etc/passwd") == 0, "paths are not free");
    if (confinement.has_call_filter) {
      must(::unshare(0) == -1 && errno == EPERM, "no call is refused");
    }
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("threads that run already are a gap") {
  const auto report = test::in_child_process([] {
    int ends[2];
    must(::pipe(ends) == 0, "pipe");
    std::thread earlier([&] {
      char byte = 0;
      must(::read(ends[0], &byte, 1) == 1, "read");
    });
    const auto confinement = confine_program({}, RingUse::refused);
    must(::write(ends[1], "x", 1) == 1, "write");
    earlier.join();
    if (confinement.landlock > 0) {
      must(confinement.gap.find("threads") != std::string::npos, "not said: " + confinement.gap);
    }
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

}  // namespace hotline::confinement_test
