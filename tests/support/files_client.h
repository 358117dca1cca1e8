#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/session/session.h"
#include "services/block_hashes.h"
#include "services/content_digest.h"
#include "services/content_sender.h"
#include "services/file_proof.h"
#include "services/file_request.h"
#include "support/file_samples.h"

// A client of docs/wire/files.md that does what a test says.

namespace hotline::test {

/// Returns a request to store a small file.
inline PutSmallFile small_file(std::string_view path, std::string_view content) {
  return {.path = file_path(path),
          .modified = FileTime(std::chrono::seconds(1'000)),
          .root = services::root_of(as_bytes(content)),
          .content = std::string(content)};
}

/// Returns a request to store a file whose size is not known yet; without a key if `key` is 0.
inline PutFile upload_to(std::string_view path, unsigned key = 0) {
  PutFile request{.path = file_path(path)};
  if (key != 0) request.key = sample_bytes(key);
  return request;
}

/// What a client got for a request.
struct FileReceipt {
  services::FileProof::State state = services::FileProof::State::open;
  std::vector<services::FileReply> replies{};
  std::string content{};  ///< That of GET, from its offset on.
  std::optional<FileError> error{};
  std::optional<StreamReset> reset{};

  bool is_proven() const { return state == services::FileProof::State::proven; }

  /// Returns the last message if it is a `Reply`.
  template <typename Reply>
  const Reply& last() const {
    REQUIRE_FALSE(replies.empty());
    REQUIRE(std::holds_alternative<Reply>(replies.back()));
    return std::get<Reply>(replies.back());
  }

  /// Returns true if the server answered with ERROR and `code`.
  bool has_failed(FileErrorCode code) const { return error && error->code == code; }
  bool is_malformed() const { return reset && reset->code == services::kFilesMalformed; }
};

/// One request as a client sees it, step by step.
class FileAsk {
 public:
  FileAsk(Session& session, const services::FileRequest& request)
      : proof_(request, {}),
        digester_(services::ContentDigest(digest_kind_of(request))),
        stream_(session
                    .open(services::flows_of(services::kind_of(request)),
                          as_bytes(services::encode_file_request(request)))
                    .value()) {
    const auto* put = std::get_if<PutFile>(&request);
    if (put != nullptr) digest_ = put->digest;
    is_upload_ = put != nullptr;
    has_messages_ = !is_upload_;
    if (has_messages_) REQUIRE(stream_.end_messages());
  }

  SessionStream& stream() { return stream_; }

  /// Returns the next message; nullopt if the stream has ended before.
  std::optional<services::FileReply> receive() {
    while (outcome_.replies.size() == taken_ && is_open() && step()) {
    }
    if (outcome_.replies.size() == taken_) return std::nullopt;
    return outcome_.replies[taken_++];
  }

  /// Returns the offset of KEPT.
  std::uint64_t wait_kept() {
    const auto reply = receive();
    REQUIRE(reply);
    REQUIRE(std::holds_alternative<services::KeptReply>(*reply));
    return std::get<services::KeptReply>(*reply).offset;
  }

  /// Sends any bytes as content.
  bool send_raw(std::string_view bytes) {
    return stream_.write(services::kContentFlow, as_bytes(bytes)).has_value();
  }

  bool send_message(services::FileMessageType type, std::string_view payload) {
    return stream_.send(services::file_message(type, payload)).has_value();
  }

  /// Asks for hashes of what is kept, and returns them.
  std::vector<BlockHash> ask_hashes(const services::BlockRange& range) {
    proof_.note_asked(range);
    REQUIRE(send_message(services::FileMessageType::hashes, services::encode_hashes(range)));
    const auto reply = receive();
    REQUIRE(reply);
    return std::get<services::BlockList>(*reply).hashes;
  }

  /// Sends `content` from `offset` on; `digest_of_whole` is for the whole of it.
  bool send_content(std::string_view content, std::uint64_t offset = 0) {
    if (!send_part(content, offset)) return false;
    return send_end(content.size());
  }

  /// Sends `content` from `offset` on, without END.
  bool send_part(std::string_view content, std::uint64_t offset = 0) {
    std::vector<BlockHash> before;
    for (std::uint64_t at = 0; at < offset; at += kFileBlockBytes) {
      before.push_back(services::hash_of(as_bytes(content.substr(at, kFileBlockBytes))));
    }
    if (!sender_) sender_.emplace(services::ContentSender::Begin{offset, before});
    digester_ = services::ContentDigest(digest_);
    digester_.add(as_bytes(content));
    for (std::size_t at = offset; at < content.size(); at += services::kContentDataMax) {
      const std::string_view piece = content.substr(at, services::kContentDataMax);
      if (!send_raw(sender_->begin_data(as_bytes(piece))) || !send_raw(piece)) return false;
    }
    return true;
  }

  bool send_end(std::uint64_t size) {
    if (!sender_) sender_.emplace(services::ContentSender::Begin{});
    if (!send_raw(sender_->end({.size = size, .digest = digester_.finish()}))) return false;
    proof_.note_content_sent();
    return stream_.end(services::kContentFlow).has_value();
  }

  /// Reads until the end of the reply, and ends the stream.
  FileReceipt finish() {
    while (is_open() && step()) {
    }
    outcome_.state = proof_.state();
    outcome_.error = proof_.server_error();
    outcome_.reset = stream_.reset_by_peer();
    end();
    return outcome_;
  }

 private:
  static FileDigestKind digest_kind_of(const services::FileRequest& request) {
    const auto* get = std::get_if<GetFile>(&request);
    return get == nullptr ? FileDigestKind::none : get->digest;
  }

  bool is_open() const { return proof_.state() == services::FileProof::State::open; }

  /// Returns false if nothing can follow.
  bool step() {
    const auto flow = stream_.wait_any();
    if (!flow) {
      if (const auto reset = stream_.reset_by_peer()) {
        discard(proof_.take_reset(reset->code, reset->text));
      } else {
        discard(proof_.take_cut());
      }
      return false;
    }
    *flow == kMessageFlow ? take_message() : take_content();
    if (proof_.state() == services::FileProof::State::digest_wanted) {
      discard(proof_.take_digest(digester_.finish()));
    }
    return true;
  }

  void take_message() {
    const auto message = stream_.receive();
    if (!message) {
      discard(proof_.take_stream_end());
      return;
    }
    auto reply = proof_.take_message(message->type, message->flags, as_bytes(message->payload));
    if (!reply) return;
    if (const auto* file = std::get_if<services::SmallFileReply>(&*reply)) {
      outcome_.content = file->content;
      digester_.add(as_bytes(file->content));
    }
    outcome_.replies.push_back(*std::move(reply));
  }

  void take_content() {
    const auto bytes = stream_.read(services::kContentFlow);
    if (!bytes) return;
    if (bytes->empty()) {
      const FlowEnd end = stream_.flow_end(services::kContentFlow).value();
      discard(proof_.take_content_end(end.total, as_bytes(end.trailer)));
      return;
    }
    Bytes input = *bytes;
    while (!input.empty()) {
      const auto event = proof_.take_content(input);
      if (!event) return;
      if (const auto* data = std::get_if<services::ContentData>(&*event)) {
        outcome_.content += as_text(data->bytes);
        digester_.add(data->bytes);
      }
      if (const auto* hole = std::get_if<services::ContentHole>(&*event)) {
        outcome_.content.append(static_cast<std::size_t>(hole->length), '\0');
        digester_.add_zeros(hole->length);
      }
    }
  }

  /// Ends the client's half, and waits for the end of the server's.
  void end() {
    if (is_upload_) discard(stream_.end(services::kContentFlow));
    if (is_upload_) discard(stream_.end_messages());
    while (const auto flow = stream_.wait_any()) {
      if (*flow == kMessageFlow) {
        discard(stream_.receive());
      } else if (!stream_.read(*flow)) {
        return;
      }
    }
  }

  services::FileProof proof_;
  services::ContentDigest digester_;
  FileDigestKind digest_ = FileDigestKind::none;
  SessionStream stream_;
  bool is_upload_ = false;
  bool has_messages_ = false;  ///< They have ended.
  std::optional<services::ContentSender> sender_{};
  FileReceipt outcome_{};
  std::size_t taken_ = 0;
};

inline FileReceipt ask_files(Session& session, const services::FileRequest& request) {
  return FileAsk(session, request).finish();
}

/// Uploads `content` from where the server says.
inline FileReceipt put_file(Session& session, PutFile request, std::string_view content) {
  request.size = content.size();
  FileAsk ask(session, request);
  const auto reply = ask.receive();
  if (reply && std::holds_alternative<services::KeptReply>(*reply)) {
    ask.send_content(content, std::get<services::KeptReply>(*reply).offset);
  }
  return ask.finish();
}

}  // namespace hotline::test
