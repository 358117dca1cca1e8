#include "engine/launcher/clean_environment.h"

#include <array>

#include <doctest/doctest.h>

namespace hotline::engine::clean_environment_test {
namespace {

using Entries = std::vector<std::string>;

const std::string kPath = std::string("PATH=") + kCleanPath;

template <typename... Words>
Entries cleaned(Words... words) {
  const std::array<const char*, sizeof...(words) + 1> inherited{words..., nullptr};
  return clean_environment(inherited.data());
}

Entries merged(Entries additions, Entries clean) {
  std::vector<char*> pointers;
  for (std::string& each : additions) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  const std::vector<char*> result = merge_environment(pointers, clean);
  REQUIRE(result.back() == nullptr);
  return {result.begin(), result.end() - 1};
}

}  // namespace

TEST_CASE("user, language and time zone are kept, with a PATH of our own") {
  CHECK(
      cleaned("HOME=/h", "USER=u", "LOGNAME=l", "SHELL=/s", "LANG=C", "LC_ALL=C", "TZ=UTC") ==
      Entries{kPath, "HOME=/h", "USER=u", "LOGNAME=l", "SHELL=/s", "LANG=C", "LC_ALL=C", "TZ=UTC"});
}

TEST_CASE(
    "variables that make a loader or a shell read or run something are removed, like all others") {
  CHECK(cleaned("LD_PRELOAD=x", "LD_LIBRARY_PATH=x", "BASH_ENV=x", "ENV=x", "IFS=x", "PATH=x",
                "SECRET=x", "HOMER=x", "LC=x", "LANG") == Entries{kPath});
  CHECK(clean_environment(nullptr) == Entries{kPath});
}

TEST_CASE("the user database provides what the environment lacks") {
  Entries environment = {"HOME=/elsewhere"};
  add_user(environment);
  CHECK(environment.front() == "HOME=/elsewhere");
  CHECK(environment.size() == 4);
  Entries again = environment;
  add_user(again);
  CHECK(again == environment);
}

TEST_CASE("additions come before the clean environment and replace what they name") {
  CHECK(merged({"A=1", "PATH=/own"}, {"PATH=/clean", "HOME=/h"}) ==
        Entries{"A=1", "PATH=/own", "HOME=/h"});
  CHECK(merged({}, {"PATH=/clean"}) == Entries{"PATH=/clean"});
}

TEST_CASE("a variable is found by its whole name") {
  std::string longer = "PATHS=a";
  std::string path = "PATH=b=c";
  const std::array<char*, 3> environment{longer.data(), path.data(), nullptr};
  CHECK(std::string(value_in(environment, "PATH")) == "b=c");
  CHECK(value_in(environment, "PAT") == nullptr);
}

}  // namespace hotline::engine::clean_environment_test
