#include "services/file_home.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/shared_root.h"

namespace hotline::services::file_home_shares_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;

using test::SharedRoot;
using Home = SharedRoot::Home;

PutFile put_at(std::string_view path, std::uint64_t size, std::uint8_t key) {
  PutFile request{.path = file_path(path), .size = size};
  request.key.front() = std::byte{key};
  return request;
}

TEST_CASE("what one user stores in a share, others see, and it counts there only") {
  const SharedRoot root;
  const Home alice = root.home("alice");
  REQUIRE(test::store_content(*alice, "team/docs/a", "123"));
  REQUIRE(test::put_content(*alice, put_at("team/b", 2, 1), "12"));
  CHECK(test::read_test_file(root.path("docs/a")) == "123");
  CHECK(root.home("bob")->stat({.path = file_path("team/docs/a")})->meta.size == 3);
  CHECK(root.home("bob")->open(file_path("team/b"), {}));
  CHECK(alice->used() == FileUsage{});
  CHECK(root.used() == FileUsage{5, 3});
  CHECK(code_of(root.home("carol")->stat({.path = file_path("team/docs/a")})) ==
        FileErrorCode::not_found);
  CHECK(test::count_names(root.directory.file("homes/alice")) == 0);
}

TEST_CASE("each user has rights of their own in a share, whatever those in the home are") {
  const SharedRoot root;
  root.describe("users/alice", "rights = \"\"\n[shares]\nteam = \"rwod\"\n");
  REQUIRE(root.store->reload().empty());
  const Home alice = root.home("alice");
  const Home bob = root.home("bob");
  REQUIRE(test::store_content(*alice, "team/a", "1"));
  CHECK(code_of(test::store_content(*alice, "a", "1")) == FileErrorCode::not_permitted);
  CHECK(code_of(test::store_content(*bob, "team/a", "2")) == FileErrorCode::not_permitted);
  CHECK(code_of(bob->remove({.path = file_path("team/a")})) == FileErrorCode::not_permitted);
  CHECK(code_of(bob->move({.path = file_path("team/a"), .target = file_path("team/b")})) ==
        FileErrorCode::not_permitted);
  CHECK(code_of(bob->set_meta({.path = file_path("team/a"), .modified = FileTime()})) ==
        FileErrorCode::not_permitted);
  CHECK(alice->move({.path = file_path("team/a"), .target = file_path("team/b")}));
  CHECK(alice->set_meta({.path = file_path("team/b"), .modified = FileTime()}));
  CHECK(alice->remove({.path = file_path("team/b")}));
}

TEST_CASE("the share itself is not made, replaced, moved or removed") {
  const SharedRoot root;
  const Home alice = root.home("alice");
  REQUIRE(test::store_content(*alice, "team/a", "1"));
  REQUIRE(test::store_content(*alice, "b", "1"));
  const FilePath team = file_path("team");
  CHECK(code_of(alice->remove({.path = team, .depth = FileDepth::tree})) ==
        FileErrorCode::not_permitted);
  CHECK(code_of(alice->move({.path = team, .target = file_path("team/t")})) ==
        FileErrorCode::not_permitted);
  CHECK(code_of(alice->move({.path = team, .target = file_path("t")})) ==
        FileErrorCode::not_permitted);
  CHECK(code_of(alice->move({.path = file_path("b"),
                             .target = team,
                             .replacement = {.on_exist = OnExist::replace}})) ==
        FileErrorCode::exists);
  CHECK(code_of(alice->move({.path = file_path("team/a"), .target = team})) ==
        FileErrorCode::exists);
  CHECK(code_of(alice->copy({.path = file_path("b"), .target = team})) == FileErrorCode::exists);
  CHECK(code_of(alice->make_directory({.path = team})) == FileErrorCode::exists);
  CHECK(alice->make_directory({.path = team, .parents = MissingParents::make}));
  CHECK(code_of(alice->put(put_at("team", 1, 1))) == FileErrorCode::exists);
  CHECK(code_of(test::store_content(*alice, "team", "1")) == FileErrorCode::exists);
  CHECK(code_of(alice->set_meta({.path = team, .modified = FileTime()})) ==
        FileErrorCode::not_a_file);
  CHECK(code_of(alice->open(team, {})) == FileErrorCode::not_a_file);
  CHECK(code_of(alice->hashes({.path = team, .count = 1})) == FileErrorCode::not_a_file);
  CHECK(test::read_test_file(root.path("a")) == "1");
}

TEST_CASE("files are copied between a home and a share, and not moved") {
  const SharedRoot root("quota = 10\n");
  const Home alice = root.home("alice");
  REQUIRE(test::store_content(*alice, "d/a", "12345"));
  const auto copy = [&](const char* from, const char* to, FileDepth depth = FileDepth::single) {
    return code_of(alice->copy({.path = file_path(from), .target = file_path(to), .depth = depth}));
  };
  CHECK(copy("d/a", "team/a") == std::nullopt);
  CHECK(copy("d", "team/d", FileDepth::tree) == std::nullopt);
  CHECK(copy("d/a", "team/b") == FileErrorCode::quota_bytes);
  CHECK(copy("team", "team/t", FileDepth::tree) == FileErrorCode::into_itself);
  CHECK(copy("team", "t", FileDepth::tree) == std::nullopt);
  CHECK(test::read_test_file(root.directory.file("homes/alice/t/d/a")) == "12345");
  CHECK(alice->used() == FileUsage{15, 6});
  CHECK(root.used() == FileUsage{10, 3});
  for (const auto& [from, to] :
       {std::pair{"d/a", "team/x"}, {"team/a", "x"}, {"d", "team/x"}, {"team/d", "x"}}) {
    CHECK(code_of(alice->move({.path = file_path(from), .target = file_path(to)})) ==
          FileErrorCode::unsupported);
  }
  root.describe("users/alice", "[shares]\nteam = \"w\"\n");
  REQUIRE(root.store->reload().empty());
  CHECK(copy("team/a", "y") == FileErrorCode::not_permitted);
  CHECK(copy("d/a", "team/y") == FileErrorCode::quota_bytes);
  root.describe("users/alice", "[shares]\nteam = \"r\"\n");
  REQUIRE(root.store->reload().empty());
  CHECK(copy("d/a", "team/y") == FileErrorCode::not_permitted);
}

TEST_CASE("a right to a share that is taken away counts for what is under way") {
  const SharedRoot root;
  const Home bob = root.home("bob");
  REQUIRE(test::store_content(*bob, "team/a", "1"));
  auto begun = bob->put(put_at("team/b", 1, 1));
  auto opened = bob->open(file_path("team/a"), {});
  auto lister = bob->list({.depth = FileDepth::tree});
  REQUIRE(begun);
  REQUIRE(opened);
  REQUIRE(lister);
  auto& upload = std::get<UploadHold>(*begun);
  REQUIRE(test::send_content(upload, "1"));
  root.describe("users/bob", "");
  REQUIRE(root.store->reload().empty());
  CHECK(code_of(upload.check_writing()) == FileErrorCode::not_permitted);
  CHECK(code_of(upload.publish(1)) == FileErrorCode::not_permitted);
  upload.leave();
  CHECK(code_of(opened->check_reading()) == FileErrorCode::not_permitted);
  CHECK(code_of(lister->next()) == FileErrorCode::not_permitted);
  CHECK_FALSE(fs::exists(root.path("b")));
  // The name is one of the home again.
  CHECK(code_of(bob->stat({.path = file_path("team/a")})) == FileErrorCode::not_found);
  REQUIRE(test::store_content(*bob, "team/a", "own"));
  CHECK(test::read_test_file(root.path("a")) == "1");
  root.describe("users/bob", "[shares]\nteam = \"r\"\n");
  REQUIRE(root.store->reload().empty());
  CHECK(bob->stat({.path = file_path("team/a")})->meta.size == 1);
}

/// Begins an upload of a block and one byte, and leaves it when the block is kept.
void leave_upload(FileHome& home, std::string_view path, std::uint8_t key) {
  const std::string block(kFileBlockBytes, 'x');
  auto begun = home.put(put_at(path, kFileBlockBytes + 1, key));
  REQUIRE(begun);
  auto& upload = std::get<UploadHold>(*begun);
  REQUIRE(test::send_content(upload, block));
  upload.leave();
}

TEST_CASE("a key is free again for a path that has become one of the home, or of a share") {
  const SharedRoot root;
  const Home bob = root.home("bob");
  REQUIRE(test::put_content(*bob, put_at("team/a", 1, 1), "1"));
  leave_upload(*bob, "team/b", 2);
  root.describe("users/bob", "");
  REQUIRE(root.store->reload().empty());
  PutFile request = put_at("team/a", 1, 1);
  request.parents = MissingParents::make;
  REQUIRE(test::put_content(*bob, request, "2"));
  leave_upload(*bob, "team/b", 2);
  CHECK(test::read_test_file(root.directory.file("homes/bob/team/a")) == "2");
  root.describe("users/bob", "[shares]\nteam = \"rwod\"\n");
  REQUIRE(root.store->reload().empty());
  CHECK(test::put_content(*bob, request, "1"));
  CHECK(bob->put(put_at("team/b", kFileBlockBytes + 1, 2)));
  // The name is another one.
  CHECK(code_of(bob->put(put_at("c", 1, 1))) == FileErrorCode::key_reused);
}

TEST_CASE("what was begun to upload to a share is there when the share is given again") {
  const SharedRoot root;
  const Home bob = root.home("bob");
  leave_upload(*bob, "team/b", 1);
  root.describe("users/bob", "[shares]\nteem = \"rw\"\n");
  CHECK(root.store->reload().size() == 1);
  REQUIRE(root.store->maintain());
  root.describe("users/bob", "[shares]\nteam = \"rw\"\n");
  REQUIRE(root.store->reload().empty());
  REQUIRE(root.store->maintain());
  const auto begun = bob->put(put_at("team/b", kFileBlockBytes + 1, 1));
  REQUIRE(begun);
  CHECK(std::get<UploadHold>(*begun).kept() == kFileBlockBytes);
}

TEST_CASE("what was begun to upload to a share that is taken away is dropped, and nothing else") {
  SharedRoot root;
  root.options.uploads.unshared_term = Duration(0);
  root.open();
  const Home bob = root.home("bob");
  leave_upload(*bob, "team/b", 1);
  leave_upload(*root.home("alice"), "team/a", 1);
  auto& account = root.store->shares().share("team").value()->tree().account();
  for (const char* kept :
       {"disabled = true\n[shares]\nteam = \"rw\"\n", "[shares]\nteam = \"r\"\n"}) {
    root.describe("users/bob", kept);
    REQUIRE(root.store->reload().empty());
    REQUIRE(root.store->maintain());
    CHECK(account.reserved().bytes == 2 * (kFileBlockBytes + 1));
  }
  root.describe("users/bob", "");
  REQUIRE(root.store->reload().empty());
  REQUIRE(root.store->maintain());
  CHECK(account.reserved().bytes == kFileBlockBytes + 1);
  CHECK(test::count_names(root.directory.file("shared-staging/team/bob")) == 0);
  CHECK(root.home("alice")->uploads()->size() == 1);
}

TEST_CASE("uploads of a user who is not there stay, because the file may be put back") {
  const SharedRoot root;
  leave_upload(*root.home("bob"), "team/b", 1);
  fs::remove(root.directory.file("users/bob.toml"));
  REQUIRE(root.store->reload().empty());
  REQUIRE(root.store->maintain());
  root.describe("users/bob", "[shares]\nteam = \"rw\"\n");
  REQUIRE(root.store->reload().empty());
  CHECK(root.home("bob")->uploads()->size() == 1);
}

TEST_CASE("a disabled user has no share either") {
  const SharedRoot root;
  const Home alice = root.home("alice");
  REQUIRE(test::store_content(*alice, "team/a", "1"));
  root.describe("users/alice", "disabled = true\n[shares]\nteam = \"rwod\"\n");
  CHECK(root.store->reload().empty());
  CHECK(code_of(alice->stat({.path = file_path("team/a")})) == FileErrorCode::not_permitted);
  CHECK(code_of(alice->uploads()) == FileErrorCode::not_permitted);
  CHECK(code_of(alice->drop({})) == FileErrorCode::not_permitted);
}

TEST_CASE("an upload to a share is its user's own, and survives the server (T24)") {
  SharedRoot root("quota = 3145728\n");
  const std::string content(kFileBlockBytes + 1, 'x');
  {
    const Home alice = root.home("alice");
    auto begun = alice->put(put_at("team/a", content.size(), 1));
    REQUIRE(begun);
    auto& upload = std::get<UploadHold>(*begun);
    REQUIRE(test::send_content(upload, content.substr(0, kFileBlockBytes)));
    upload.leave();
    CHECK(code_of(alice->put(put_at("b", 5, 1))) == FileErrorCode::key_reused);
  }
  root.open();
  REQUIRE(root.store->maintain());
  // It has reserved its size, before its user has called again.
  CHECK(code_of(root.home("bob")->put(put_at("team/b", 2 * kFileBlockBytes, 1))) ==
        FileErrorCode::quota_bytes);
  CHECK(root.home("bob")->uploads()->empty());
  CHECK(code_of(root.home("bob")->drop(put_at("b", 1, 1).key)) == FileErrorCode::not_found);
  const Home alice = root.home("alice");
  const auto uploads = alice->uploads();
  REQUIRE(uploads->size() == 1);
  CHECK(uploads->front().path == file_path("team/a"));
  CHECK(uploads->front().kept == kFileBlockBytes);
  CHECK(test::put_content(*alice, put_at("team/a", content.size(), 1), content));
  CHECK((test::read_test_file(root.path("a")) == content));
  CHECK(test::put_content(*alice, put_at("team/a", content.size(), 1), "not sent"));
  CHECK(root.used() == FileUsage{content.size(), 1});
}

TEST_CASE("a share has a quota of its own, which is shown by its path") {
  SharedRoot root("quota = 100\nentries = 7\n");
  const Home bob = root.home("bob");
  REQUIRE(test::store_content(*bob, "team/a", "12345"));
  const auto begun = bob->put(put_at("team/b", 20, 1));
  REQUIRE(begun);
  for (const char* path : {"team", "team/none/x"}) {
    const auto quota = bob->quota({.path = file_path(path)});
    REQUIRE(quota);
    CHECK(quota->rights == FileRights{.can_read = true, .can_write = true});
    CHECK(quota->bytes_max == 100);
    CHECK(quota->bytes_used == 5);
    CHECK(quota->bytes_reserved == 20);
    CHECK(quota->entries_max == 7);
    CHECK(quota->entries_used == 1);
  }
  CHECK(bob->quota(GetQuota{}) == bob->quota());
  CHECK(bob->quota({.path = file_path("a")}) == bob->quota());
  // The name of a share that the user does not have is one of the home.
  CHECK(root.home("carol")->quota({.path = file_path("team")})->bytes_used == 0);
  root.describe("users/bob", "disabled = true\n[shares]\nteam = \"rw\"\n");
  REQUIRE(root.store->reload().empty());
  CHECK(code_of(bob->quota({.path = file_path("team")})) == FileErrorCode::not_permitted);
}

TEST_CASE("an upload to a share is dropped by its user") {
  const SharedRoot root;
  const Home alice = root.home("alice");
  auto begun = alice->put(put_at("team/a", 5, 1));
  REQUIRE(begun);
  CHECK(alice->drop(put_at("team/a", 5, 1).key));
  CHECK(std::get<UploadHold>(*begun).is_taken_over());
  CHECK(test::count_names(root.directory.file("shared-staging/team/alice")) == 0);
}

TEST_CASE("small files of one group go to the home and to shares, each with its outcome") {
  const SharedRoot root;
  const Home bob = root.home("bob");
  REQUIRE(test::store_content(*bob, "team/c", "1"));
  std::vector<PutSmallFile> requests;
  for (const char* path : {"a", "team/a", "team/c", "b", "team/b", "team"}) {
    requests.push_back({.path = file_path(path), .content = path});
  }
  const auto outcomes = bob->store_all(requests);
  REQUIRE(outcomes.size() == 6);
  CHECK(outcomes[0]);
  CHECK(outcomes[1]);
  CHECK(code_of(outcomes[2]) == FileErrorCode::exists);
  CHECK(outcomes[4]);
  CHECK(code_of(outcomes[5]) == FileErrorCode::exists);
  CHECK(test::read_test_file(root.path("b")) == "team/b");
  CHECK(test::read_test_file(root.directory.file("homes/bob/b")) == "b");
}

TEST_CASE("no path leads out of a share (T10, I7)") {
  const SharedRoot root;
  root.describe("shares/team2", "");
  test::write_test_file(root.directory.file("shared/team2/secret"), "secret");
  fs::create_directories(root.path(""));
  fs::create_symlink("../team2", root.path("l"));
  fs::create_symlink("../team2/secret", root.path("f"));
  const Home alice = root.home("alice");
  CHECK(code_of(alice->open(file_path("team/l/secret"), {})) == FileErrorCode::not_found);
  CHECK(code_of(alice->open(file_path("team/f"), {})) == FileErrorCode::not_found);
  CHECK(code_of(alice->list({.path = file_path("team/l")})) == FileErrorCode::not_found);
  CHECK(code_of(test::store_content(*alice, "team/l/x", "1")) == FileErrorCode::not_found);
  CHECK(code_of(alice->stat({.path = file_path("team2/secret")})) == FileErrorCode::not_found);
  CHECK(alice->remove({.path = file_path("team/l"), .depth = FileDepth::tree}));
  CHECK(test::read_test_file(root.directory.file("shared/team2/secret")) == "secret");
}

}  // namespace
}  // namespace hotline::services::file_home_shares_test
