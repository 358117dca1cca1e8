#include "engine/process_limit.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::engine::process_limit_test {
namespace {

std::string hint_of(const std::string& most, const std::string& now) {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.file("pids.max")) << most << '\n';
  std::ofstream(directory.file("pids.current")) << now << '\n';
  return ProcessGroups::open({"/no/such/group", directory.path()}).hint();
}

}  // namespace

TEST_CASE("a group that has reached its limit is named") {
  const std::string hint =
      "the control group may have 30 processes and threads: raise its pids.max (TasksMax=)";
  CHECK(hint_of("30", "30") == hint);
  CHECK(hint_of("30", "31") == hint);
}

TEST_CASE("a group below its limit, or without one, is not named") {
  CHECK(hint_of("30", "29") == "");
  CHECK(hint_of("max", "29") == "");
  CHECK(ProcessGroups::open(std::vector<std::string>{}).hint() == "");
}

TEST_CASE("a group is named also when its files cannot be opened any more") {
  const test::TemporaryDirectory directory;
  const std::string now = directory.file("pids.current");
  std::ofstream(directory.file("pids.max")) << "30\n";
  std::ofstream(now) << "29\n";
  const auto groups = ProcessGroups::open({directory.path()});
  CHECK(groups.hint() == "");
  std::ofstream(now) << "30\n";
  std::filesystem::remove(now);
  std::filesystem::remove(directory.file("pids.max"));
  CHECK(groups.hint().starts_with("the control group may have 30 processes and threads"));
  CHECK(process_limit_hint(groups) == groups.hint());
}

TEST_CASE("there is always a hint") { CHECK_FALSE(process_limit_hint().empty()); }

}  // namespace hotline::engine::process_limit_test
