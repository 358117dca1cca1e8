#include "services/file_service.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/served_files.h"

namespace hotline::services::file_service_test {
namespace {

using test::ask_files;
using test::ends;
using test::FileAsk;
using test::FileReceipt;
using test::sample_content;
using test::served_files;
using test::ServedFiles;
using test::upload_to;

}  // namespace

TEST_CASE("a caller without a home, or with a disabled one, gets one and the same refusal (T35)") {
  served_files([](ServedFiles& server) {
    server.root.set_user("bob", "disabled = true\n");
    std::vector<FileError> errors;
    for (const char* user : {"carol", "", "../alice", "ALICE"}) {
      Session stranger = server.connect(user);
      const FileReceipt refused = test::ask_files(stranger, GetQuota{});
      REQUIRE(refused.error);
      errors.push_back(*refused.error);
      REQUIRE(stranger.finish());
    }
    for (const FileError& each : errors) CHECK(each == errors.front());
    CHECK(errors.front().code == FileErrorCode::not_permitted);
  });
}

TEST_CASE("a home for every caller needs its user before it is served") {
  const test::FilesRoot root;
  const auto serve = [&](const std::string& user) {
    return FileService::open({.root = root.path(), .user = user});
  };
  const auto unknown = serve("carol");
  CHECK(test::kind_of(unknown) == "not_found");
  CHECK(unknown.error().message_with_hint() ==
        "cannot find the user carol: there is no such user in " + root.path() +
            "; hint: 'hotline files user add NAME --root " + root.path() + "' makes one");
  CHECK(test::kind_of(serve("../alice")) == "not_found");
  CHECK(serve("alice"));
  root.set_user("bob", "quota = \"lots\"\n");
  CHECK(serve("bob").error().message() == "cannot read the user bob: line 1: the value is invalid");
  // The operator may give the home back later.
  root.set_user("bob", "disabled = true\n");
  CHECK(serve("bob"));
}

TEST_CASE("a user has only so many connections, and a further one may be tried again") {
  FilesOptions options;
  options.connections_per_user_max = 1;
  served_files(
      [](ServedFiles& server) {
        CHECK(server.ask(GetQuota{}).is_proven());
        Session second = server.connect("alice");
        const FileReceipt refused = ask_files(second, GetQuota{});
        CHECK(refused.has_failed(FileErrorCode::busy));
        CHECK(refused.error->is_retryable);
        Session bob = server.connect("bob");
        CHECK(ask_files(bob, GetQuota{}).is_proven());
        REQUIRE(second.finish());
        REQUIRE(bob.finish());
      },
      options);
}

TEST_CASE("a refused connection is that of the user when there is room for it") {
  FilesOptions options;
  options.connections_per_user_max = 1;
  served_files(
      [](ServedFiles& server) {
        Session first = server.connect("bob");
        CHECK(ask_files(first, GetQuota{}).is_proven());
        Session second = server.connect("bob");
        CHECK(ask_files(second, GetQuota{}).has_failed(FileErrorCode::busy));
        REQUIRE(first.finish());
        while (ask_files(second, GetQuota{}).has_failed(FileErrorCode::busy)) {
          REQUIRE(sleep_for(std::chrono::milliseconds(1)));
        }
        CHECK(ask_files(second, GetQuota{}).is_proven());
        REQUIRE(second.finish());
      },
      options);
}

TEST_CASE("a connection that could not open its home opens it when it can") {
  served_files([](ServedFiles& server) {
    // Something else has the name.
    std::ofstream(server.root.path() + "/homes/bob");
    Session bob = server.connect("bob");
    CHECK(ask_files(bob, GetQuota{}).error);
    std::filesystem::remove(server.root.path() + "/homes/bob");
    CHECK(ask_files(bob, GetQuota{}).is_proven());
    REQUIRE(bob.finish());
  });
}

TEST_CASE("a connection of a caller who becomes a user then has a home") {
  served_files([](ServedFiles& server) {
    Session carol = server.connect("carol");
    CHECK(ask_files(carol, GetQuota{}).has_failed(FileErrorCode::not_permitted));
    server.root.set_user("carol", "");
    server.handler.read_again()().value()();
    while (ask_files(carol, GetQuota{}).has_failed(FileErrorCode::not_permitted)) {
      REQUIRE(sleep_for(std::chrono::milliseconds(1)));
    }
    CHECK(ask_files(carol, MakeDirectory{.path = test::file_path("d")}).is_proven());
    REQUIRE(carol.finish());
  });
}

TEST_CASE("a user who is disabled is cut off when the users are read again") {
  served_files([](ServedFiles& server) {
    Session bob = server.connect("bob");
    CHECK(ask_files(bob, GetQuota{}).is_proven());
    server.root.set_user("bob", "disabled = true\n");
    server.handler.read_again()().value()();
    CHECK(ends(bob));
    CHECK(server.ask(GetQuota{}).is_proven());
    Session again = server.connect("bob");
    CHECK(ask_files(again, GetQuota{}).has_failed(FileErrorCode::not_permitted));
    REQUIRE(again.finish());
  });
}

TEST_CASE("a server that starts again has the files, the quota and the unfinished uploads") {
  const std::string content = sample_content(2 * kFileBlockBytes + 5);
  served_files([&](ServedFiles& server) {
    CHECK(server.put(upload_to("a"), "stored").is_proven());
    PutFile request = upload_to("b");
    request.size = content.size();
    request.key = test::sample_bytes(1);
    {
      FileAsk ask(*server.client, request);
      ask.wait_kept();
      REQUIRE(ask.send_part(content.substr(0, kFileBlockBytes + 1)));
      server.wait_kept(request.key, kFileBlockBytes);
    }
    const auto id = server.ask(GetQuota{}).last<FileQuota>().server;
    server.finish();
    server.start();
    const FileQuota quota = server.ask(GetQuota{}).last<FileQuota>();
    CHECK(quota.server == id);
    CHECK(quota.bytes_used == 6);
    CHECK(quota.entries_used == 1);
    FileAsk ask(*server.client, request);
    CHECK(ask.wait_kept() == kFileBlockBytes);
    CHECK(ask.send_content(content, kFileBlockBytes));
    CHECK(ask.finish().is_proven());
    CHECK(server.root.content("alice", "b") == content);
  });
}

TEST_CASE("two servers cannot have one root") {
  served_files([](ServedFiles& server) {
    const auto second = files_handler({.root = server.root.path()});
    REQUIRE_FALSE(second);
    CHECK(second.error().message().find("another server") != std::string::npos);
  });
}

}  // namespace hotline::services::file_service_test
