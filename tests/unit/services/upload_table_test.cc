#include "services/upload_table.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "hotline/core/hex.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/sim/world.h"
#include "services/staged_upload.h"
#include "support/file_homes.h"
#include "support/memory_shortage.h"

namespace hotline::services::upload_table_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;
using test::sample_content;
using test::TestHome;

constexpr std::uint64_t kBlock = kFileBlockBytes;

PutFile put_file(unsigned key, std::uint64_t size = 2 * kBlock) {
  return {
      .path = file_path("f" + std::to_string(key)), .size = size, .key = test::sample_bytes(key)};
}

/// Leaves an upload of which a block is kept.
void leave_upload(TestHome& home, unsigned key) {
  auto begun = home->put(put_file(key));
  REQUIRE(begun);
  auto& upload = std::get<UploadHold>(*begun);
  REQUIRE(test::send_content(upload, sample_content(kBlock)));
  upload.leave();
}

FileTime later(Duration duration) {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(wall_clock_now()) + duration;
}

TEST_CASE("a user has so many unfinished uploads and no more (T19)") {
  TestHome home({kNoQuota, kNoQuota}, {.uploads_max = 3});
  std::vector<BegunUpload> uploads;
  for (unsigned key = 1; key <= 3; ++key) {
    auto begun = home->put(put_file(key));
    REQUIRE(begun);
    uploads.push_back(std::move(*begun));
  }
  CHECK(code_of(home->put(put_file(4))) == FileErrorCode::too_many_uploads);
  CHECK(home->quota().bytes_reserved == 3 * 2 * kBlock);
  CHECK(home->put(put_file(3)));
  std::get<UploadHold>(uploads.front()).leave();
  CHECK(home->put(put_file(4)));
}

TEST_CASE("a key belongs to one path and size while its upload is not finished") {
  TestHome home;
  leave_upload(home, 1);
  PutFile request = put_file(1);
  request.path = file_path("other");
  CHECK(code_of(home->put(request)) == FileErrorCode::key_reused);
  CHECK(code_of(home->put(put_file(1, 3 * kBlock))) == FileErrorCode::key_reused);
  CHECK(code_of(home->put(put_file(1, kFileSizeUnknown))) == FileErrorCode::key_reused);
  PutSmallFile small{.path = file_path("f1"), .key = test::sample_bytes(1)};
  CHECK(code_of(home->store(small)) == FileErrorCode::key_reused);
}

TEST_CASE("an upload is listed and dropped by its key") {
  TestHome home;
  leave_upload(home, 1);
  const auto uploads = home->uploads();
  REQUIRE(uploads->size() == 1);
  CHECK(uploads->front().key == test::sample_bytes(1));
  CHECK(uploads->front().path == file_path("f1"));
  CHECK(uploads->front().kept == kBlock);
  CHECK(home->drop(test::sample_bytes(1)));
  CHECK(code_of(home->drop(test::sample_bytes(1))) == FileErrorCode::not_found);
  CHECK(home->uploads()->empty());
  CHECK(home->quota().bytes_reserved == 0);
  CHECK(test::count_names(home.staging()) == 0);
}

TEST_CASE("uploads without a stream are dropped after their term, and others are not") {
  TestHome home;
  leave_upload(home, 1);
  auto held = home->put(put_file(2));
  REQUIRE(held);
  home->sweep(later(std::chrono::days(6)));
  CHECK(home->uploads()->size() == 2);
  home->sweep(later(std::chrono::days(8)));
  REQUIRE(home->uploads()->size() == 1);
  CHECK(home->uploads()->front().key == test::sample_bytes(2));
  CHECK(test::count_names(home.staging()) == 2);
}

TEST_CASE("what cannot be read of the uploads closes nothing else, and is reported") {
  TestHome home;
  leave_upload(home, 1);
  leave_upload(home, 2);
  const std::string state =
      home.staging() + "/" + test::hex_of(test::sample_bytes(1)) + std::string(".state");
  REQUIRE(fs::remove(state));
  fs::create_directories(state + "/d");
  fs::create_directories(home.staging() + "/left over");
  std::vector<Error> reports;
  home.options.report = [&](const Error& error) { reports.push_back(error); };
  home.restart();
  CHECK(reports.size() == 2);
  REQUIRE(home->uploads()->size() == 1);
  CHECK(home->uploads()->front().key == test::sample_bytes(2));
  CHECK(home->put(put_file(2)));
  CHECK(home->put(put_file(3)));
}

TEST_CASE("an upload that cannot be read begins with its key again only when it can be read") {
  TestHome home;
  leave_upload(home, 1);
  const std::string stem = home.staging() + "/" + test::hex_of(test::sample_bytes(1));
  fs::rename(stem + ".state", home.directory.file("aside"));
  fs::create_directories(stem + ".state");
  home.restart();
  CHECK(code_of(home->put(put_file(1))) == FileErrorCode::storage);
  home->sweep(later({}));
  CHECK(code_of(home->put(put_file(1))) == FileErrorCode::storage);
  CHECK(home->quota().bytes_reserved == 0);
  REQUIRE(fs::remove(stem + ".state"));
  fs::rename(home.directory.file("aside"), stem + ".state");
  home->sweep(later({}));
  CHECK(home->quota().bytes_reserved == 2 * kBlock);
  const auto begun = home->put(put_file(1));
  REQUIRE(begun);
  CHECK(std::get<UploadHold>(*begun).kept() == kBlock);
}

TEST_CASE("a key that cannot be read is free again when its files are removed") {
  TestHome home;
  leave_upload(home, 1);
  const std::string stem = home.staging() + "/" + test::hex_of(test::sample_bytes(1));
  REQUIRE(fs::remove(stem + ".state"));
  fs::create_directories(stem + ".state");
  home.restart();
  REQUIRE(fs::remove(stem + ".state"));
  home->sweep(later({}));
  CHECK(test::count_names(home.staging()) == 0);
  CHECK(home->put(put_file(1)));
}

TEST_CASE("the term of an upload goes on while no server runs") {
  TestHome home;
  leave_upload(home, 1);
  home.restart();
  const auto uploads = home->uploads();
  REQUIRE(uploads->size() == 1);
  CHECK(uploads->front().last_byte > later(-std::chrono::hours(1)));
  home->sweep(later(std::chrono::days(8)));
  CHECK(home->uploads()->empty());
}

TEST_CASE("keys of published uploads are known for their term, the newest of them") {
  TestHome home({kNoQuota, kNoQuota}, {.keys_max = 2});
  for (unsigned key = 1; key <= 3; ++key) {
    REQUIRE(test::put_content(*home.home, put_file(key, 1), "x"));
  }
  CHECK(test::count_names(home.staging()) == 2);
  CHECK(code_of(home->put(put_file(1, 1))) == FileErrorCode::exists);
  CHECK(home->put(put_file(3, 1)));
  home->sweep(later(std::chrono::days(2)));
  CHECK(test::count_names(home.staging()) == 0);
  CHECK(code_of(home->put(put_file(3, 1))) == FileErrorCode::exists);
}

/// A table of which a further key pushes out the one before, in a simulated world.
struct TestTable {
  TestTable() { sleep(); }

  static Directory make_staging() {
    const Directory top = Directory::open("/").value();
    REQUIRE(top.make_directory("staging", 0700));
    return top.open_beneath("staging").value();
  }

  void sleep() const { REQUIRE(sleep_for(std::chrono::seconds(1))); }

  bool has_state(const UploadFacts& facts) const {
    const std::string name = to_hex(facts.key) + std::string(StagedUpload::kStateSuffix);
    return table.staging().status(name).has_value();
  }

  QuotaAccount account{};
  UploadTable table{make_staging(), account, {.keys_max = 1}};
  const UploadFacts first{.key = test::sample_bytes(1), .path = file_path("f"), .size = 1};
  const UploadFacts second{.key = test::sample_bytes(2), .path = file_path("g"), .size = 1};
};

TEST_CASE("without memory a published key is known whole or not at all, and ends in its time") {
  sim::World world(1);
  world.host("a").run([] {
    test::with_each_allocation_failing([](std::size_t spared) {
      QuotaAccount account;
      const Directory top = Directory::open("/").value();
      discard(top.make_directory("staging", 0700));
      UploadTable table(top.open_beneath("staging").value(), account, {.keys_max = 1});
      const UploadFacts facts{.key = test::sample_bytes(1), .path = file_path("f"), .size = 1};
      bool has_struck = false;
      try {
        const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
        table.note_published(facts, FileStatus{});
        has_struck = shortage.has_struck();
      } catch (const std::bad_alloc&) {
        has_struck = true;
      }
      if (const auto found = table.find_published(facts.key)) CHECK(found->facts == facts);
      const UploadFacts next{.key = test::sample_bytes(2), .path = file_path("g"), .size = 1};
      table.note_published(facts, FileStatus{});
      REQUIRE(sleep_for(std::chrono::seconds(1)));
      table.note_published(next, FileStatus{});
      CHECK_FALSE(table.find_published(facts.key));
      CHECK(table.find_published(next.key));
      return has_struck;
    });
  });
}

TEST_CASE("a key that ends takes no file from an upload that begins with it anew") {
  sim::WorldOptions options;
  options.faults.set(Fault::disk_delay, 300'000);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    sim::World world(seed, options);
    world.host("a").run([&] {
      TestTable test;
      test.table.note_published(test.first, FileStatus());
      test.sleep();
      TaskGroup both;
      const auto publish = [&] { test.table.note_published(test.second, FileStatus()); };
      const auto begin = [&] {
        const auto lock = test.table.beginning().lock();
        REQUIRE(lock);
        test.table.forget_published(test.first.key);
        REQUIRE(test.table.begin(test.first, {}));
      };
      REQUIRE(both.spawn("publish", publish));
      REQUIRE(both.spawn("begin", begin));
      REQUIRE(both.join());
      CHECK(test.has_state(test.first));
    });
    CHECK(world.run().to_string() == "");
  }
}

TEST_CASE("a key of a small file that ends takes no file from an upload with the same key") {
  sim::World world(1);
  world.host("a").run([&] {
    TestTable test;
    REQUIRE(test.table.begin(test.first, {}));
    test.table.note_published(test.first, FileStatus());
    test.sleep();
    test.table.note_published(test.second, FileStatus());
    CHECK_FALSE(test.table.find_published(test.first.key));
    CHECK(test.has_state(test.first));
  });
  CHECK(world.run().to_string() == "");
}

TEST_CASE("what belongs to no upload is removed from the staging at the start") {
  TestHome home;
  leave_upload(home, 1);
  const std::string name = test::hex_of(test::sample_bytes(1));
  test::write_test_file(home.staging() + "/xyz.part", "no state");
  test::write_test_file(home.staging() + "/xyz.state", "garbage");
  test::write_test_file(home.staging() + "/x12", "a small file");
  fs::copy_file(home.staging() + "/" + name + ".state", home.staging() + "/other.state");
  fs::copy_file(home.staging() + "/" + name + ".part", home.staging() + "/other.part");
  home.restart();
  CHECK(test::count_names(home.staging()) == 2);
  CHECK(home->uploads()->size() == 1);
}

TEST_CASE("an upload whose state file was damaged keeps what comes before the damage") {
  TestHome home;
  leave_upload(home, 1);
  const std::string state = home.staging() + "/" + test::hex_of(test::sample_bytes(1)) + ".state";
  std::string text = test::read_test_file(state);
  text.back() = static_cast<char>(text.back() ^ 1);
  test::write_test_file(state, text);
  home.restart();
  REQUIRE(home->uploads()->size() == 1);
  CHECK(home->uploads()->front().kept == 0);
  text.front() = static_cast<char>(text.front() ^ 1);
  test::write_test_file(state, text);
  home.restart();
  CHECK(home->uploads()->empty());
  CHECK(test::count_names(home.staging()) == 0);
}

TEST_CASE("an upload whose data was cut keeps the blocks that are there") {
  TestHome home;
  leave_upload(home, 1);
  fs::resize_file(home.staging() + "/" + test::hex_of(test::sample_bytes(1)) + ".part", kBlock - 1);
  home.restart();
  CHECK(home->uploads()->front().kept == 0);
  auto begun = home->put(put_file(1));
  REQUIRE(begun);
  CHECK(std::get<UploadHold>(*begun).kept() == 0);
}

}  // namespace
}  // namespace hotline::services::upload_table_test
