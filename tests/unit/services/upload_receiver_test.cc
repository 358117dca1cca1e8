#include "services/upload_receiver.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/cut_layer.h"
#include "support/served_files.h"

// Uploads that do not go as they should: nothing of them is ever published.

namespace hotline::services::upload_receiver_test {
namespace {

using namespace std::chrono_literals;
using test::file_path;
using test::FileAsk;
using test::FileReceipt;
using test::sample_content;
using test::served_files;
using test::ServedFiles;

constexpr std::uint64_t kBlock = kFileBlockBytes;

PutFile upload_of(std::uint64_t size, unsigned key = 0) {
  PutFile request{.path = file_path("a"), .size = size};
  if (key != 0) request.key = test::sample_bytes(key);
  return request;
}

std::string data(std::uint64_t offset, std::string_view bytes) {
  return encode_data_header(offset, bytes.size()) + std::string(bytes);
}

std::string blocks_of(std::string_view content) {
  return encode_record(BlockList{.hashes = {hash_of(as_bytes(content))}});
}

std::string end_of(std::string_view content, std::uint64_t size) {
  return encode_record(ContentEnd{.size = size, .root = root_of(as_bytes(content))});
}

/// Sends bytes as the content of an upload of `size` bytes, ends it, and returns the answer.
FileReceipt send(ServedFiles& server, std::uint64_t size, std::string_view content) {
  FileAsk ask(*server.client, upload_of(size));
  ask.wait_kept();
  ask.send_raw(content);
  discard(ask.stream().end(kContentFlow));
  return ask.finish();
}

/// Sends the first `blocks` of a content and waits until the server has confirmed them.
void begin(ServedFiles& server, Session& session, const PutFile& request, std::string_view content,
           std::size_t blocks) {
  FileAsk ask(session, request);
  ask.wait_kept();
  // One byte more, so that the hash of the last block is sent too.
  ask.send_part(content.substr(0, blocks * kBlock + 1));
  server.wait_kept(request.key, blocks * kBlock);
  ask.stream().reset(ResetCode::cancelled);
}

}  // namespace

TEST_CASE("content with a gap, an overlap, too much or something after END is malformed (T20)") {
  served_files([](ServedFiles& server) {
    for (const std::string& wrong :
         {data(1, "bc"), data(0, "abc") + data(2, "cd"),
          data(0, "abc") + blocks_of("abc") + end_of("abc", 3) + data(3, "d"), data(0, "abc"),
          std::string("no record"), std::string()}) {
      CHECK(send(server, kFileSizeUnknown, wrong).is_malformed());
    }
    CHECK(send(server, 10, data(0, "abcdefghijk")).is_malformed());
    CHECK(server.root.entry_count("alice") == 0);
  });
}

TEST_CASE("a wrong hash, root or size is an error of integrity (T21)") {
  served_files([](ServedFiles& server) {
    for (const std::string& wrong :
         {data(0, "abc") + blocks_of("abd"), data(0, "abc") + blocks_of("abc") + end_of("abd", 3),
          data(0, "abc") + blocks_of("abc") + end_of("abc", 4)}) {
      CHECK(send(server, kFileSizeUnknown, wrong).has_failed(FileErrorCode::integrity));
    }
    CHECK(send(server, 4, data(0, "abc") + blocks_of("abc") + end_of("abc", 3))
              .has_failed(FileErrorCode::integrity));
    CHECK(server.root.entry_count("alice") == 0);
  });
}

TEST_CASE("a digest that is not that of the content is an error of integrity") {
  served_files([](ServedFiles& server) {
    PutFile request = upload_of(3);
    request.digest = FileDigestKind::sha256;
    FileAsk ask(*server.client, request);
    ask.wait_kept();
    ContentEnd end{.size = 3, .root = root_of(as_bytes("abc"))};
    end.digest.kind = FileDigestKind::sha256;
    ask.send_raw(data(0, "abc") + blocks_of("abc") + encode_record(end));
    discard(ask.stream().end(kContentFlow));
    CHECK(ask.finish().has_failed(FileErrorCode::integrity));
    CHECK(server.root.entry_count("alice") == 0);
  });
}

TEST_CASE("compressed content is refused before it is looked at (T22)") {
  served_files([](ServedFiles& server) {
    std::string record = data(0, "\x28\xb5\x2f\xfd garbage");
    record[1] = static_cast<char>(kCompressedData);
    const FileReceipt refused = send(server, kFileSizeUnknown, record);
    REQUIRE(refused.reset);
    CHECK(refused.reset->code == ResetCode::unsupported);
    CHECK(server.root.entry_count("alice") == 0);
  });
}

TEST_CASE("an upload that broke off goes on where it stopped, and is published once") {
  const std::string content = sample_content(3 * kBlock + 100);
  served_files([&](ServedFiles& server) {
    PutFile request = upload_of(content.size(), 1);
    request.digest = FileDigestKind::sha256;
    begin(server, *server.client, request, content, 2);
    const auto entry = server.ask(ListUploads{}).last<UploadList>().entries.at(0);
    CHECK(entry.key == request.key);
    CHECK(entry.kept == 2 * kBlock);
    CHECK(server.root.entry_count("alice") == 0);
    FileAsk ask(*server.client, request);
    CHECK(ask.wait_kept() == 2 * kBlock);
    CHECK(ask.ask_hashes({.first = 1, .count = 1}) ==
          std::vector{hash_of(as_bytes(std::string_view(content).substr(kBlock, kBlock)))});
    CHECK(ask.send_content(content, 2 * kBlock));
    const FileReceipt first = ask.finish();
    CHECK(first.is_proven());
    CHECK(server.root.content("alice", "a") == content);
    // The same again, as a client that has not heard DONE does.
    const FileReceipt again = server.put(request, content);
    CHECK(again.is_proven());
    CHECK(again.last<DoneReply>() == first.last<DoneReply>());
    CHECK(server.ask(ListUploads{}).last<UploadList>().entries.empty());
  });
}

TEST_CASE("what is kept can be replaced from any block on, and dropped") {
  const std::string before = sample_content(3 * kBlock);
  std::string content = before + "tail";
  std::reverse(content.begin() + kBlock, content.end());
  served_files([&](ServedFiles& server) {
    const PutFile request = upload_of(content.size(), 1);
    begin(server, *server.client, request, before + "tail", 2);
    FileAsk ask(*server.client, request);
    CHECK(ask.wait_kept() == 2 * kBlock);
    CHECK(ask.send_content(content, kBlock));
    CHECK(ask.finish().is_proven());
    CHECK(server.root.content("alice", "a") == content);
    PutFile other = upload_of(before.size(), 2);
    other.path = file_path("b");
    begin(server, *server.client, other, before, 1);
    CHECK(server.ask(DropUpload{other.key}).is_proven());
    CHECK(server.ask(ListUploads{}).last<UploadList>().entries.empty());
    CHECK(server.ask(DropUpload{other.key}).has_failed(FileErrorCode::not_found));
  });
}

TEST_CASE("after a wrong block the blocks before it are kept") {
  const std::string content = sample_content(2 * kBlock);
  served_files([&](ServedFiles& server) {
    FileAsk ask(*server.client, upload_of(content.size(), 1));
    ask.wait_kept();
    REQUIRE(ask.send_part(content.substr(0, kBlock + 1)));
    std::string wrong = content;
    wrong.back() = 'X';
    ask.send_raw(data(kBlock + 1, std::string_view(wrong).substr(kBlock + 1, kContentDataMax)));
    ask.send_raw(encode_record(BlockList{.first = 1, .hashes = {test::sample_hash()}}));
    const FileReceipt refused = ask.finish();
    CHECK(refused.has_failed(FileErrorCode::integrity));
    CHECK(refused.error->kept == kBlock);
    FileAsk again(*server.client, upload_of(content.size(), 1));
    CHECK(again.wait_kept() == kBlock);
    CHECK(again.send_content(content, kBlock));
    CHECK(again.finish().is_proven());
    CHECK(server.root.content("alice", "a") == content);
  });
}

TEST_CASE("a key belongs to its user, its path and its size (T24)") {
  const std::string content = sample_content(2 * kBlock);
  served_files([&](ServedFiles& server) {
    const PutFile request = upload_of(content.size(), 1);
    begin(server, *server.client, request, content, 1);
    Session bob = server.connect("bob");
    FileAsk of_bob(bob, request);
    CHECK(of_bob.wait_kept() == 0);
    of_bob.stream().reset(ResetCode::cancelled);
    CHECK(server.put(upload_of(0, 1), content.substr(1)).has_failed(FileErrorCode::key_reused));
    PutFile elsewhere = request;
    elsewhere.path = file_path("b");
    CHECK(server.put(elsewhere, content).has_failed(FileErrorCode::key_reused));
    REQUIRE(bob.finish());
  });
}

TEST_CASE("a second stream with the key takes the upload over from the first (T23)") {
  const std::string content = sample_content(2 * kBlock);
  served_files([&](ServedFiles& server) {
    const PutFile request = upload_of(content.size(), 1);
    FileAsk older(*server.client, request);
    older.wait_kept();
    REQUIRE(older.send_part(content.substr(0, kBlock + 1)));
    while (server.counters->bytes_received.load() <= kBlock) REQUIRE(sleep_for(1ms));
    Session other = server.connect("alice");
    FileAsk newer(other, request);
    CHECK(newer.wait_kept() <= kBlock);
    CHECK(older.finish().has_failed(FileErrorCode::taken_over));
    CHECK(newer.send_content(content));
    CHECK(newer.finish().is_proven());
    CHECK(server.root.content("alice", "a") == content);
    REQUIRE(other.finish());
  });
}

TEST_CASE("a link that is lost anywhere publishes a whole file or none (T30, I1)") {
  const std::string content = sample_content(700);
  served_files([&](ServedFiles& server) {
    bool has_finished = false;
    std::size_t published = 0;
    for (std::size_t cut = 0; !has_finished; cut += cut < 200 ? 7 : 53) {
      REQUIRE(cut < 10'000);
      Session session = server.connect("alice", std::make_unique<test::CutLayer>(cut));
      PutFile request = upload_of(content.size(), 1);
      request.path = file_path("f" + std::to_string(cut));
      request.key = test::sample_bytes(static_cast<unsigned>(cut));
      auto stream = session.open(flows_of(FileRequestKind::put),
                                 as_bytes(encode_file_request(request)), deadline_after(5s));
      const bool has_begun = stream && stream->receive();
      if (has_begun) {
        ContentSender sender({});
        std::string flow = sender.begin_data(as_bytes(content)) + content;
        flow += sender.end({.size = content.size()});
        if (stream->write(kContentFlow, as_bytes(flow))) discard(stream->end(kContentFlow));
        const auto done = stream->receive();
        has_finished = done && done->type == static_cast<std::uint8_t>(FileMessageType::done);
      }
      const auto stored = server.root.content("alice", request.path.text());
      if (stored) ++published;
      if (stored) CHECK(*stored == content);
      if (has_finished) CHECK(stored);
      session.break_off(SessionCode::internal, "enough");
    }
    CHECK(published < 5);
    CHECK_FALSE(server.failures.empty());
  });
}

}  // namespace hotline::services::upload_receiver_test
