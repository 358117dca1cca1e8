#include "hotline/services/file_client.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/served_file.h"

namespace hotline::file_client_test {
namespace {

using namespace std::chrono_literals;
using services::DoneReply;
using test::file_path;
using test::FilePair;
using test::kind_of;
using test::on_each_engine;
using test::ServedFile;
using test::together;

FileEntry entry(std::string_view name) {
  return {.path = file_path(name), .meta = test::sample_meta()};
}

TEST_CASE("a listing is the entries of all pages") {
  on_each_engine([] {
    FilePair pair;
    together(
        [&] {
          const auto listed = pair.client.list({.path = file_path("docs")});
          REQUIRE(listed);
          CHECK(*listed == std::vector{entry("a"), entry("b"), entry("c")});
        },
        [&] {
          ServedFile served(pair.server);
          CHECK(served.get<ListDirectory>().path == file_path("docs"));
          served.send(services::FilePage{.cursor = 7, .entries = {entry("a"), entry("b")}});
          served.answer(services::FilePage{.is_last = true, .entries = {entry("c")}});
        });
  });
}

TEST_CASE("a listing that ends before its last page is an error") {
  FilePair pair;
  together(
      [&] {
        const auto listed = pair.client.list(ListDirectory{});
        CHECK(kind_of(listed) == "protocol_violation");
        CHECK_FALSE(listed.error().is_retryable);
      },
      [&] {
        ServedFile(pair.server).answer(services::FilePage{.cursor = 7, .entries = {entry("a")}});
      });
}

TEST_CASE("a failure of the sink ends a listing, and the request at the server") {
  FilePair pair;
  together(
      [&] {
        const auto listed = pair.client.list(
            ListDirectory{}, [](std::span<const FileEntry>, std::uint64_t) -> Result<void> {
              return fail(make_error(ErrorKind::too_large, "keep", {}, "enough"));
            });
        CHECK(kind_of(listed) == "too_large");
        CHECK(listed.error().detail == "enough");
        CHECK_FALSE(listed.error().is_retryable);
      },
      [&] {
        ServedFile served(pair.server);
        served.send(services::FilePage{.cursor = 7, .entries = {entry("a")}});
        CHECK_FALSE(served.stream.wait_cut());
        CHECK(served.stream.reset_by_peer()->code == ResetCode::cancelled);
      });
}

TEST_CASE("an error of the server names the server, the path, the reason and a hint") {
  FilePair pair;
  together(
      [&] {
        const auto made = pair.client.make_directory({.path = file_path("a\nb")});
        REQUIRE_FALSE(made);
        CHECK(made.error().is(FileErrorCode::quota_entries));
        CHECK_FALSE(made.error().is(FileErrorCode::exists));
        CHECK(made.error().answer->detail == 1);
        CHECK(made.error().message() == "cannot make a directory at " + pair.client.peer() +
                                            ": 'a\\nb': the quota has too few entries left "
                                            "(1 entries are lacking): \\x1b");
        CHECK_FALSE(made.error().hint().empty());
        CHECK_FALSE(made.error().is_retryable);
        const auto later = pair.client.quota();
        CHECK(later.error().is_retryable);
        CHECK(later.error().is(FileErrorCode::busy));
      },
      [&] {
        ServedFile(pair.server)
            .answer(FileError{.code = FileErrorCode::quota_entries, .detail = 1, .text = "\x1b"});
        ServedFile(pair.server)
            .answer(FileError{.code = FileErrorCode::busy, .is_retryable = true});
      });
}

TEST_CASE("a request that cannot be sent fails before anything is sent") {
  FilePair pair;
  CHECK(kind_of(pair.client.get({.path = file_path("a"), .offset = 1}, {})) == "invalid_argument");
  CHECK(kind_of(pair.client.store(
            {.path = file_path("a"), .content = std::string(kSmallFileMax + 1, 'a')})) ==
        "invalid_argument");
  CHECK(kind_of(pair.client.hashes({.path = file_path("a"), .count = 0})) == "invalid_argument");
  CHECK(kind_of(pair.client.make_directory({})) == "invalid_argument");
  CHECK(pair.client.session().stream_count() == 0);
}

TEST_CASE("each change returns the version that the server has made of it") {
  FilePair pair;
  const DoneReply done{test::sample_version()};
  together(
      [&] {
        FileClient& client = pair.client;
        const FilePath path = file_path("a");
        CHECK(client.store({.path = path, .content = "milk"}).value() == test::sample_version());
        CHECK(client.make_directory({.path = path}).value() == test::sample_version());
        CHECK(client.move({.path = path, .target = path}).value() == test::sample_version());
        CHECK(client.copy({.path = path, .target = path}).value() == test::sample_version());
        CHECK(client.set_meta({.path = path, .is_executable = true}).value() ==
              test::sample_version());
        CHECK(client.remove({.path = path}));
        CHECK(client.drop({test::sample_bytes(1)}));
      },
      [&] {
        ServedFile stored(pair.server);
        CHECK(stored.get<PutSmallFile>().root == services::root_of(as_bytes("milk")));
        stored.answer(done);
        for (int i = 0; i < 4; ++i) ServedFile(pair.server).answer(done);
        for (int i = 0; i < 2; ++i) ServedFile(pair.server).answer(DoneReply{});
      });
}

TEST_CASE("what the server knows is returned as it says it") {
  FilePair pair;
  const FileQuota quota{.rights = {.can_read = true}, .bytes_max = 5, .bytes_used = 7};
  const UploadEntry upload{.key = test::sample_bytes(1), .path = file_path("a"), .size = 9};
  together(
      [&] {
        CHECK(pair.client.quota().value() == quota);
        CHECK(pair.client.uploads().value() == std::vector{upload, upload});
        const auto hashes = pair.client.hashes({.path = file_path("a"), .first = 3, .count = 2});
        CHECK(hashes.value() == std::vector{test::sample_hash()});
        const auto stat = pair.client.stat({.path = file_path("a"), .wants_root = true});
        REQUIRE(stat);
        CHECK(stat->meta == test::sample_meta());
        CHECK(stat->root == test::sample_hash());
      },
      [&] {
        ServedFile(pair.server).answer(quota);
        ServedFile uploads(pair.server);
        uploads.send(services::UploadList{.entries = {upload}});
        uploads.answer(services::UploadList{.is_last = true, .entries = {upload}});
        ServedFile(pair.server)
            .answer(services::BlockList{.first = 3, .hashes = {test::sample_hash()}});
        ServedFile(pair.server)
            .answer(services::MetaReply{.meta = test::sample_meta(), .root = test::sample_hash()});
      });
}

TEST_CASE("a small file of any content arrives in one message") {
  on_each_engine([] {
    FilePair pair;
    together(
        [&] {
          CHECK(pair.client.get(file_path("a")).value() == std::string("milk"));
          CHECK(pair.client.get(file_path("empty")).value() == std::string());
          CHECK(kind_of(pair.client.get(file_path("a"), 3)) == "too_large");
        },
        [&] {
          for (const std::string_view text : {"milk", "", "milk"}) {
            ServedFile(pair.server)
                .answer(services::SmallFileReply{.meta = test::meta_of(text),
                                                 .root = services::root_of(as_bytes(text)),
                                                 .content = std::string(text)});
          }
        });
  });
}

TEST_CASE("requests do not wait for each other") {
  on_each_engine([] {
    FilePair pair;
    TaskGroup fibers;
    std::string order;
    for (const std::string name : {"1", "2", "3"}) {
      REQUIRE(fibers.spawn("request", [&, name] {
        CHECK(pair.client.stat({.path = file_path(name)}));
        order += name;
      }));
    }
    REQUIRE(fibers.spawn("server", [&] {
      std::vector<ServedFile> served;
      for (int i = 0; i < 3; ++i) served.emplace_back(pair.server);
      for (auto each = served.rbegin(); each != served.rend(); ++each) {
        each->answer(services::MetaReply{.meta = test::sample_meta()});
        CHECK_FALSE(each->stream.receive());
      }
    }));
    REQUIRE(fibers.join());
    CHECK(order.size() == 3);
  });
}

TEST_CASE("a request fails at its deadline, is given up at the server, and others go on") {
  FilePair pair;
  together(
      [&] {
        const auto late = pair.client.quota(deadline_after(20ms));
        CHECK(kind_of(late) == "timed_out");
        CHECK_FALSE(late.error().is_retryable);
        CHECK(pair.client.quota());
      },
      [&] {
        ServedFile first(pair.server);
        CHECK_FALSE(first.stream.wait_cut());
        CHECK(first.stream.reset_by_peer()->code == ResetCode::cancelled);
        ServedFile(pair.server).answer(FileQuota{});
      });
}

TEST_CASE("a server that speaks of something else is not believed") {
  FilePair pair;
  together(
      [&] {
        CHECK(kind_of(pair.client.quota()) == "protocol_violation");
        const auto reset = pair.client.quota();
        CHECK(kind_of(reset) == "protocol_violation");
        const auto refused = pair.client.quota();
        CHECK(kind_of(refused) == "refused");
        CHECK(refused.error().is_retryable);
        CHECK(kind_of(pair.client.quota()) == "unsupported");
      },
      [&] {
        ServedFile(pair.server).answer(DoneReply{});
        ServedFile(pair.server).stream.reset(services::kFilesMalformed, "what?");
        ServedFile(pair.server).stream.reset(ResetCode::refused);
        ServedFile(pair.server).stream.reset(ResetCode::unsupported);
      });
}

TEST_CASE("after finish() nothing is asked any more") {
  FilePair pair;
  together(
      [&] {
        CHECK(pair.client.finish());
        const auto late = pair.client.quota();
        CHECK(kind_of(late) == "draining");
        CHECK(late.error().is_retryable);
      },
      [&] { CHECK(kind_of(pair.server.accept()) == "closed"); });
}

}  // namespace
}  // namespace hotline::file_client_test
