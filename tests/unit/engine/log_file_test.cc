#include "hotline/engine/log_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "hotline/engine/queued_log.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"

namespace hotline::log_file_test {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::string detail_of(const LogEntry& entry) { return entry.detail; }

}  // namespace

TEST_CASE("a log file is made for its owner only, and lines are appended") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  {
    const auto file = LogFile::open(path).value();
    CHECK(file->append("one\n") == 0);
  }
  CHECK(mode_of(path) == 0600);
  CHECK(LogFile::open(path).value()->append("two\n") == 0);
  CHECK(content(path) == "one\ntwo\n");
}

TEST_CASE("a file that others may read, and what is not a file, is refused") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("open");
  std::ofstream(path) << "x";
  ::chmod(path.c_str(), 0640);
  const auto open = LogFile::open(path);
  REQUIRE_FALSE(open);
  CHECK(open.error().kind == ErrorKind::permission_denied);
  CHECK(open.error().hint() == "run 'chmod 600 " + path + "'");
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& wrong : {pipe, std::string("/dev/null")}) {
    CAPTURE(wrong);
    const auto refused = LogFile::open(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid_argument);
  }
  CHECK_FALSE(LogFile::open(folder.file("none/audit")));
  CHECK_FALSE(LogFile::open(folder.file("")));
}

TEST_CASE("after it was renamed, a log file is opened again, and until then the old one is used") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  const auto file = LogFile::open(path).value();
  const int descriptor = file->descriptor();
  file->append("one\n");
  std::filesystem::rename(path, path + ".1");
  file->append("two\n");
  const auto reloaded = LogFile::open_again(file);
  REQUIRE(reloaded);
  file->append("three\n");
  (*reloaded)();
  file->append("four\n");
  CHECK(content(path + ".1") == "one\ntwo\nthree\n");
  CHECK(content(path) == "four\n");
  CHECK(mode_of(path) == 0600);
  CHECK(file->descriptor() == descriptor);
}

TEST_CASE("a file that cannot be opened again leaves the old one in use") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  const auto file = LogFile::open(path).value();
  std::filesystem::rename(path, path + ".1");
  std::filesystem::create_directory(path);
  CHECK_FALSE(LogFile::open_again(file));
  CHECK(file->append("kept\n") == 0);
  CHECK(content(path + ".1") == "kept\n");
}

TEST_CASE("a line that was cut off by a full disk is ended before the next one") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  const auto file = LogFile::open(path).value();
  {
    const test::FileSizeLimit limit(4);
    CHECK(file->append("123456\n") == EFBIG);
  }
  CHECK(file->append("next\n") == 0);
  CHECK(content(path) == "1234\nnext\n");
}

TEST_CASE("a queued log writes its lines to a file") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("audit");
  {
    QueuedLog log(LogFile::open(path).value(), detail_of);
    for (const char* each : {"{\"a\":1}", "{\"b\":2}"}) {
      LogRecord record;
      record.message = "command";
      record.detail = each;
      log.write(record);
    }
    CHECK(log.kept_descriptors().size() == 1);
  }
  CHECK(content(path) == "{\"a\":1}\n{\"b\":2}\n");
}

}  // namespace hotline::log_file_test
