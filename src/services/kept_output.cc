#include "services/kept_output.h"

#include <algorithm>
#include <utility>

namespace hotline::services {
namespace {

constexpr std::uint64_t kKeptPieceBytes = 256 * 1024;

// Storage is given back in large pieces.
constexpr std::uint64_t kDiscardBytes = std::uint64_t{2} << 20;

Error detached_error() {
  return make_error(ErrorKind::closed, "read the output of a job", {}, "another client reads it");
}

}  // namespace

/// Returns up to where bytes can be given up: no client can need them any more.
std::uint64_t KeptOutput::discardable() const {
  const std::uint64_t received = read_to_ > kInFlightMax ? read_to_ - kInFlightMax : 0;
  return std::max(begin_, std::min(received, reader_offset_.value_or(received)));
}

std::uint64_t KeptOutput::room() const {
  const std::uint64_t kept = end_ - discardable();
  const std::uint64_t free = kept < bounds_.kept_max ? bounds_.kept_max - kept : 0;
  if (!reader_offset_) return free;
  const std::uint64_t ahead = end_ - *reader_offset_;
  return std::min(free, ahead < bounds_.ahead_max ? bounds_.ahead_max - ahead : 0);
}

Result<std::size_t> KeptOutput::wait_room() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (const std::uint64_t free = room(); free > 0) return static_cast<std::size_t>(free);
    }
    if (auto waited = has_room_.wait(); !waited) return fail(std::move(waited.error()));
  }
}

Result<void> KeptOutput::append(Bytes bytes) {
  if (auto made = make_place(bytes.size()); !made) return made;
  // Nothing else writes, so that the end stays where it is.
  if (auto written = file_.write(end_, bytes); !written) return written;
  digest_.add(bytes);
  const std::lock_guard lock(mutex_);
  end_ += bytes.size();
  has_grown_.set();
  return {};
}

/// Gives up the oldest bytes if there would be more than kept_max.
Result<void> KeptOutput::make_place(std::uint64_t size) {
  std::uint64_t begin = 0;
  {
    const std::lock_guard lock(mutex_);
    if (end_ - begin_ + size <= bounds_.kept_max) return {};
    begin = std::min(discardable(), end_ + size - bounds_.kept_max + kDiscardBytes);
    if (begin <= begin_) return {};
  }
  return discard_to(begin);
}

Result<void> KeptOutput::discard_to(std::uint64_t begin) {
  OutputDigest digest = begin_digest_;
  if (auto added = add_kept(digest, begin_, begin); !added) return added;
  {
    const std::lock_guard lock(mutex_);
    // A client may have attached to older bytes in between.
    if (reader_offset_ && *reader_offset_ < begin) return {};
    begin_digest_ = std::move(digest);
    begin_ = begin;
  }
  return file_.discard_before(begin);
}

Result<void> KeptOutput::add_kept(OutputDigest& digest, std::uint64_t begin,
                                  std::uint64_t end) const {
  while (begin < end) {
    const auto piece =
        file_.read(begin, static_cast<std::size_t>(std::min(kKeptPieceBytes, end - begin)));
    if (!piece) return fail(piece.error());
    digest.add(as_bytes(*piece));
    begin += piece->size();
  }
  return {};
}

void KeptOutput::end(std::uint64_t dropped) {
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  dropped_ = dropped;
  has_grown_.set();
}

bool KeptOutput::has_kept(std::optional<std::uint64_t> offset) const {
  const std::lock_guard lock(mutex_);
  return !offset || (*offset >= begin_ && *offset <= end_);
}

Result<std::optional<KeptOutput::Reader>> KeptOutput::attach(std::optional<std::uint64_t> offset) {
  Reader reader;
  std::uint64_t begin = 0;
  {
    const std::lock_guard lock(mutex_);
    reader.offset = offset.value_or(begin_);
    if (reader.offset < begin_ || reader.offset > end_) return std::nullopt;
    reader.number = reader_number_ = ++last_number_;
    // Until the digest is known, the bytes before the offset are needed too.
    begin = begin_;
    reader_offset_ = begin;
    reader.digest = begin_digest_;
    has_grown_.set();
  }
  if (auto added = add_kept(reader.digest, begin, reader.offset); !added) {
    detach(reader);
    return fail(std::move(added.error()));
  }
  const std::lock_guard lock(mutex_);
  if (is_reading(reader)) reader_offset_ = reader.offset;
  has_room_.set();
  return reader;
}

void KeptOutput::detach(const Reader& reader) {
  const std::lock_guard lock(mutex_);
  if (!is_reading(reader)) return;
  reader_number_ = 0;
  reader_offset_.reset();
  has_grown_.set();
  has_room_.set();
}

Result<std::string> KeptOutput::read(Reader& reader, std::size_t size_max) {
  std::size_t size = 0;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (!is_reading(reader)) {
        // The wake-up may have been for the reader that is attached now.
        has_grown_.set();
        return fail(detached_error());
      }
      size = static_cast<std::size_t>(std::min<std::uint64_t>(size_max, end_ - reader.offset));
      if (size > 0) break;
      if (has_ended_) return std::string();
    }
    if (auto waited = has_grown_.wait(); !waited) return fail(std::move(waited.error()));
  }
  auto piece = file_.read(reader.offset, size);
  if (!piece) return piece;
  reader.digest.add(as_bytes(*piece));
  reader.offset += piece->size();
  const std::lock_guard lock(mutex_);
  if (!is_reading(reader)) return fail(detached_error());
  reader_offset_ = reader.offset;
  read_to_ = std::max(read_to_, reader.offset);
  has_room_.set();
  return piece;
}

std::uint64_t KeptOutput::end_offset() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

std::uint64_t KeptOutput::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace hotline::services
