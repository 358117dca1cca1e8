#include "cli/home.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include <doctest/doctest.h>

#include "support/environment_variable.h"
#include "support/temporary_directory.h"

namespace hotline::cli::home_test {
namespace {

using test::TemporaryDirectory;
using Variable = test::EnvironmentVariable;

/// Returns the permission bits of a directory; 0 if there is none.
mode_t mode_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return 0;
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a named directory is made with those above it, for its owner only") {
  const TemporaryDirectory folder;
  CHECK(Home(folder.file("a/b")).state_file("history") == folder.file("a/b/history"));
  CHECK(mode_of(folder.file("a")) == 0700);
  CHECK(mode_of(folder.file("a/b")) == 0700);
}

TEST_CASE("an existing named directory is not changed") {
  const TemporaryDirectory folder;
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  for (const std::string tail : {"", "/", "//", "/."}) {
    const std::string named = folder.path() + tail;
    CHECK(Home(named).state_file("history") == named + "/history");
  }
  CHECK(mode_of(folder.path()) == 0755);
  CHECK(Home("/").state_file("history") == "//history");
}

TEST_CASE("a named directory overrides those of the environment") {
  const TemporaryDirectory folder;
  const Variable state("XDG_STATE_HOME", folder.file("state"));
  const Variable home("HOME", folder.file("home"));
  CHECK(Home(folder.file("named")).state_file("history") == folder.file("named/history"));
  CHECK(mode_of(folder.file("state")) == 0);
  CHECK(mode_of(folder.file("home")) == 0);
}

TEST_CASE("keys are in the named directory, or in that for data, which is not made") {
  const TemporaryDirectory folder;
  const Variable home("HOME", folder.file("home"));
  {
    const Variable data("XDG_DATA_HOME", folder.file("data"));
    CHECK(Home("").key_directory() == folder.file("data/hotline/keys"));
    CHECK(Home(folder.file("named")).key_directory() == folder.file("named/keys"));
  }
  const Variable data("XDG_DATA_HOME", std::nullopt);
  CHECK(Home("").key_directory() == folder.file("home/.local/share/hotline/keys"));
  for (const char* each : {"home", "data", "named"}) CHECK(mode_of(folder.file(each)) == 0);
}

TEST_CASE("without any home there is no directory for keys") {
  const Variable home("HOME", std::nullopt);
  const Variable data("XDG_DATA_HOME", "relative");
  CHECK(Home("").key_directory().empty());
}

TEST_CASE("without a name the state directory is used") {
  const TemporaryDirectory folder;
  const Variable state("XDG_STATE_HOME", folder.file("state"));
  const Variable home("HOME", folder.file("home"));
  CHECK(Home("").state_file("history") == folder.file("state/hotline/history"));
  CHECK(mode_of(folder.file("state/hotline")) == 0700);
}

TEST_CASE("a state directory that is not absolute is ignored") {
  const TemporaryDirectory folder;
  const Variable home("HOME", folder.path());
  for (const std::optional<std::string>& value :
       {std::optional<std::string>(), std::optional<std::string>(""),
        std::optional<std::string>("state"), std::optional<std::string>("./state")}) {
    const Variable state("XDG_STATE_HOME", value);
    CHECK(Home("").state_file("history") == folder.file(".local/state/hotline/history"));
  }
  CHECK(mode_of(folder.file(".local/state/hotline")) == 0700);
}

TEST_CASE("without any absolute directory there is no file") {
  const Variable state("XDG_STATE_HOME", std::nullopt);
  for (const std::optional<std::string>& value :
       {std::optional<std::string>(), std::optional<std::string>(""),
        std::optional<std::string>("home")}) {
    const Variable home("HOME", value);
    CHECK(Home("").state_file("history").empty());
  }
}

TEST_CASE("without a directory there is no file") {
  const TemporaryDirectory folder;
  std::ofstream(folder.file("file")) << "no directory";
  REQUIRE(::symlink("nowhere", folder.file("link").c_str()) == 0);
  for (const std::string named : {"file", "file/", "file/a", "link", "link/a"}) {
    CAPTURE(named);
    CHECK(Home(folder.file(named)).state_file("history").empty());
  }
  CHECK(Home("/proc/none").state_file("history").empty());
}

}  // namespace hotline::cli::home_test
