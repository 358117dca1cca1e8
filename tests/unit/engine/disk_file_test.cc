#include "hotline/engine/disk_file.h"

#include <cerrno>
#include <chrono>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/directory.h"
#include "support/loops.h"
#include "support/mounted.h"
#include "support/temporary_directory.h"

namespace hotline::disk_file_test {
namespace {

using test::on_each_engine;

/// A new file on each engine, in a fresh directory.
void on_each_file(const std::function<void(Directory&, DiskFile&)>& body) {
  on_each_engine([&] {
    const test::TemporaryDirectory folder;
    auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    auto file = directory->create("file", 0600);
    REQUIRE(file);
    body(*directory, *file);
  });
}

std::string read(DiskFile& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '?');
  const auto count = file.read_at(offset, as_writable_bytes(text));
  REQUIRE(count);
  text.resize(*count);
  return text;
}

}  // namespace

TEST_CASE("bytes are read where they were written, and holes are zeros") {
  on_each_file([](Directory&, DiskFile& file) {
    CHECK(read(file, 0, 10).empty());
    REQUIRE(file.write_at(0, as_bytes("hello")));
    REQUIRE(file.write_at(7, as_bytes("world")));
    CHECK(read(file, 0, 12) == std::string("hello\0\0world", 12));
    CHECK(read(file, 7, 3) == "wor");
    CHECK(read(file, 7, 99) == "world");
    CHECK(read(file, 12, 1).empty());
    CHECK(read(file, 99, 1).empty());
    CHECK(read(file, 0, 0).empty());
    REQUIRE(file.write_at(99, {}));
    CHECK(file.status()->size == 12);
  });
}

TEST_CASE("large reads and writes are complete") {
  on_each_file([](Directory&, DiskFile& file) {
    std::string text(3'000'001, 'a');
    for (std::size_t i = 0; i < text.size(); i += 997) text[i] = static_cast<char>(i);
    REQUIRE(file.write_at(5, as_bytes(text)));
    CHECK(read(file, 5, text.size()) == text);
    CHECK(read(file, 5, text.size() + 1) == text);
  });
}

TEST_CASE("an offset beyond what a file can have is an invalid argument") {
  on_each_file([](Directory&, DiskFile& file) {
    const auto written = file.write_at(std::uint64_t{1} << 63, as_bytes("x"));
    REQUIRE_FALSE(written);
    CHECK(written.error().native_code == EINVAL);
    std::string text(1, '?');
    CHECK(test::kind_of(file.read_at(std::uint64_t{1} << 63, as_writable_bytes(text))) ==
          "invalid_argument");
  });
}

TEST_CASE("reserved storage does not change the size, and truncate does") {
  on_each_file([](Directory&, DiskFile& file) {
    REQUIRE(file.allocate(0, 1 << 20));
    REQUIRE(file.allocate(0, 0));
    CHECK(file.status()->size == 0);
    REQUIRE(file.write_at(0, as_bytes("hello")));
    REQUIRE(file.truncate(3));
    CHECK(read(file, 0, 9) == "hel");
    REQUIRE(file.truncate(5));
    CHECK(read(file, 0, 9) == std::string("hel\0\0", 5));
  });
}

TEST_CASE("a file can be made durable in each way") {
  on_each_file([](Directory&, DiskFile& file) {
    REQUIRE(file.write_at(0, as_bytes("hello")));
    CHECK(file.begin_sync(0, 5));
    CHECK(file.sync_data());
    CHECK(file.sync());
  });
}

TEST_CASE("the status has the kind, the mode, the owner, the names and the times") {
  on_each_file([](Directory& directory, DiskFile& file) {
    REQUIRE(file.set_mode(0751));
    const DiskTime time(std::chrono::seconds(1'700'000'000) +
                        std::chrono::nanoseconds(123'456'789));
    REQUIRE(file.set_modified(time));
    const auto status = file.status();
    REQUIRE(status);
    CHECK(status->kind == EntryKind::file);
    CHECK(status->mode == 0751);
    CHECK(status->links == 1);
    CHECK(status->modified == time);
    CHECK(status->changed > time);
    CHECK(status->device == directory.status()->device);
    CHECK(status->inode != directory.status()->inode);
    CHECK(*status == directory.status("file").value());
  });
}

TEST_CASE("a time before 1970 is kept") {
  on_each_file([](Directory&, DiskFile& file) {
    const DiskTime time(std::chrono::nanoseconds(-1'500'000'001));
    REQUIRE(file.set_modified(time));
    CHECK(file.status()->modified == time);
  });
}

TEST_CASE("the parts with data are found one after the other") {
  on_each_file([](Directory&, DiskFile& file) {
    CHECK(file.next_data(0).value() == std::nullopt);
    REQUIRE(file.truncate(4 << 20));
    REQUIRE(file.write_at(1 << 20, as_bytes(std::string(1 << 20, 'x'))));
    const auto first = file.next_data(0).value();
    REQUIRE(first);
    CHECK(first->offset <= 1 << 20);
    CHECK(first->offset + first->size >= 2 << 20);
    CHECK(file.next_data(4 << 20).value() == std::nullopt);
    if (first->offset + first->size == 2 << 20) {
      CHECK(file.next_data(2 << 20).value() == std::nullopt);
    }
  });
}

TEST_CASE("a part of a file is copied, as far as the source goes") {
  on_each_file([](Directory& directory, DiskFile& file) {
    std::string text(200'000, 'a');
    for (std::size_t i = 0; i < text.size(); i += 991) text[i] = static_cast<char>(i);
    REQUIRE(file.write_at(0, as_bytes(text)));
    auto copy = directory.create("copy", 0600);
    REQUIRE(copy);
    CHECK(copy->copy_from(file, 0, text.size()).value() == text.size());
    CHECK(read(*copy, 0, text.size() + 1) == text);
    CHECK(copy->copy_from(file, 100'000, 1 << 30).value() == 100'000);
    CHECK(copy->copy_from(file, 1 << 20, 5).value() == 0);
    CHECK(copy->copy_from(file, 0, 0).value() == 0);
  });
}

TEST_CASE("a file is copied through memory where the system cannot do it") {
  on_each_file([](Directory& directory, DiskFile& file) {
    const std::string text(600'000, 'b');
    REQUIRE(file.write_at(0, as_bytes(text)));
    const std::string path = "/dev/shm";
    auto memory = Directory::open(path);
    if (!memory || memory->status()->device == directory.status()->device) return;
    const std::string name = "hotline-copy-" + std::to_string(directory.status()->inode);
    auto copy = memory->create(name, 0600);
    REQUIRE(copy);
    CHECK(memory->remove_file(name));
    CHECK(copy->copy_from(file, 0, text.size()).value() == text.size());
    CHECK(read(*copy, 0, text.size() + 1) == text);
  });
}

TEST_CASE("a file that was opened for reading cannot be written, and the error names it") {
  on_each_file([](Directory& directory, DiskFile&) {
    auto file = directory.open_file("file");
    REQUIRE(file);
    const auto written = file->write_at(0, as_bytes("x"));
    REQUIRE_FALSE(written);
    CHECK(written.error().native_code == EBADF);
    CHECK(written.error().message().find("/file: ") != std::string::npos);
  });
}

TEST_CASE("a file that is removed while it is open keeps its bytes") {
  on_each_file([](Directory& directory, DiskFile& file) {
    REQUIRE(file.write_at(0, as_bytes("hello")));
    REQUIRE(directory.remove_file("file"));
    CHECK(read(file, 0, 9) == "hello");
    CHECK(file.status()->links == 0);
    CHECK(file.close());
  });
}

TEST_CASE("no call begins after a deadline") {
  on_each_file([](Directory&, DiskFile& file) {
    const DeadlineScope scope(Deadline::at(now()));
    std::string text(1, '?');
    CHECK(test::kind_of(file.write_at(0, as_bytes("x"))) == "timed_out");
    CHECK(test::kind_of(file.read_at(0, as_writable_bytes(text))) == "timed_out");
    CHECK(test::kind_of(file.status()) == "timed_out");
  });
}

TEST_CASE("a full disk is an error of its own, for reserving and for writing") {
  const auto seen = test::seen_on_small_disk([](const std::string& path) {
    auto directory = Directory::open(path).value();
    auto file = directory.create("file", 0600).value();
    const auto reserved = file.allocate(0, 1 << 30);
    const auto written = file.write_at(0, as_bytes(std::string(8 << 20, 'x')));
    if (reserved || written) return std::string("it had room");
    return std::to_string(reserved.error().native_code) + ", " + written.error().message() + ", " +
           std::to_string(directory.space().value().bytes_available);
  });
  if (!seen) return;
  CHECK(seen->starts_with(std::to_string(ENOSPC) + ", cannot write "));
  CHECK(seen->ends_with("/file: no space is left on the disk, 0"));
}

}  // namespace hotline::disk_file_test
