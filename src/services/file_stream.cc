#include "services/file_stream.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "services/block_hashes.h"

namespace hotline::services {
namespace {

constexpr Duration kFileFarewell = std::chrono::seconds(30);
constexpr Duration kSilence = std::chrono::milliseconds(250);

/// How many kept blocks a client can surely read and hash in a second, before or while it sends
/// what follows.
constexpr std::size_t kBlocksReadPerSecond = 8;

/// Content is sent in pieces, each of which the client has to take in the stall time.
constexpr std::size_t kContentPieceBytes = std::size_t{64} << 10;

}  // namespace

FileStream::FileStream(SessionStream& stream, const FileRequest& request, Duration stall,
                       FilesCounters& counters)
    : stream_(stream),
      kind_(kind_of(request)),
      stall_(stall),
      counters_(counters),
      rules_(request),
      patience_(stall) {}

bool FileStream::accept(Semaphore& places) {
  auto place = FilePlace::take(places);
  const bool is_draining = !place && place.error().kind == ErrorKind::draining;
  if (!place && !is_draining) return false;
  if (!accept()) return false;
  if (place) {
    place_.emplace(*std::move(place));
    return true;
  }
  finish(FileError{.code = FileErrorCode::draining, .is_retryable = true});
  return false;
}

bool FileStream::accept() {
  const auto accepted = stream_.accept({}, deadline_after(stall_));
  return accepted || give_up(accepted.error());
}

bool FileStream::send(const FileReply& reply) {
  const FileMessageType type = type_of(reply);
  if (type == FileMessageType::done || type == FileMessageType::error) rules_.note_ended();
  if (type == FileMessageType::error) ++counters_.errors;
  const std::string payload = encode_file_reply(reply);
  const auto sent = stream_.send(file_message(type, payload), deadline_after(stall_));
  return sent || give_up(sent.error());
}

bool FileStream::send_content(Bytes bytes) {
  while (!bytes.empty()) {
    const Bytes piece = bytes.first(std::min(bytes.size(), kContentPieceBytes));
    const auto sent = stream_.write(kContentFlow, piece, deadline_after(stall_));
    if (!sent) return give_up(sent.error());
    counters_.bytes_sent += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return true;
}

bool FileStream::send_kept(std::vector<BlockHash> before) {
  const std::uint64_t offset = before.size() * kFileBlockBytes;
  const KeptReply kept{.offset = offset, .root = root_of(before, offset)};
  patience_ = stall_ + std::chrono::seconds(before.size() / kBlocksReadPerSecond);
  rules_.note_kept(std::move(before));
  return send(kept);
}

bool FileStream::send_blocks(const BlockList& blocks) {
  rules_.note_hashes_answered();
  return send(blocks);
}

std::expected<FileStream::Arrival, FileStream::Stop> FileStream::next() {
  for (;;) {
    MaybeArrival taken = take_content();
    if (taken && !*taken) {
      const auto flow = wait();
      if (!flow) return std::unexpected(flow.error());
      if (!*flow) return Silence{};
      taken = **flow == kMessageFlow ? take_message() : read_content();
    }
    if (!taken) return std::unexpected(std::move(taken.error()));
    if (*taken) return **std::move(taken);
  }
}

/// Waits for the client. Returns nullopt if nothing has come yet. Only the time that this end waits
/// counts: while it is busy, the client may have no credit.
std::expected<std::optional<std::uint8_t>, FileStream::Stop> FileStream::wait() {
  const Instant begun = now();
  const auto flow = stream_.wait_any(Deadline::after(begun, std::min(patience_, kSilence)));
  patience_ -= std::min(patience_, now() - begun);
  if (flow) return *flow;
  if (flow.error().kind == ErrorKind::timed_out && patience_ > Duration::zero())
    return std::nullopt;
  return std::unexpected(stop_of(flow.error()));
}

FileStream::MaybeArrival FileStream::take_message() {
  const auto received = stream_.receive();
  if (!received && stream_.flow_end(kMessageFlow)) return std::nullopt;
  if (!received) return std::unexpected(stop_of(received.error()));
  const auto asked =
      rules_.take_message(received->type, received->flags, as_bytes(received->payload));
  if (!asked) return std::unexpected(stop_of(asked.error()));
  if (!*asked) return std::nullopt;
  note_progress(kProgressBytes);
  return **asked;
}

FileStream::MaybeArrival FileStream::read_content() {
  const auto bytes = stream_.read(kContentFlow);
  if (!bytes) return std::unexpected(stop_of(bytes.error()));
  note_progress(bytes->size());
  counters_.bytes_received += bytes->size();
  content_ = *bytes;
  if (!content_.empty()) return std::nullopt;
  const FlowEnd end = stream_.flow_end(kContentFlow).value();
  const auto taken = rules_.take_content_end(end.total, as_bytes(end.trailer));
  if (!taken) return std::unexpected(stop_of(taken.error()));
  return ContentFlowEnd{};
}

FileStream::MaybeArrival FileStream::take_content() {
  while (!content_.empty()) {
    const auto event = rules_.take_content(content_);
    if (!event) return std::unexpected(stop_of(event.error()));
    if (const auto* data = std::get_if<ContentData>(&*event)) return *data;
    if (const auto* hole = std::get_if<ContentHole>(&*event)) return *hole;
    if (const auto* blocks = std::get_if<BlockList>(&*event)) return *blocks;
  }
  return std::nullopt;
}

std::expected<void, FileStream::Stop> FileStream::take_digest(const FileDigest& digest) {
  const auto taken = rules_.take_digest(digest);
  if (!taken) return std::unexpected(stop_of(taken.error()));
  return {};
}

void FileStream::note_progress(std::size_t bytes) {
  progress_ += bytes;
  if (progress_ < kProgressBytes) return;
  progress_ = 0;
  patience_ = std::max(patience_, stall_);
}

void FileStream::finish(const FileReply& last) {
  if (send(last)) end_and_wait();
}

void FileStream::finish() { end_and_wait(); }

void FileStream::refuse(const FileFault& fault) { stream_.reset(fault.code, fault.text); }

FileStream::Stop FileStream::stop_of(const FileFault& fault) {
  refuse(fault);
  return {};
}

FileStream::Stop FileStream::stop_of(const ContentFault& fault) {
  if (!fault.error) return stop_of(fault.fault);
  return {FileError{.code = *fault.error, .text = fault.fault.text}};
}

FileStream::Stop FileStream::stop_of(const Error& error) const {
  if (error.kind != ErrorKind::timed_out) return {};
  return {FileError{.code = FileErrorCode::stalled,
                    .is_retryable = true,
                    .text = "the client has sent too little in " + format_duration(stall_)}};
}

/// Ends a stream whose client takes nothing. Returns false.
bool FileStream::give_up(const Error& error) {
  if (error.kind == ErrorKind::timed_out) {
    stream_.reset(ResetCode::limit,
                  "the client has taken too little in " + format_duration(stall_));
  }
  return false;
}

void FileStream::end_and_wait() {
  place_.reset();
  if (kind_ == FileRequestKind::get && !stream_.end(kContentFlow)) return;
  if (!stream_.end_messages()) return;
  content_ = {};
  // Both flows are read at once: the client may have to send of one before it ends the other.
  const Deadline until = deadline_after(kFileFarewell);
  while (const auto flow = stream_.wait_any(until)) {
    if (!drop_late(*flow, until)) return;
  }
}

/// Takes what the client sent before it knew the answer. Returns false if that is not allowed.
bool FileStream::drop_late(std::uint8_t flow, Deadline until) {
  if (flow == kMessageFlow) {
    const auto received = stream_.receive(until);
    if (!received) return true;
    const auto taken =
        rules_.take_message(received->type, received->flags, as_bytes(received->payload));
    if (!taken) refuse(taken.error());
    return taken.has_value();
  }
  const auto bytes = stream_.read(flow, until);
  return bytes.has_value();
}

}  // namespace hotline::services
