#include "services/file_delivery.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "hotline/engine/task_group.h"

namespace hotline::services {
namespace {

/// How many blocks are read before the server is asked about them: so few that it does not take a
/// client that reads a long file for one that has gone.
constexpr std::size_t kComparedBlocks = 256;

}  // namespace

FileDelivery::FileDelivery(FileCall& call, const PutFile& request, const ContentSource& source)
    : call_(call), request_(request), source_(source), digest_(request.digest) {}

FileResult<FileVersion> FileDelivery::run(Deadline deadline) {
  const auto reply = call_.receive(deadline);
  if (!reply) return std::unexpected(reply.error());
  const auto* kept = std::get_if<KeptReply>(&*reply);
  if (kept == nullptr) {
    discard(call_.stream().end(kContentFlow));
    return finish(*reply, deadline);
  }
  if (auto found = find_begin(*kept, deadline); !found) {
    return std::unexpected(std::move(found.error()));
  }
  if (source_.on_begin) source_.on_begin(before_.size() * kFileBlockBytes);
  for (; source_.on_block && noted_ < before_.size(); ++noted_) {
    source_.on_block(noted_, before_[noted_]);
  }
  return deliver(deadline);
}

FileResult<FileVersion> FileDelivery::finish(const FileReply& reply, Deadline deadline) {
  discard(call_.stream().end_messages());
  if (auto ended = call_.finish(deadline); !ended) {
    return std::unexpected(std::move(ended.error()));
  }
  return std::get<DoneReply>(reply).version;
}

/// Finds the first block that differs from what the server has kept.
FileResult<void> FileDelivery::find_begin(const KeptReply& kept, Deadline deadline) {
  const auto blocks = static_cast<std::size_t>(kept.offset / kFileBlockBytes);
  if (digest_.finds_nothing()) {
    before_.assign(source_.known.begin(),
                   source_.known.begin() +
                       static_cast<std::ptrdiff_t>(std::min(blocks, source_.known.size())));
    hashes_ = BlockHashes(before_);
  }
  if (blocks <= kComparedBlocks || before_.size() == blocks) {
    if (auto hashed = hash_until(blocks); !hashed) return fail(std::move(hashed.error()));
    if (root_of(before_, kept.offset) == kept.root) return {};
  }
  for (std::size_t first = 0; first < blocks; first += kComparedBlocks) {
    const std::size_t count = std::min(kComparedBlocks, blocks - first);
    if (auto hashed = hash_until(first + count); !hashed) return fail(std::move(hashed.error()));
    if (auto same = compare(first, count, deadline); !same) return same;
    if (before_.size() < first + count) break;
  }
  if (auto redone = redo_digest(); !redone) return fail(std::move(redone.error()));
  return {};
}

/// Reads up to the block `end`, so that before_ has the hash of each before it.
Result<void> FileDelivery::hash_until(std::uint64_t end) {
  const std::uint64_t stop = end * kFileBlockBytes;
  while (hashes_.size() < stop) {
    const auto piece = source_.next(hashes_.size());
    if (!piece) return fail(piece.error());
    if (piece->is_end()) return fail(other_size(hashes_.size()));
    const std::uint64_t left = stop - hashes_.size();
    const std::uint64_t zeros = piece->bytes.empty() ? std::min(piece->zeros, left) : 0;
    const Bytes bytes = piece->bytes.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(piece->bytes.size(), left)));
    digest_.add(bytes);
    digest_.add_zeros(zeros);
    hashes_.add(bytes);
    hashes_.add_zeros(zeros);
    const std::span<const BlockHash> ready = hashes_.ready();
    before_.insert(before_.end(), ready.begin(), ready.end());
    hashes_.drop_ready(ready.size());
  }
  return {};
}

/// Drops the hashes from the first block on that the server has otherwise.
FileResult<void> FileDelivery::compare(std::uint64_t first, std::size_t count, Deadline deadline) {
  const BlockRange range{.first = first, .count = static_cast<std::uint16_t>(count)};
  call_.proof().note_asked(range);
  const std::string payload = encode_hashes(range);
  const auto sent = call_.stream().send(file_message(FileMessageType::hashes, payload), deadline);
  if (!sent) return std::unexpected(call_.failure_of(sent.error()));
  const auto reply = call_.receive(deadline);
  if (!reply) return std::unexpected(reply.error());
  const auto& kept = std::get<BlockList>(*reply).hashes;
  const std::span<const BlockHash> own = std::span(before_).subspan(first, count);
  const auto differing = std::ranges::mismatch(own, kept).in1;
  if (differing != own.end()) {
    before_.resize(first + static_cast<std::size_t>(differing - own.begin()));
  }
  return {};
}

/// What was read after the first block that differs is read again.
Result<void> FileDelivery::redo_digest() {
  if (digest_.finds_nothing() || hashes_.size() == before_.size() * kFileBlockBytes) return {};
  digest_ = ContentDigest(request_.digest);
  hashes_ = BlockHashes();
  const std::size_t blocks = before_.size();
  before_.clear();
  return hash_until(blocks);
}

/// Sends, and takes at the same time what the server says to that. Why the stream has ended is in
/// the reply.
FileResult<FileVersion> FileDelivery::deliver(Deadline deadline) {
  TaskGroup both({.on_throw = OnThrow::cancels_others});
  std::optional<Error> own_failure;
  std::optional<FileResult<FileReply>> reply;
  auto spawned = both.spawn("file content", [&] {
    const auto sent = send_all(deadline);
    if (sent || reply) return;
    own_failure = sent.error();
    both.cancel();
  });
  if (spawned) {
    spawned = both.spawn("file reply", [&] {
      auto received = call_.receive(deadline);
      if (own_failure) return;
      reply.emplace(std::move(received));
      both.cancel();
    });
  }
  if (!spawned) return fail(std::move(spawned.error()));
  if (auto joined = both.join(); !joined) return fail(std::move(joined.error()));
  if (own_failure) return fail(std::move(*own_failure));
  if (!*reply) return std::unexpected(std::move(reply->error()));
  return finish(**reply, deadline);
}

/// Returns false if the stream has ended before that. Fails as the source.
Result<bool> FileDelivery::send_all(Deadline deadline) {
  ContentSender sender(
      {.begin = before_.size() * kFileBlockBytes, .before = std::span(std::as_const(before_))});
  for (;;) {
    const auto piece = source_.next(sender.position());
    if (!piece) return fail(piece.error());
    if (piece->is_end()) return send_end(sender, deadline);
    const auto sent = send_piece(sender, *piece, deadline);
    if (!sent || !*sent) return sent;
  }
}

Result<bool> FileDelivery::send_piece(ContentSender& sender, const ContentPiece& piece,
                                      Deadline deadline) {
  const std::uint64_t length = piece.bytes.empty() ? piece.zeros : piece.bytes.size();
  const std::uint64_t size_max = std::min(request_.size, kFileSizeMax);
  if (length > size_max - sender.position()) return fail(other_size(sender.position() + length));
  note_blocks(sender);
  if (piece.bytes.empty()) {
    digest_.add_zeros(length);
    return send(sender.hole(length), {}, deadline);
  }
  digest_.add(piece.bytes);
  for (Bytes rest = piece.bytes; !rest.empty();) {
    const Bytes part = rest.first(std::min<std::size_t>(rest.size(), kContentDataMax));
    const auto sent = send(sender.begin_data(part), part, deadline);
    if (!sent || !*sent) return sent;
    rest = rest.subspan(part.size());
  }
  return true;
}

void FileDelivery::note_blocks(const ContentSender& sender) {
  if (!source_.on_block) return;
  for (const BlockHash& each : sender.unsent().subspan(noted_ - sender.first_unsent())) {
    source_.on_block(noted_++, each);
  }
}

Result<bool> FileDelivery::send_end(ContentSender& sender, Deadline deadline) {
  const bool is_size = request_.size == kFileSizeUnknown || sender.position() == request_.size;
  if (!is_size) return fail(other_size(sender.position()));
  const ContentSender::End end{.size = sender.position(), .digest = digest_.finish()};
  // DONE may arrive before the last write has returned.
  call_.proof().note_content_sent();
  const auto sent = send(sender.end(end), {}, deadline);
  if (sent && *sent) discard(call_.stream().end(kContentFlow));
  return sent;
}

Result<bool> FileDelivery::send(const std::string& records, Bytes bytes, Deadline deadline) {
  for (const Bytes each : {as_bytes(records), bytes}) {
    if (each.empty()) continue;
    const auto written = call_.stream().write(kContentFlow, each, deadline);
    if (written) continue;
    if (call_.has_ended()) return false;
    return fail(call_.named(written.error()));
  }
  return true;
}

Error FileDelivery::other_size(std::uint64_t size) const {
  return call_.named(make_error(ErrorKind::invalid_argument, {}, {},
                                "the content has " + std::to_string(size) + " bytes or more, not " +
                                    std::to_string(request_.size),
                                "it must not change while it is read"));
}

}  // namespace hotline::services
