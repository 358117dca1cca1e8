#include "cli/host_list.h"

#include <fstream>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::cli::host_list_test {
namespace {

using Hosts = std::vector<std::string>;
using test::kind_of;

TEST_CASE("a list has commas between its endpoints") {
  CHECK(read_hosts("tcp://a:1").value() == Hosts{"tcp://a:1"});
  CHECK(read_hosts("tcp://a:1,unix:///b , tls://k@c:2?wire=hotline").value() ==
        Hosts{"tcp://a:1", "unix:///b", "tls://k@c:2?wire=hotline"});
  CHECK(read_hosts("unix:/a,").value() == Hosts{"unix:/a"});
}

TEST_CASE("a file has an endpoint on each line, with comments and blank lines") {
  const char* const text =
      "# the west\n\ntcp://a:1\n  tcp://b:1  # the second\r\n\t\ntcp://c:1?x=1#2";
  CHECK(parse_host_file(text, "hosts").value() ==
        Hosts{"tcp://a:1", "tcp://b:1", "tcp://c:1?x=1#2"});
}

TEST_CASE("a value without a scheme is the name of a file") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("hosts.txt");
  std::ofstream(path) << "tcp://a:1\n";
  CHECK(read_hosts(path).value() == Hosts{"tcp://a:1"});
  CHECK(kind_of(read_hosts(directory.file("absent"))) == "not_found");
}

TEST_CASE("no endpoint, and one that appears twice, are errors that name the source") {
  const auto none = parse_host_file("# nothing\n", "hosts.txt");
  CHECK(kind_of(none) == "invalid_argument");
  CHECK(none.error().message().find("hosts.txt") != std::string::npos);
  CHECK(none.error().hint().find("--on") != std::string::npos);
  const auto twice = read_hosts("tcp://a:1,tcp://b:1,tcp://a:1");
  CHECK(kind_of(twice) == "invalid_argument");
  CHECK(twice.error().message().find("tcp://a:1 twice") != std::string::npos);
}

}  // namespace
}  // namespace hotline::cli::host_list_test
