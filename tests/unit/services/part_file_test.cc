#include "services/part_file.h"

#include <cerrno>
#include <cstddef>
#include <new>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/block_hashes.h"
#include "support/file_samples.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/temporary_directory.h"

namespace hotline::part_file_test {
namespace {

using services::PartFile;
using enum Directory::Existing;

struct Place {
  std::string read(std::string_view name) const {
    const auto status = directory.status(name);
    if (!status) return "absent";
    auto file = directory.open_file(name);
    if (!file) return "not a file";
    std::string content(static_cast<std::size_t>(status->size), '\0');
    REQUIRE(file->read_at(0, as_writable_bytes(content)).value() == content.size());
    return content;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    auto entries = directory.entries();
    REQUIRE(entries);
    const auto listed = entries->next(100);
    REQUIRE(listed);
    for (const DirectoryEntry& each : *listed) all.push_back(each.name);
    return all;
  }

  test::TemporaryDirectory place{};
  Directory directory = Directory::open(place.path()).value();
};

TEST_CASE("a part gets its name, its time and its executable bit when it is whole") {
  test::on_each_engine([] {
    Place place;
    auto part = PartFile::make(place.directory, "film");
    REQUIRE(part);
    CHECK(part->name().starts_with(".film."));
    CHECK(part->name().ends_with(".part"));
    std::string content = test::sample_content(600'000);
    REQUIRE(part->append(as_bytes(content)));
    REQUIRE(part->append_hole(100'000));
    content.append(100'000, '\0');
    CHECK(part->size() == content.size());
    CHECK(place.read("film") == "absent");
    const FileMeta meta{.is_executable = true, .modified = FileTime(std::chrono::seconds(77))};
    REQUIRE(part->publish("film", meta, fail, PartFile::Durability::full));
    CHECK((place.read("film") == content));
    CHECK(place.read(part->name()) == "absent");
    const FileStatus status = place.directory.status("film").value();
    CHECK(status.modified == meta.modified);
    CHECK((status.mode & 0100) != 0);
  });
}

TEST_CASE("a cut keeps everything before it, written or not") {
  Place place;
  auto part = PartFile::make(place.directory, "film");
  REQUIRE(part->append_hole(900'000));
  const std::string content = test::sample_content(200'000);
  REQUIRE(part->append(as_bytes(content)));
  REQUIRE(part->cut(1'000'000));
  REQUIRE(part->append(as_bytes("end")));
  REQUIRE(part->publish("film", {}, fail, PartFile::Durability::none));
  CHECK((place.read("film") == std::string(900'000, '\0') + content.substr(0, 100'000) + "end"));
}

TEST_CASE("a cut leaves what was before it, and no other byte") {
  for (const std::size_t size : {0UZ, 1UZ, 299'999UZ, 300'000UZ}) {
    CAPTURE(size);
    Place place;
    auto part = PartFile::make(place.directory, "film");
    const std::string content = test::sample_content(300'000);
    REQUIRE(part->append(as_bytes(content)));
    REQUIRE(part->cut(size));
    CHECK(part->size() == size);
    REQUIRE(part->publish("film", {}, fail, PartFile::Durability::none));
    CHECK((place.read("film") == content.substr(0, size)));
  }
}

TEST_CASE("a name that is in use is replaced only on purpose") {
  Place place;
  REQUIRE(place.directory.create("film", 0600));
  auto part = PartFile::make(place.directory, "film");
  REQUIRE(part->append(as_bytes("milk")));
  const auto refused = part->publish("film", {}, fail, PartFile::Durability::none);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().native_code == EEXIST);
  REQUIRE(part->publish("film", {}, replace, PartFile::Durability::none));
  CHECK(place.read("film") == "milk");
}

/// Makes a name for each kind of what is not a regular file.
std::vector<std::string> make_others(const Place& place) {
  const std::string path = place.place.path();
  REQUIRE(place.directory.create("other", 0600));
  REQUIRE(symlink("other", (path + "/link").c_str()) == 0);
  REQUIRE(symlink("missing", (path + "/dangling").c_str()) == 0);
  REQUIRE(mkfifo((path + "/pipe").c_str(), 0600) == 0);
  REQUIRE(mknod((path + "/socket").c_str(), S_IFSOCK | 0600, 0) == 0);
  REQUIRE(place.directory.make_directory("directory", 0700));
  return {"link", "dangling", "pipe", "socket", "directory"};
}

TEST_CASE("what is not a regular file is never replaced") {
  using enum PartFile::Durability;
  Place place;
  for (const std::string& name : make_others(place)) {
    CAPTURE(name);
    const FileStatus before = *place.directory.status(name);
    for (const PartFile::Durability durability : {full, none}) {
      auto part = PartFile::make(place.directory, name);
      REQUIRE(part->append(as_bytes("milk")));
      const auto refused = part->publish(name, {}, replace, durability);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().native_code == EEXIST);
      CHECK_FALSE(refused.error().hint().empty());
      part->remove();
      const auto written =
          PartFile::write(place.directory, name, as_bytes("milk"), {}, replace, durability);
      REQUIRE_FALSE(written);
      CHECK(written.error().native_code == EEXIST);
    }
    CHECK(place.directory.status(name)->inode == before.inode);
    CHECK(place.directory.status(name)->kind == before.kind);
  }
  CHECK(place.read("other").empty());
  CHECK(place.names().size() == 6);
}

TEST_CASE("a file that is made at once leaves no part, whatever fails") {
  Place place;
  const auto write = [&] {
    return PartFile::write(place.directory, "film", as_bytes("milk"), {}, fail,
                           PartFile::Durability::full);
  };
  REQUIRE(write());
  CHECK(place.read("film") == "milk");
  const auto refused = write();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().native_code == EEXIST);
  CHECK(place.names() == std::vector<std::string>{"film"});
}

TEST_CASE("a file that is made at once leaves no part, whichever memory it lacks") {
  test::with_each_allocation_failing([](std::size_t spared) {
    Place place;
    bool has_struck = false;
    bool is_made = false;
    {
      const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
      try {
        is_made = PartFile::write(place.directory, "film", as_bytes("milk"), {}, fail,
                                  PartFile::Durability::none)
                      .has_value();
      } catch (const std::bad_alloc&) {
        is_made = false;
      }
      has_struck = shortage.has_struck();
    }
    const std::vector<std::string> left = place.names();
    CHECK(left == (is_made ? std::vector<std::string>{"film"} : std::vector<std::string>()));
    return has_struck;
  });
}

TEST_CASE("a part that is opened again is hashed, and cut where it differs") {
  Place place;
  const std::string content = test::sample_content(2 * kFileBlockBytes + 500'000);
  auto part = PartFile::make(place.directory, "film");
  REQUIRE(part->append(as_bytes(content)));
  auto again = PartFile::open(place.directory, part->name());
  REQUIRE(again);
  const auto hashes = again->hash_blocks(0, 3);
  REQUIRE(hashes);
  REQUIRE(hashes->size() == 2);
  const Bytes bytes = as_bytes(content);
  CHECK(hashes->back() == services::hash_of(bytes.subspan(kFileBlockBytes, kFileBlockBytes)));
  CHECK(again->hash_blocks(1, 1).value() == std::vector{hashes->back()});
  CHECK(again->hash_blocks(2, 1)->empty());
  REQUIRE(again->cut(kFileBlockBytes));
  REQUIRE(again->reserve(content.size()));
  REQUIRE(again->append(bytes.subspan(kFileBlockBytes)));
  REQUIRE(again->publish("film", {}, fail, PartFile::Durability::none));
  CHECK((place.read("film") == content));
}

TEST_CASE("a part that is a name of another file is not opened") {
  Place place;
  REQUIRE(place.directory.create("other", 0600));
  const std::string other = place.place.path() + "/other";
  REQUIRE(link(other.c_str(), (place.place.path() + "/.film.part").c_str()) == 0);
  REQUIRE(symlink("other", (place.place.path() + "/.link.part").c_str()) == 0);
  for (const auto& [name, error] : {std::pair(".film.part", EMLINK), {".link.part", ELOOP}}) {
    const auto opened = PartFile::open(place.directory, name);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().native_code == error);
  }
}

TEST_CASE("a part of the longest name fits, and one that is removed is gone") {
  Place place;
  auto part = PartFile::make(place.directory, std::string(255, 'n'));
  REQUIRE(part);
  CHECK(part->name().size() == 255);
  part->remove();
  CHECK(place.read(part->name()) == "absent");
}

}  // namespace
}  // namespace hotline::part_file_test
