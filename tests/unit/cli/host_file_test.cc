#include "cli/host_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::cli::host_file_test {
namespace {

using Names = std::vector<std::string>;

Names names(const Names& hosts) { return host_file_names(hosts); }
std::string name(const std::string& host) { return names({host}).front(); }

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("a file is named after the endpoint, without scheme and options") {
  CHECK(name("tls://alice@a.example:8090") == "alice@a.example:8090");
  CHECK(name("tcp://127.0.0.1:1?max=1KiB") == "127.0.0.1:1");
  CHECK(name("tcp://[::1]:1") == "[::1]:1");
  CHECK(name("unix:///run/commands.sock") == "run_commands.sock");
  CHECK(name("unix:@name") == "@name");
}

TEST_CASE("no name leaves its directory, is hidden, or looks like an option") {
  CHECK(name("unix:///../../etc/passwd") == "_._.._etc_passwd");
  CHECK(name("unix:///..") == "_.");
  CHECK(name("unix:///.") == "_");
  CHECK(name("unix:///-rf") == "_rf");
  CHECK(name("unix:///a b\n\t*\\'\x01") == "a_b______");
  CHECK(name("unix:///\xc3\xa9") == "__");
  CHECK(name("unix:///") == "endpoint");
  CHECK(name("") == "endpoint");
  CHECK(name(std::string("unix:///a\0b", 11)) == "a_b");
}

TEST_CASE("a long name is cut, and stays short with all that follows it") {
  const std::string longest = "unix:///" + std::string(1000, 'x');
  for (const std::string& each : names({longest, longest + "y", longest + "z"})) {
    CHECK(each.size() + StagedFile::kPartial.size() <= 255);
  }
}

TEST_CASE("no two endpoints have one name") {
  CHECK(names({"tcp://a:1", "tcp://a:1?max=1", "tls://a:1", "tcp://b:1"}) ==
        Names{"a:1", "a:1.1", "a:1.2", "b:1"});
  CHECK(names({"unix:/a/b", "unix:/a_b", "unix:/a b"}) == Names{"a_b", "a_b.1", "a_b.2"});
  // Also where the number is a part of another name.
  CHECK(names({"unix:/a", "unix:/a.1", "unix:@/a", "unix:///a"}) ==
        Names{"a", "a.1", "@_a", "a.2"});
}

TEST_CASE("names that differ only in case, or by the end of a partial file, are not used twice") {
  CHECK(names({"tcp://A:1", "tcp://a:1"}) == Names{"A:1", "a:1.1"});
  CHECK(names({"unix:/a", "unix:/a.partial"}) == Names{"a", "a.partial.1"});
  CHECK(names({"unix:/a.partial", "unix:/a"}) == Names{"a.partial", "a.1"});
}

TEST_CASE("a complete output has its file, and an incomplete one a partial file") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    std::optional<HostFile> whole;
    FiledOutput first(directory.file("a"), whole);
    REQUIRE(first.open());
    REQUIRE(first.take(as_bytes("one")));
    REQUIRE(first.finish(OutputEnd::complete));
    REQUIRE(whole);
    CHECK(json_of_file(*whole).text() ==
          R"({"bytes":3,"file":")" + directory.file("a") + R"(","complete":true})");
    CHECK(content_of(whole->path) == "one");
    std::optional<HostFile> cut;
    FiledOutput second(directory.file("b"), cut);
    REQUIRE(second.open());
    REQUIRE(second.take(as_bytes("two")));
    REQUIRE(second.finish(OutputEnd::partial));
    REQUIRE(cut);
    CHECK(cut->path == directory.file("b.partial"));
    CHECK(cut->end == OutputEnd::partial);
    CHECK(content_of(cut->path) == "two");
  });
}

TEST_CASE("an empty output has an empty file, and a partial one without bytes has none") {
  const test::TemporaryDirectory directory;
  std::optional<HostFile> whole;
  std::optional<HostFile> cut;
  {
    FiledOutput first(directory.file("a"), whole);
    REQUIRE(first.open());
    REQUIRE(first.finish(OutputEnd::complete));
    FiledOutput second(directory.file("b"), cut);
    REQUIRE(second.open());
    REQUIRE(second.finish(OutputEnd::partial));
  }
  CHECK(whole->bytes == 0);
  CHECK(std::filesystem::exists(directory.file("a")));
  CHECK_FALSE(cut);
  CHECK_FALSE(std::filesystem::exists(directory.file("b.partial")));
}

TEST_CASE("a file that cannot be made is an error") {
  const test::TemporaryDirectory directory;
  std::optional<HostFile> file;
  FiledOutput output(directory.file("absent/a"), file);
  CHECK(test::kind_of(output.open()) == "not_found");
  CHECK_FALSE(file);
}

}  // namespace
}  // namespace hotline::cli::host_file_test
