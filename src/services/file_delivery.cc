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

/// How many blocks are read in one piece while content is sent.
constexpr std::size_t kBesideBlocks = 8;

}  // namespace

FileDelivery::FileDelivery(FileCall& call, const PutFile& request, const ContentSource& source)
    : call_(call),
      request_(request),
      source_(source),
      digest_(request.digest),
      known_(source.known) {}

void FileDelivery::compare_first(std::vector<BlockHash> known) {
  known_ = std::move(known);
  compares_first_ = true;
}

std::vector<BlockHash> FileDelivery::same_blocks() const {
  return {before_.begin(), before_.begin() + static_cast<std::ptrdiff_t>(compared_)};
}

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
  pass_blocks();
  return deliver(deadline);
}

FileResult<FileVersion> FileDelivery::finish(const FileReply& reply, Deadline deadline) {
  discard(call_.stream().end_messages());
  if (auto ended = call_.finish(deadline); !ended) {
    return std::unexpected(std::move(ended.error()));
  }
  return std::get<DoneReply>(reply).version;
}

/// Finds the first block that differs from what the server has kept, or assumes that none does.
FileResult<void> FileDelivery::find_begin(const KeptReply& kept, Deadline deadline) {
  const auto blocks = static_cast<std::size_t>(kept.offset / kFileBlockBytes);
  if (digest_.finds_nothing()) {
    known_.resize(std::min(blocks, known_.size()));
    before_ = std::move(known_);
  }
  if (may_compare_beside(blocks)) return begin_after_kept(blocks, deadline);
  hashes_ = BlockHashes(before_);
  auto found = compare_all(kept, deadline);
  compared_ = before_.size();
  return found;
}

bool FileDelivery::may_compare_beside(std::size_t blocks) const {
  return source_.hashes && !compares_first_ && digest_.finds_nothing() &&
         request_.size != kFileSizeUnknown && before_.size() < blocks;
}

/// Assumes that the source has what the server has kept, but for what is known to differ. The
/// server must be asked for all hashes before content is sent.
FileResult<void> FileDelivery::begin_after_kept(std::size_t blocks, Deadline deadline) {
  std::vector<BlockHash> kept;
  while (kept.size() < blocks) {
    const std::size_t count = std::min(kBlockHashesMax, blocks - kept.size());
    const auto some = ask(kept.size(), count, deadline);
    if (!some) return std::unexpected(some.error());
    kept.insert(kept.end(), some->begin(), some->end());
  }
  const auto differing = std::ranges::mismatch(before_, kept).in1;
  compared_ = static_cast<std::size_t>(differing - before_.begin());
  const bool is_known_to_differ = differing != before_.end();
  if (is_known_to_differ) kept.resize(compared_);
  before_ = std::move(kept);
  return {};
}

/// Finds the first block that differs before anything is sent.
FileResult<void> FileDelivery::compare_all(const KeptReply& kept, Deadline deadline) {
  const auto blocks = static_cast<std::size_t>(kept.offset / kFileBlockBytes);
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
  const auto kept = ask(first, count, deadline);
  if (!kept) return std::unexpected(kept.error());
  const std::span<const BlockHash> own = std::span(before_).subspan(first, count);
  const auto differing = std::ranges::mismatch(own, *kept).in1;
  if (differing != own.end()) {
    before_.resize(first + static_cast<std::size_t>(differing - own.begin()));
  }
  return {};
}

/// Asks the server for hashes of what it has kept.
FileResult<std::vector<BlockHash>> FileDelivery::ask(std::uint64_t first, std::size_t count,
                                                     Deadline deadline) {
  const BlockRange range{.first = first, .count = static_cast<std::uint16_t>(count)};
  call_.proof().note_asked(range);
  const std::string payload = encode_hashes(range);
  const auto sent = call_.stream().send(file_message(FileMessageType::hashes, payload), deadline);
  if (!sent) return std::unexpected(call_.failure_of(sent.error()));
  auto reply = call_.receive(deadline);
  if (!reply) return std::unexpected(reply.error());
  return std::get<BlockList>(std::move(*reply)).hashes;
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

/// How a delivery ends: by the first of these. Otherwise by has_found_difference_.
struct FileDelivery::Course {
  std::optional<Error> own_failure{};
  std::optional<FileResult<FileReply>> reply{};
};

/// Sends, and at the same time takes what the server says to that, and compares what was not
/// compared yet. Why the stream has ended is in the reply.
FileResult<FileVersion> FileDelivery::deliver(Deadline deadline) {
  Course course;
  TaskGroup* fibers = nullptr;
  const auto is_over = [&] { return course.own_failure || course.reply || has_found_difference_; };
  const auto fail_with = [&](Error error) {
    if (is_over()) return;
    course.own_failure = std::move(error);
    fibers->cancel();
  };
  // The last one here, because its fibers use the others until it is destroyed.
  TaskGroup all({.on_throw = OnThrow::cancels_others});
  fibers = &all;
  auto spawned = all.spawn("file content", [&] {
    auto sent = send_all(deadline);
    if (!sent) fail_with(std::move(sent.error()));
  });
  if (spawned) {
    spawned = all.spawn("file reply", [&] {
      auto received = call_.receive(deadline);
      if (is_over()) return;
      course.reply.emplace(std::move(received));
      all.cancel();
    });
  }
  if (spawned && !is_compared()) {
    spawned = all.spawn("file comparison", [&] {
      auto same = compare_beside();
      if (!same) return fail_with(std::move(same.error()));
      if (*same || is_over()) return;
      has_found_difference_ = true;
      all.cancel();
    });
  }
  if (!spawned) return fail(std::move(spawned.error()));
  if (auto joined = all.join(); !joined) {
    has_found_difference_ = false;  // There is to be no other call.
    return fail(std::move(joined.error()));
  }
  return outcome(course, deadline);
}

FileResult<FileVersion> FileDelivery::outcome(Course& course, Deadline deadline) {
  if (has_found_difference_) {
    return fail(call_.named(make_error(ErrorKind::invalid_argument, {}, {},
                                       "the server has kept something else of it")));
  }
  if (course.own_failure) return fail(std::move(*course.own_failure));
  if (!*course.reply) return std::unexpected(std::move(course.reply->error()));
  return finish(**course.reply, deadline);
}

/// Compares what the server has kept while content is sent. Returns false at the first block that
/// differs. Fails as the source.
Result<bool> FileDelivery::compare_beside() {
  while (!is_compared()) {
    const std::size_t count = std::min(kBesideBlocks, before_.size() - compared_);
    const auto own = source_.hashes(compared_, count);
    if (!own) return fail(own.error());
    const auto kept = std::span(std::as_const(before_)).subspan(compared_, count);
    const auto same =
        static_cast<std::size_t>(std::ranges::mismatch(kept, *own).in1 - kept.begin());
    compared_ += same;
    pass_blocks();
    if (same < count) return false;
  }
  all_compared_.set();
  return true;
}

Result<void> FileDelivery::wait_compared(Deadline deadline) {
  if (is_compared()) return {};
  if (const auto waited = all_compared_.wait(deadline); !waited) {
    return fail(call_.named(waited.error()));
  }
  return {};
}

/// Returns false if the stream has ended before that. Fails as the source.
Result<bool> FileDelivery::send_all(Deadline deadline) {
  ContentSender sender(
      {.begin = before_.size() * kFileBlockBytes, .before = std::span(std::as_const(before_))});
  for (;;) {
    // The source finds at its end that nothing has changed, which is to be true for all that was
    // read.
    if (sender.position() == request_.size) {
      if (auto waited = wait_compared(deadline); !waited) return fail(std::move(waited.error()));
    }
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
  const std::uint64_t noted = before_.size() + sent_.size();
  const auto fresh = sender.unsent().subspan(noted - sender.first_unsent());
  sent_.insert(sent_.end(), fresh.begin(), fresh.end());
  pass_blocks();
}

/// Passes the hashes that are known to be those of the source, in order.
void FileDelivery::pass_blocks() {
  if (!source_.on_block) return;
  const std::size_t end = is_compared() ? before_.size() + sent_.size() : compared_;
  while (noted_ < end) {
    const std::uint64_t block = noted_++;
    const bool is_kept = block < before_.size();
    source_.on_block(block, is_kept ? before_[block] : sent_[block - before_.size()]);
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
