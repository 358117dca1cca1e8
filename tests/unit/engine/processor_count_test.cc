#include "engine/processor_count.h"

#include <sched.h>

#include <fstream>

#include <doctest/doctest.h>

#include "support/launched.h"
#include "support/temporary_directory.h"

namespace hotline::engine::processor_count_test {
namespace {

/// The quota of one group whose files have these contents.
struct GroupFiles {
  std::string max{};
  std::string quota{};
  std::string period{};
};

void write_file(const std::string& path, const std::string& text) {
  if (!text.empty()) std::ofstream(path) << text << '\n';
}

std::optional<unsigned> quota_of(const GroupFiles& files) {
  const test::TemporaryDirectory directory;
  write_file(directory.file("cpu.max"), files.max);
  write_file(directory.file("cpu.cfs_quota_us"), files.quota);
  write_file(directory.file("cpu.cfs_period_us"), files.period);
  return processor_quota({directory.path()});
}

}  // namespace

TEST_CASE("a quota of version 2 is a number of processors, rounded up") {
  CHECK(quota_of({.max = "100000 100000"}) == 1);
  CHECK(quota_of({.max = "100001 100000"}) == 2);
  CHECK(quota_of({.max = "1000 100000"}) == 1);
  CHECK(quota_of({.max = "400000 50000"}) == 8);
}

TEST_CASE("so is a quota of version 1") {
  CHECK(quota_of({.quota = "150000", .period = "100000"}) == 2);
  CHECK(quota_of({.quota = "50000", .period = "100000"}) == 1);
}

TEST_CASE("without a quota there is no limit") {
  CHECK(quota_of({}) == std::nullopt);
  CHECK(quota_of({.max = "max 100000"}) == std::nullopt);
  CHECK(quota_of({.max = "100000"}) == std::nullopt);
  CHECK(quota_of({.max = "100000 0"}) == std::nullopt);
  CHECK(quota_of({.max = "nonsense"}) == std::nullopt);
  CHECK(quota_of({.quota = "-1", .period = "100000"}) == std::nullopt);
  CHECK(quota_of({.quota = "100000"}) == std::nullopt);
  CHECK(processor_quota({}) == std::nullopt);
}

TEST_CASE("the smallest quota of several groups counts") {
  const test::TemporaryDirectory wide;
  const test::TemporaryDirectory narrow;
  write_file(wide.file("cpu.max"), "800000 100000");
  write_file(narrow.file("cpu.max"), "300000 100000");
  CHECK(processor_quota({wide.path(), narrow.path()}) == 3);
  CHECK(processor_quota({narrow.path(), wide.path(), "/no/such/group"}) == 3);
}

TEST_CASE("only the processors that this process may use are counted") {
  const auto report = test::in_child_process([] {
    const int here = ::sched_getcpu();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(here), &one);
    test::must(::sched_setaffinity(0, sizeof one, &one) == 0, "setaffinity");
    test::must(processor_count() == 1, "more than one");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
  CHECK(processor_count() >= 1);
}

}  // namespace hotline::engine::processor_count_test
