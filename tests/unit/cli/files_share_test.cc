#include "cli/files_share.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace hotline::cli::files_share_test {

TEST_CASE("each action on shares has a name of its own, a summary and a function") {
  std::set<std::string> names;
  for (const FilesAction& each : files_share_actions()) {
    CHECK(names.insert(each.name).second);
    CHECK_FALSE(each.summary.empty());
    CHECK((each.run != nullptr));
    CHECK((each.values.empty() || each.has_name));
  }
}

}  // namespace hotline::cli::files_share_test
