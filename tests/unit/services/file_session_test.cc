#include "services/file_session.h"

#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "support/served_files.h"

// How a connection of the service of files is limited, and how it ends.

namespace hotline::services::file_session_test {
namespace {

using namespace std::chrono_literals;
using test::ends;
using test::file_path;
using test::FileAsk;
using test::sample_content;
using test::served_files;
using test::ServedFiles;
using test::upload_to;

}  // namespace

TEST_CASE("a request that cannot be understood resets its stream, and only that") {
  served_files([](ServedFiles& server) {
    for (const std::string& wrong : {std::string(), std::string("\x7f"), std::string("\x0c rest"),
                                     std::string("\x02\x00\x03../", 6)}) {
      SessionStream stream = server.client->open({}, as_bytes(wrong)).value();
      discard(stream.wait_cut());
      CHECK(stream.reset_by_peer());
    }
    CHECK(server.ask(GetQuota{}).is_proven());
  });
}

TEST_CASE("requests that are given up at once leave the server as it was (T29)") {
  served_files([](ServedFiles& server) {
    for (int i = 0; i < 2'000; ++i) {
      const FileRequest request =
          i % 20 == 0 ? FileRequest(upload_to("a")) : FileRequest(ListDirectory{});
      REQUIRE(
          server.client->open(flows_of(kind_of(request)), as_bytes(encode_file_request(request))));
    }
    // The server answers while it still removes what was staged.
    while (server.ask(GetQuota{}).last<FileQuota>().bytes_reserved != 0) {
      REQUIRE(sleep_for(1ms));
    }
    while (!std::filesystem::is_empty(server.root.path() + "/staging/alice")) {
      REQUIRE(sleep_for(1ms));
    }
    CHECK(server.root.entry_count("alice") == 0);
  });
}

TEST_CASE("uploads over the limit wait until one of the others has ended") {
  FilesOptions options;
  options.transfers_max = 2;
  served_files(
      [](ServedFiles& server) {
        FileAsk first(*server.client, upload_to("1"));
        FileAsk second(*server.client, upload_to("2"));
        first.wait_kept();
        second.wait_kept();
        FileAsk third(*server.client, upload_to("3"));
        // Downloads and other requests have places of their own.
        CHECK(server.ask(GetFile{.path = file_path("none")}).error);
        CHECK(test::kind_of(third.stream().answer(deadline_after(10ms))) == "timed_out");
        CHECK(first.send_content("1"));
        CHECK(first.finish().is_proven());
        third.wait_kept();
        CHECK(third.send_content("3"));
        CHECK(third.finish().is_proven());
        CHECK(second.send_content("2"));
        CHECK(second.finish().is_proven());
      },
      options);
}

TEST_CASE("a drain lets an upload finish, and refuses what comes later") {
  served_files([](ServedFiles& server) {
    FileAsk ask(*server.client, upload_to("a"));
    ask.wait_kept();
    server.calls->drain();
    CHECK(ends(*server.client));
    CHECK(ask.send_content(sample_content(300'000)));
    CHECK(ask.finish().is_proven());
    CHECK(server.root.content("alice", "a") == sample_content(300'000));
  });
}

TEST_CASE("a user who is disabled during an upload gets the reason, and no file stays") {
  served_files([](ServedFiles& server) {
    Session bob = server.connect("bob");
    FileAsk ask(bob, upload_to("a"));
    ask.wait_kept();
    REQUIRE(ask.send_part(sample_content(300'000)));
    server.root.set_user("bob", "disabled = true\n");
    server.handler.read_again()().value()();
    const test::FileReceipt receipt = ask.finish();
    CHECK(receipt.has_failed(FileErrorCode::not_permitted));
    REQUIRE(receipt.error);
    CHECK(receipt.error->text == "the user is disabled");
    CHECK(ends(bob));
    CHECK(std::filesystem::is_empty(server.root.path() + "/staging/bob"));
    CHECK(server.root.entry_count("bob") == 0);
  });
}

TEST_CASE("a user who may not write any more gets an error before the end of the upload") {
  served_files([](ServedFiles& server) {
    FileAsk ask(*server.client, upload_to("a"));
    ask.wait_kept();
    server.root.set_user("alice", "rights = \"r\"\n");
    server.handler.read_again()().value()();
    CHECK(ask.finish().has_failed(FileErrorCode::not_permitted));
    CHECK(server.ask(GetQuota{}).is_proven());
  });
}

TEST_CASE("a user who may not read any more gets no more of a file") {
  served_files([](ServedFiles& server) {
    REQUIRE(server.put(upload_to("a"), sample_content(1'000'000)).is_proven());
    // Its end is more than may be sent before the client reads.
    FileAsk ask(*server.client, GetFile{.path = file_path("a")});
    REQUIRE(ask.receive());
    server.root.set_user("alice", "rights = \"w\"\n");
    server.handler.read_again()().value()();
    while (server.ask(GetQuota{}).last<FileQuota>().rights.can_read) {
      REQUIRE(sleep_for(std::chrono::milliseconds(1)));
    }
    CHECK(ask.finish().has_failed(FileErrorCode::not_permitted));
  });
}

TEST_CASE("a user who may not read any more gets no more of a list") {
  served_files([](ServedFiles& server) {
    REQUIRE(server.ask(MakeDirectory{.path = file_path("d")}).is_proven());
    // More than may be sent before the client reads.
    for (int i = 0; i < 1'500; ++i) {
      std::ofstream(server.root.home("alice", "d/") + std::string(245, 'x') + std::to_string(i));
    }
    FileAsk ask(*server.client, ListDirectory{.path = file_path("d")});
    REQUIRE(ask.receive());
    server.root.set_user("alice", "rights = \"w\"\n");
    server.handler.read_again()().value()();
    while (server.ask(GetQuota{}).last<FileQuota>().rights.can_read) {
      REQUIRE(sleep_for(1ms));
    }
    CHECK(ask.finish().has_failed(FileErrorCode::not_permitted));
  });
}

TEST_CASE("a client that leaves during a COPY leaves no file in the staging") {
  served_files([](ServedFiles& server) {
    REQUIRE(server.ask(MakeDirectory{.path = file_path("d")}).is_proven());
    REQUIRE(server.put(upload_to("d/big"), sample_content(3'000'000)).is_proven());
    for (int i = 0; i < 6; ++i) {
      Session other = server.connect("alice");
      FileAsk ask(other, CopyFile{.path = file_path("d"),
                                  .target = file_path("c" + std::to_string(i)),
                                  .depth = FileDepth::tree});
      for (int k = 0; k < 3 * i; ++k) REQUIRE(sleep_for(200us));
    }
    // Each request of an earlier connection has ended when its session has.
    REQUIRE(server.client->finish(deadline_after(30s)));
    server.client.reset();
    REQUIRE(server.calls->join());
    CHECK(std::filesystem::is_empty(server.root.path() + "/staging/alice"));
    server.calls.emplace();
    server.client.emplace(server.connect("alice"));
    CHECK(server.ask(GetQuota{}).last<FileQuota>().bytes_reserved == 0);
  });
}

TEST_CASE("a digest that the server cannot compute is refused, and the connection goes on") {
  served_files([](ServedFiles& server) {
    REQUIRE(server.ask(test::small_file("f", "1")).is_proven());
    PutFile put = upload_to("a");
    put.digest = FileDigestKind::md5;
    REQUIRE(EVP_set_default_properties(nullptr, "fips=yes") == 1);
    const auto stat = server.ask(StatFile{.path = file_path("f"), .digest = FileDigestKind::md5});
    const auto stored = server.ask(put);
    REQUIRE(EVP_set_default_properties(nullptr, "") == 1);
    CHECK(stat.has_failed(FileErrorCode::unsupported));
    CHECK(stored.has_failed(FileErrorCode::unsupported));
    CHECK(server.ask(StatFile{.path = file_path("f"), .digest = FileDigestKind::md5}).is_proven());
  });
}

TEST_CASE("a connection without requests ends after a while") {
  FilesOptions options;
  // A busy machine may take a while between the connection and its first request.
  options.idle_timeout = 1s;
  served_files(
      [](ServedFiles& server) {
        {
          FileAsk ask(*server.client, upload_to("a"));
          ask.wait_kept();
          REQUIRE(sleep_for(1'500ms));
          CHECK(ask.send_content("not idle"));
          CHECK(ask.finish().is_proven());
        }
        CHECK(test::kind_of(server.client->accept(deadline_after(30s))) == "closed");
      },
      options);
}

}  // namespace hotline::services::file_session_test
