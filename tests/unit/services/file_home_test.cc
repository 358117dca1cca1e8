#include "services/file_home.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"
#include "hotline/sim/world.h"
#include "services/file_version.h"
#include "support/file_homes.h"
#include "support/loops.h"

namespace hotline::services::file_home_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;
using test::TestHome;

/// Returns which requests are permitted with these rights, a letter each.
std::string allowed_for(std::string_view letters) {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a", "1"));
  REQUIRE(test::store_content(*home.home, "b", "1"));
  FileUser user = home->user();
  user.rights = *parse_file_rights(letters);
  home->set_user(user);
  const auto is_permitted = [](const auto& outcome) {
    return code_of(outcome) != FileErrorCode::not_permitted;
  };
  std::string allowed;
  if (is_permitted(home->list({}))) allowed += "l";
  if (is_permitted(home->stat({.path = file_path("a")}))) allowed += "s";
  if (is_permitted(home->open(file_path("a"), {}))) allowed += "g";
  if (is_permitted(home->hashes({.path = file_path("a")}))) allowed += "h";
  if (is_permitted(home->put({.path = file_path("n"), .size = 1}))) allowed += "p";
  if (is_permitted(test::store_content(*home.home, "m", "1"))) allowed += "f";
  if (is_permitted(home->make_directory({.path = file_path("d")}))) allowed += "k";
  if (is_permitted(test::store_content(*home.home, "a", "2"))) allowed += "o";
  if (is_permitted(home->set_meta({.path = file_path("a"), .is_executable = true}))) allowed += "t";
  if (is_permitted(home->copy({.path = file_path("b"), .target = file_path("c")}))) allowed += "c";
  if (is_permitted(home->move({.path = file_path("b"), .target = file_path("e")}))) allowed += "m";
  if (is_permitted(home->remove({.path = file_path("a")}))) allowed += "r";
  if (is_permitted(home->uploads())) allowed += "u";
  return allowed;
}

TEST_CASE("each request needs its rights") {
  CHECK(allowed_for("rwod") == "lsghpfkotcmru");
  CHECK(allowed_for("r") == "lsgh");
  CHECK(allowed_for("w") == "pfku");
  CHECK(allowed_for("wo") == "pfkotu");
  CHECK(allowed_for("rw") == "lsghpfkcu");
  CHECK(allowed_for("wd") == "pfkmru");
  CHECK(allowed_for("d") == "r");
  CHECK(allowed_for("").empty());
}

TEST_CASE("a user with the right to write only can neither read, empty nor replace the home") {
  TestHome home;
  home.user.rights = {.can_write = true};
  home.restart();
  CHECK(home->store({.path = file_path("a"), .content = "1"}));
  CHECK(code_of(test::store_content(*home.home, "a", "2")) == FileErrorCode::not_permitted);
  CHECK(code_of(home->move({.path = file_path("a"), .target = file_path("b")})) ==
        FileErrorCode::not_permitted);
  CHECK(test::read_test_file(home.path("a")) == "1");
}

TEST_CASE("a user who is disabled may do nothing from then on (T35)") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a", "1"));
  auto begun = home->put({.path = file_path("b"), .size = 1});
  REQUIRE(begun);
  FileUser user = home->user();
  user.is_disabled = true;
  home->set_user(user);
  CHECK_FALSE(home->is_open());
  CHECK(code_of(home->list({})) == FileErrorCode::not_permitted);
  CHECK(code_of(home->remove({.path = file_path("a")})) == FileErrorCode::not_permitted);
  CHECK(home->quota().rights == FileRights());
}

TEST_CASE("a quota that was lowered below what is used leaves room for nothing new") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a", "12345"));
  FileUser user = home->user();
  user.limits = {.bytes = 3, .entries = 1};
  home->set_user(user);
  CHECK(code_of(test::store_content(*home.home, "b", "")) == FileErrorCode::quota_entries);
  CHECK(code_of(test::store_content(*home.home, "a", "123456")) == FileErrorCode::quota_bytes);
  CHECK(test::store_content(*home.home, "a", "123"));
  const FileQuota quota = home->quota();
  CHECK(quota.bytes_max == 3);
  CHECK(quota.bytes_used == 3);
}

TEST_CASE("STAT describes the home, files, links and directories, and computes what is wanted") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "d/a", "123"));
  fs::create_symlink("d", home.path("l"));
  CHECK(home->stat({})->meta.kind == FileKind::directory);
  CHECK(home->stat({.path = file_path("d"), .wants_root = true})->root == std::nullopt);
  CHECK(home->stat({.path = file_path("l")})->meta.kind == FileKind::link);
  CHECK(code_of(home->stat({.path = file_path("x")})) == FileErrorCode::not_found);
  CHECK(code_of(home->stat({.path = file_path("l/a")})) == FileErrorCode::not_found);
  const auto reply = home->stat({.path = file_path("d/a"), .wants_root = true});
  CHECK(reply->root == root_of(as_bytes("123")));
  CHECK_FALSE(home->stat({.path = file_path("d/a")})->root);
}

TEST_CASE("GET opens the expected version of a file only (T25)") {
  TestHome home;
  const auto old_version = test::store_content(*home.home, "a", "1");
  REQUIRE(test::store_content(*home.home, "a", "2"));
  CHECK(code_of(home->open(file_path("a"), *old_version)) == FileErrorCode::changed);
  CHECK(code_of(home->hashes({.path = file_path("a"), .version = *old_version})) ==
        FileErrorCode::changed);
  CHECK(home->open(file_path("a"), {}));
}

TEST_CASE("a key of one user means nothing to another one (T24)") {
  TestHome alice;
  TestHome bob;
  const PutFile request{.path = file_path("a"), .size = 2, .key = test::sample_bytes(1)};
  REQUIRE(test::put_content(*alice.home, request, "12"));
  auto begun = bob->put(request);
  REQUIRE(begun);
  CHECK(std::holds_alternative<UploadHold>(*begun));
  CHECK(code_of(bob->drop(test::sample_bytes(2))) == FileErrorCode::not_found);
}

TEST_CASE("of 1,000 uploads that race for the bytes of a quota as many win as fit (T17)") {
  constexpr int kRaces = 250;
  constexpr int kThreads = 4;
  TestHome home({.bytes = kRaces, .entries = kNoQuota});
  std::atomic<int> published = 0;
  std::atomic<int> over = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int race = 0; race < kRaces; ++race) {
          const std::string path = std::to_string(thread) + "-" + std::to_string(race);
          const auto outcome = test::store_content(*home.home, path, "x");
          published += outcome ? 1 : 0;
          if (code_of(outcome) == FileErrorCode::quota_bytes) ++over;
        }
      });
    }
  }
  CHECK(published == kRaces);
  CHECK(over == kRaces * (kThreads - 1));
  CHECK(home->used() == FileUsage{kRaces, kRaces});
  CHECK(home->recount() == FileUsage{kRaces, kRaces});
  CHECK(home->quota().bytes_reserved == 0);
}

TEST_CASE("of streams that upload the same name at the same time one wins, and all is whole") {
  TestHome home;
  std::atomic<int> published = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 20; ++i) {
          const std::string content(100, static_cast<char>('a' + thread));
          const PutFile request{.path = file_path("n" + std::to_string(i)), .size = 100};
          const auto outcome = test::put_content(*home.home, request, content);
          published += outcome ? 1 : 0;
          if (!outcome) CHECK(code_of(outcome) == FileErrorCode::exists);
        }
      });
    }
  }
  CHECK(published == 20);
  CHECK(home->used() == FileUsage{2'000, 20});
  for (int i = 0; i < 20; ++i) {
    const std::string content = test::read_test_file(home.path("n" + std::to_string(i)));
    CHECK(content == std::string(100, content.front()));
  }
  CHECK(test::count_names(home.staging()) == 0);
}

TEST_CASE("streams that continue one upload at the same time publish it once (T23)") {
  TestHome home;
  const std::string content = test::sample_content(2 * kFileBlockBytes);
  const PutFile request{
      .path = file_path("a"), .size = content.size(), .key = test::sample_bytes(1)};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (;;) {
          const auto outcome = test::put_content(*home.home, request, content);
          if (outcome) return;
          CHECK(code_of(outcome) == FileErrorCode::taken_over);
        }
      });
    }
  }
  CHECK(test::read_test_file(home.path("a")) == content);
  CHECK(home->used() == FileUsage{content.size(), 1});
  CHECK(home->quota().bytes_reserved == 0);
}

TEST_CASE("fibers share a home on each engine") {
  test::on_each_loop([](engine::EventLoop&) {
    TestHome home;
    home.options.durability = FileDurability::full;
    home.restart();
    TaskGroup group;
    for (int fiber = 0; fiber < 8; ++fiber) {
      REQUIRE(group.spawn("store", [&home, fiber] {
        for (int i = 0; i < 4; ++i) {
          const std::string path = "d/" + std::to_string(fiber) + "-" + std::to_string(i);
          CHECK(test::store_content(*home.home, path, "x"));
        }
      }));
    }
    CHECK(group.join());
    CHECK(home->used() == FileUsage{32, 33});
    CHECK(home->recount() == FileUsage{32, 33});
  });
}

TEST_CASE("a file is not published by a user who has lost the right to that in the meantime") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "old", "1"));
  const auto begin = [&](const char* path, unsigned key) {
    PutFile request{.path = file_path(path), .size = 1, .key = test::sample_bytes(key)};
    request.replacement.on_exist = OnExist::replace;
    auto begun = home->put(request);
    auto& upload = std::get<UploadHold>(*begun);
    REQUIRE(test::send_content(upload, "2"));
    return std::move(upload);
  };
  UploadHold replacing = begin("old", 1);
  UploadHold making = begin("new", 2);
  FileUser user = home->user();
  user.rights.can_overwrite = false;
  home->set_user(user);
  CHECK(code_of(replacing.publish(1)) == FileErrorCode::not_permitted);
  CHECK(test::read_test_file(home.path("old")) == "1");
  user.rights.can_write = false;
  home->set_user(user);
  CHECK(code_of(making.publish(1)) == FileErrorCode::not_permitted);
  user.rights.can_write = true;
  user.is_disabled = true;
  home->set_user(user);
  const auto disabled = making.publish(1);
  CHECK(code_of(disabled) == FileErrorCode::not_permitted);
  CHECK(disabled.error().text == "the user is disabled");
  CHECK_FALSE(fs::exists(home.path("new")));
  // The right is given back: the upload is still there.
  user.is_disabled = false;
  home->set_user(user);
  CHECK(making.publish(1));
  CHECK(test::read_test_file(home.path("new")) == "2");
}

/// Returns the outcome of a request about a file, whose user may not read any more when its content
/// has begun to be read.
template <typename Ask>
auto outcome_without_right(const Ask& ask) {
  std::optional<decltype(ask(std::declval<FileHome&>()))> outcome;
  FileUser user{.name = "alice"};
  FileHome* asked = nullptr;
  sim::WorldOptions options;
  options.trace = [&](std::string_view line) {
    if (asked == nullptr || line.find(" read_at ") == line.npos) return;
    user.rights.can_read = false;
    asked->set_user(user);
  };
  sim::World world(1, options);
  world.host("a").run([&] {
    const Directory top = Directory::open("/").value();
    for (const char* name : {"home", "staging"}) REQUIRE(top.make_directory(name, 0700));
    Directory root = top.open_beneath("home").value();
    REQUIRE(root.create("f", 0600)->write_at(0, as_bytes(std::string_view("content"))));
    FileHome home(std::make_shared<FileTree>(std::move(root), FileDurability::full),
                  top.open_beneath("staging").value(), user, {});
    REQUIRE(home.load());
    asked = &home;
    outcome = ask(home);
    asked = nullptr;
  });
  CHECK(world.run().to_string() == "");
  return *outcome;
}

TEST_CASE("a right that is taken away while a file is read for STAT or HASHES counts") {
  const auto described = outcome_without_right(
      [](FileHome& home) { return home.stat({.path = file_path("f"), .wants_root = true}); });
  CHECK(code_of(described) == FileErrorCode::not_permitted);
  const auto hashes = outcome_without_right(
      [](FileHome& home) { return home.hashes({.path = file_path("f"), .count = 1}); });
  CHECK(code_of(hashes) == FileErrorCode::not_permitted);
}

TEST_CASE("the mode of what is made does not depend on the umask (T37)") {
  TestHome home;
  const mode_t before = ::umask(0);
  REQUIRE(test::store_content(*home.home, "d/a", "1"));
  ::umask(0777);
  REQUIRE(test::store_content(*home.home, "d/b", "1"));
  REQUIRE(test::store_content(*home.home, "e/f/c", "1"));
  REQUIRE(home->make_directory({.path = file_path("g")}));
  ::umask(before);
  for (const char* made : {"d", "e", "e/f", "g"}) {
    CHECK(fs::status(home.path(made)).permissions() == fs::perms::owner_all);
  }
  const fs::perms expected = fs::perms::owner_read | fs::perms::owner_write;
  CHECK(fs::status(home.path("d/a")).permissions() == expected);
  CHECK(fs::status(home.path("d/b")).permissions() == expected);
}

}  // namespace
}  // namespace hotline::services::file_home_test
