#include "cli/audit_file.h"

#include <fstream>
#include <iterator>
#include <new>
#include <string>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::cli::audit_file_test {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<std::shared_ptr<AuditFile>> taken(const std::string& uri) {
  const auto endpoint = Endpoint::parse(uri);
  OptionTaker taker(*endpoint, Side::server);
  return AuditFile::take_from(taker);
}

}  // namespace

TEST_CASE("an audit writes its lines to its file") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  {
    const auto audit = AuditFile::open(path).value();
    audit->write([] { return "{}"; });
    audit->write([] { return R"({"v":1})"; });
    CHECK(audit->log().kept_descriptors().size() == 1);
  }
  CHECK(content(path) == "{}\n{\"v\":1}\n");
}

TEST_CASE("an audit may begin with its first line") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  {
    const auto audit = AuditFile::open(path, QueuedLog::Start::at_begin).value();
    audit->write([] { return "1"; });
    audit->write([] { return "2"; });
  }
  CHECK(content(path) == "1\n2\n");
}

TEST_CASE("a handler that stays within its files may append to its audit, another stays free") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  const auto audit = AuditFile::open(path).value();
  Handler confined;
  confined.stays_within({{"/root", PathUse::keep}});
  AuditFile::attach(audit, confined);
  CHECK(confined.usable_paths() ==
        std::vector<UsablePath>{{"/root", PathUse::keep}, {path, PathUse::append}});
  Handler free;
  AuditFile::attach(audit, free);
  CHECK_FALSE(free.usable_paths());
}

TEST_CASE("the log says that there was no memory for a line") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  AuditFile::open(path).value()->write([]() -> std::string { throw std::bad_alloc(); });
  CHECK(content(path).find("no memory for a line") != std::string::npos);
}

TEST_CASE("a handler opens its audit again, and reads again what it read before") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  bool has_reloaded = false;
  Handler handler;
  handler.reload([&]() -> Result<Reloaded> { return [&] { has_reloaded = true; }; });
  const auto audit = AuditFile::open(path).value();
  AuditFile::attach(audit, handler);
  CHECK(handler.kept_descriptors().size() == 1);
  handler.read_again()().value()();
  CHECK(has_reloaded);
}

TEST_CASE("a file that cannot be used is an error of its endpoint") {
  CHECK(taken("tcp://h:1").value() == nullptr);
  for (const char* wrong : {"audit=", "audit=here", "audit=/no/such/audit", "audit=/dev/null"}) {
    CAPTURE(wrong);
    const auto audit = taken(std::string("tcp://h:1?") + wrong);
    REQUIRE_FALSE(audit);
    CHECK(audit.error().kind == ErrorKind::invalid_argument);
    CHECK_FALSE(audit.error().hint().empty());
  }
}

}  // namespace hotline::cli::audit_file_test
