#include "services/file_stream.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/semaphore.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/files_client.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::services::file_stream_test {
namespace {

using namespace std::chrono_literals;
using test::FileAsk;
using test::FileReceipt;

constexpr std::uint64_t kBlock = kFileBlockBytes;

/// Runs a server and a client of one stream on each loop, each on a fiber.
void both(const std::function<void(Session& server)>& serve,
          const std::function<void(Session& client)>& ask) {
  test::on_each_loop([&](engine::EventLoop&) {
    test::SessionPair pair(files_session_options(SessionRole::client),
                           files_session_options(SessionRole::server));
    TaskGroup fibers;
    REQUIRE(fibers.spawn("server", [&] { serve(pair.server); }));
    REQUIRE(fibers.spawn("client", [&] { ask(pair.client); }));
    REQUIRE(fibers.join());
  });
}

/// The server's end of the next stream.
struct Served {
  explicit Served(Session& session, Duration stall = 60s)
      : opened(session.accept().value()),
        request(decode_file_request(opened.request(), opened.flows()).value()),
        stream(opened, request, stall, counters) {}

  /// Accepts an upload of which the blocks of `kept` are kept already.
  void begin_upload(std::string_view kept = {}) {
    REQUIRE(stream.accept());
    std::vector<BlockHash> before;
    for (std::size_t at = 0; at < kept.size(); at += kBlock) {
      before.push_back(hash_of(as_bytes(kept.substr(at, kBlock))));
    }
    REQUIRE(stream.send_kept(before));
  }

  /// Takes content until it ends, or until something stops it.
  std::optional<FileStream::Stop> take_all() {
    for (;;) {
      const auto arrival = stream.next();
      if (!arrival) return arrival.error();
      if (const auto* data = std::get_if<ContentData>(&*arrival)) content += as_text(data->bytes);
      if (std::holds_alternative<FileStream::ContentFlowEnd>(*arrival)) return std::nullopt;
    }
  }

  FilesCounters counters{};
  SessionStream opened;
  FileRequest request;
  FileStream stream;
  std::string content{};
};

PutFile upload_of(std::uint64_t size) {
  return {.path = test::file_path("a"), .size = size, .key = test::sample_bytes(1)};
}

/// Returns the error code with which the content stops; nullopt if the stream was reset or cut.
std::optional<FileErrorCode> code_of(const std::optional<FileStream::Stop>& stop) {
  REQUIRE(stop);
  return stop->error ? std::optional(stop->error->code) : std::nullopt;
}

}  // namespace

TEST_CASE("an upload arrives, and its stream ends in order") {
  const std::string content = test::sample_content(3 * kBlock + 17);
  both(
      [&](Session& session) {
        Served served(session);
        served.begin_upload();
        CHECK_FALSE(served.take_all());
        CHECK(served.stream.is_proven());
        CHECK(served.stream.position() == content.size());
        CHECK(served.content == content);
        CHECK(served.counters.bytes_received > content.size());
        served.stream.finish(DoneReply{test::sample_version()});
        CHECK(served.opened.is_closed());
      },
      [&](Session& session) {
        const FileReceipt result = test::put_file(session, upload_of(0), content);
        CHECK(result.is_proven());
        CHECK(result.last<DoneReply>().version == test::sample_version());
      });
}

TEST_CASE("hashes of what is kept are asked for before content, which goes on there") {
  const std::string content = test::sample_content(2 * kBlock + 5);
  both(
      [&](Session& session) {
        Served served(session);
        const std::string kept = content.substr(0, 2 * kBlock);
        served.begin_upload(kept);
        const auto asked = std::get<BlockRange>(served.stream.next().value());
        CHECK(asked == BlockRange{.first = 1, .count = 1});
        REQUIRE(served.stream.send_blocks(
            {.first = 1, .hashes = {hash_of(as_bytes(kept.substr(kBlock)))}}));
        CHECK_FALSE(served.take_all());
        CHECK(served.content == content.substr(kBlock));
        CHECK(served.stream.is_proven());
        served.stream.finish(DoneReply{test::sample_version()});
      },
      [&](Session& session) {
        FileAsk ask(session, upload_of(content.size()));
        CHECK(ask.wait_kept() == 2 * kBlock);
        const auto hashes = ask.ask_hashes({.first = 1, .count = 1});
        CHECK(hashes == std::vector{hash_of(as_bytes(content.substr(kBlock, kBlock)))});
        REQUIRE(ask.send_content(content, kBlock));
        CHECK(ask.finish().is_proven());
      });
}

TEST_CASE("content with a wrong hash is answered with an error, and what follows is dropped") {
  both(
      [&](Session& session) {
        Served served(session);
        served.begin_upload();
        CHECK(code_of(served.take_all()) == FileErrorCode::integrity);
        served.stream.finish(FileError{.code = FileErrorCode::integrity});
        CHECK(served.opened.is_closed());
        CHECK(served.counters.errors == 1);
      },
      [&](Session& session) {
        FileAsk ask(session, upload_of(kFileSizeUnknown));
        ask.wait_kept();
        REQUIRE(ask.send_raw(encode_data_header(0, 3) + "abc"));
        REQUIRE(ask.send_raw(encode_record(BlockList{.hashes = {test::sample_hash()}})));
        // More than the credit of the flow: the server must take it, or this would not end.
        for (int i = 0; i < 32; ++i) {
          if (!ask.send_raw(std::string(kContentDataMax, 'x'))) break;
        }
        CHECK(ask.finish().has_failed(FileErrorCode::integrity));
      });
}

TEST_CASE("content that violates the wire resets the stream") {
  both(
      [&](Session& session) {
        Served served(session);
        served.begin_upload();
        CHECK(code_of(served.take_all()) == std::nullopt);
        CHECK(code_of(served.take_all()) == std::nullopt);
      },
      [&](Session& session) {
        FileAsk ask(session, upload_of(10));
        ask.wait_kept();
        ask.send_raw(encode_data_header(5, 3) + "gap");
        CHECK(ask.finish().is_malformed());
      });
}

TEST_CASE("content that ends without END is refused") {
  both(
      [&](Session& session) {
        Served served(session);
        served.begin_upload();
        CHECK(code_of(served.take_all()) == std::nullopt);
      },
      [&](Session& session) {
        FileAsk ask(session, upload_of(3));
        ask.wait_kept();
        ask.send_part("abc");
        REQUIRE(ask.stream().end(kContentFlow));
        CHECK(ask.finish().is_malformed());
      });
}

TEST_CASE("a client that sends nothing, or a byte now and then, is stalled") {
  for (const bool sends_bytes : {false, true}) {
    CAPTURE(sends_bytes);
    both(
        [&](Session& session) {
          Served served(session, 100ms);
          served.begin_upload();
          CHECK(code_of(served.take_all()) == FileErrorCode::stalled);
          served.stream.finish(FileError{.code = FileErrorCode::stalled});
        },
        [&](Session& session) {
          FileAsk ask(session, upload_of(kFileSizeUnknown));
          ask.wait_kept();
          TaskGroup sending;
          REQUIRE(sending.spawn("sender", [&] {
            ask.send_raw(encode_data_header(0, 1'000));
            while (sends_bytes && ask.send_raw("x") && sleep_for(5ms)) {
            }
          }));
          CHECK_FALSE(ask.receive());
          sending.cancel();
          REQUIRE(sending.join());
          CHECK(ask.finish().has_failed(FileErrorCode::stalled));
        });
  }
}

TEST_CASE("a client may take longer to send the end, the more is kept that it has to compare") {
  for (const std::size_t blocks : {0UL, 24UL}) {
    CAPTURE(blocks);
    const std::string content = test::sample_content(blocks * kBlock + 5'000);
    both(
        [&](Session& session) {
          Served served(session, 100ms);
          served.begin_upload(std::string_view(content).substr(0, blocks * kBlock));
          const auto stop = served.take_all();
          CHECK(stop.has_value() == (blocks == 0));
          if (stop) return served.stream.finish(FileError{.code = FileErrorCode::stalled});
          served.stream.finish(DoneReply{test::sample_version()});
        },
        [&](Session& session) {
          FileAsk ask(session, upload_of(content.size()));
          CHECK(ask.wait_kept() == blocks * kBlock);
          CHECK(ask.send_part(content, blocks * kBlock));
          discard(sleep_for(300ms));
          ask.send_end(content.size());
          CHECK(ask.finish().is_proven() == (blocks > 0));
        });
  }
}

TEST_CASE("silence is reported while it may still end") {
  both(
      [&](Session& session) {
        Served served(session);
        served.begin_upload();
        CHECK(std::holds_alternative<FileStream::Silence>(served.stream.next().value()));
        served.opened.reset(ResetCode::failed);
      },
      [&](Session& session) {
        FileAsk ask(session, upload_of(3));
        ask.wait_kept();
        CHECK(ask.finish().reset);
      });
}

TEST_CASE("a client that does not read what it asked for loses its stream") {
  both(
      [&](Session& session) {
        Served served(session, 100ms);
        REQUIRE(served.stream.accept());
        const std::string piece(100'000, 'p');
        while (served.stream.send_content(as_bytes(piece))) {
        }
        CHECK(served.counters.bytes_sent < 10 * piece.size());
      },
      [&](Session& session) {
        FileAsk ask(session, GetFile{.path = test::file_path("a")});
        discard(ask.stream().wait_cut());
        REQUIRE(ask.stream().reset_by_peer());
        CHECK(ask.stream().reset_by_peer()->code == ResetCode::limit);
      });
}

TEST_CASE("a request waits for its place, which it has until it has been answered") {
  both(
      [&](Session& session) {
        Semaphore places(1);
        Served first(session);
        Served second(session);
        REQUIRE(first.stream.accept(places));
        TaskGroup waiting;
        bool is_accepted = false;
        REQUIRE(waiting.spawn("second", [&] {
          is_accepted = second.stream.accept(places);
          second.stream.finish(FileQuota{});
        }));
        yield();
        CHECK_FALSE(is_accepted);
        first.stream.finish(FileQuota{});
        REQUIRE(waiting.join());
        CHECK(is_accepted);
        CHECK(places.count() == 1);
      },
      [&](Session& session) {
        FileAsk first(session, GetQuota{});
        FileAsk second(session, GetQuota{});
        CHECK(first.finish().is_proven());
        CHECK(second.finish().is_proven());
      });
}

TEST_CASE("a request that would have to wait for its place in a drain is refused") {
  both(
      [&](Session& session) {
        Semaphore places(0);
        Served served(session);
        TaskGroup waiting;
        REQUIRE(waiting.spawn("request", [&] { CHECK_FALSE(served.stream.accept(places)); }));
        waiting.drain();
        REQUIRE(waiting.join());
      },
      [&](Session& session) {
        const FileReceipt result = test::ask_files(session, GetQuota{});
        CHECK(result.has_failed(FileErrorCode::draining));
        CHECK(result.error->is_retryable);
      });
}

TEST_CASE("a message on a stream that has none resets it") {
  both(
      [&](Session& session) {
        Served served(session);
        REQUIRE(served.stream.accept());
        served.stream.finish(FileQuota{});
      },
      [&](Session& session) {
        SessionStream stream = session.open({}, as_bytes(encode_file_request(GetQuota{}))).value();
        const std::string hashes = encode_hashes({.first = 0, .count = 1});
        REQUIRE(stream.send(file_message(FileMessageType::hashes, hashes)));
        discard(stream.wait_cut());
        REQUIRE(stream.reset_by_peer());
        CHECK(stream.reset_by_peer()->code == kFilesMalformed);
      });
}

}  // namespace hotline::services::file_stream_test
