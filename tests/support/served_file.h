#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "hotline/net/stream_layer.h"
#include "hotline/services/file_client.h"
#include "hotline/session/session.h"
#include "services/block_hashes.h"
#include "services/content_sender.h"
#include "services/file_client_rules.h"
#include "services/file_protocol.h"
#include "services/file_reply.h"
#include "services/file_request.h"
#include "support/cut_layer.h"
#include "support/file_samples.h"
#include "support/session_pair.h"

// The other end of a FileClient: a server of the test, which does what the test says, right or
// wrong.

namespace hotline::test {

/// Returns how many bytes later the next of many connections breaks: one from the end of HELLO on.
inline std::size_t next_break(std::size_t bytes) { return bytes < 39 ? 13 : 1; }

/// A client, and the session of its server.
struct FilePair {
  explicit FilePair(std::unique_ptr<StreamLayer> layer = nullptr)
      : FilePair(connected_streams(), std::move(layer)) {}
  FilePair(std::pair<Stream, Stream> streams, std::unique_ptr<StreamLayer> layer)
      : client(opened(std::move(streams.first), std::move(layer))),
        server(Session::start(std::move(streams.second), SessionRole::server,
                              services::files_session_options(SessionRole::server))
                   .value()) {}

  FileClient client;
  Session server;

 private:
  static FileClient opened(Stream stream, std::unique_ptr<StreamLayer> layer) {
    if (layer) REQUIRE(stream.add_layer(std::move(layer)));
    return FileClient::open(std::move(stream)).value();
  }
};

/// A request that a client has sent, at the server. What it sends may fail, because the client may
/// have left.
class ServedFile {
 public:
  /// Waits for the next request, and takes it up.
  explicit ServedFile(Session& session) : ServedFile(session.accept().value()) {}

  explicit ServedFile(SessionStream opened)
      : stream(std::move(opened)),
        request(services::decode_file_request(stream.request(), stream.flows()).value()),
        rules(request) {
    discard(stream.accept());
  }

  template <typename Request>
  const Request& get() const {
    return std::get<Request>(request);
  }

  void send(const services::FileReply& reply) {
    discard(
        stream.send(services::file_message(services::type_of(reply), encode_file_reply(reply))));
  }

  void write(std::string_view bytes) {
    discard(stream.write(services::kContentFlow, as_bytes(bytes)));
  }

  /// Ends the messages.
  void finish() { discard(stream.end_messages()); }

  /// Sends a reply, and ends the stream.
  void answer(const services::FileReply& reply) {
    send(reply);
    if (stream.flows().from_accepter > 0) discard(stream.end(services::kContentFlow));
    finish();
  }

  /// Sends META, the content from the offset of the request on, and the end.
  void send_file(std::string_view whole, const FileMeta& meta) {
    const auto offset = static_cast<std::size_t>(get<GetFile>().offset);
    send(services::MetaReply{.meta = meta});
    services::ContentSender sender({.begin = offset});
    for (std::string_view rest = whole.substr(offset); !rest.empty();) {
      const std::string_view piece = rest.substr(0, services::kContentDataMax);
      write(sender.begin_data(as_bytes(piece)));
      write(piece);
      rest.remove_prefix(piece.size());
    }
    write(sender.end({.size = whole.size()}));
    discard(stream.end(services::kContentFlow));
    finish();
  }

  /// Says what is kept of an upload.
  void keep(std::string_view kept) {
    std::vector<BlockHash> before;
    for (std::string_view rest = kept; !rest.empty();) {
      const std::string_view block = rest.substr(0, kFileBlockBytes);
      before.push_back(services::hash_of(as_bytes(block)));
      rest.remove_prefix(block.size());
    }
    kept_ = before;
    send(
        services::KeptReply{.offset = kept.size(), .root = services::root_of(before, kept.size())});
    rules.note_kept(std::move(before));
    content = kept;
  }

  /// Answers HASHES.
  void answer_hashes() {
    const auto message = stream.receive();
    REQUIRE(message);
    const auto range =
        rules.take_message(message->type, message->flags, as_bytes(message->payload));
    REQUIRE(range);
    const auto from = kept_.begin() + static_cast<std::ptrdiff_t>((*range)->first);
    send(services::BlockList{.first = (*range)->first, .hashes = {from, from + (*range)->count}});
    rules.note_hashes_answered();
  }

  /// Takes the content of an upload to its end. Returns false if it breaks a rule, or off.
  bool take_content() {
    if (!take_content_until(std::string::npos)) return false;
    const auto end = stream.flow_end(services::kContentFlow).value();
    return rules.take_content_end(end.total, as_bytes(end.trailer)).has_value();
  }

  /// The same, but returns when `size` bytes of the file are there.
  bool take_content_until(std::size_t size) {
    while (content.size() < size) {
      const auto bytes = stream.read(services::kContentFlow);
      if (!bytes) return false;
      if (bytes->empty()) break;
      Bytes input = *bytes;
      while (!input.empty()) {
        const auto event = rules.take_content(input);
        if (!event) return false;
        store(*event);
      }
    }
    return true;
  }

  SessionStream stream;
  services::FileRequest request;
  services::FileClientRules rules;
  std::string content{};                         ///< That of an upload.
  std::size_t first_offset = std::string::npos;  ///< Where the content that was sent begins.

 private:
  void store(const services::ContentEvent& event) {
    std::uint64_t offset = 0;
    std::string bytes;
    if (const auto* data = std::get_if<services::ContentData>(&event)) {
      offset = data->offset;
      bytes = as_text(data->bytes);
    } else if (const auto* hole = std::get_if<services::ContentHole>(&event)) {
      offset = hole->offset;
      bytes.assign(static_cast<std::size_t>(hole->length), '\0');
    } else {
      return;
    }
    first_offset = std::min(first_offset, static_cast<std::size_t>(offset));
    content.resize(static_cast<std::size_t>(offset));
    content += bytes;
  }

  std::vector<BlockHash> kept_{};
};

/// Returns the meta of a file with that content.
inline FileMeta meta_of(std::string_view content) {
  FileMeta meta = sample_meta();
  meta.size = content.size();
  return meta;
}

/// Returns the name of the kind of a failure, or "".
template <typename Value>
std::string kind_of(const FileResult<Value>& result) {
  return result ? std::string() : std::string(name_of(result.error().kind));
}

/// Runs both at once, on fibers.
inline void together(std::move_only_function<void()> one, std::move_only_function<void()> other) {
  TaskGroup both;
  REQUIRE(both.spawn("one", std::move(one)));
  REQUIRE(both.spawn("other", std::move(other)));
  REQUIRE(both.join());
}

}  // namespace hotline::test
