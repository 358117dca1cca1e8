#include "cli/collected_output.h"

#include <algorithm>
#include <utility>

namespace hotline::cli {
namespace {

std::size_t digest_with(std::size_t digest, std::string_view piece) {
  // Any odd number with many bits: the order of the pieces must count.
  constexpr std::size_t kFactor = 0x9e3779b97f4a7c15;
  return (digest ^ std::hash<std::string_view>()(piece)) * kFactor;
}

}  // namespace

Result<void> CollectedOutput::append(Bytes bytes, SharedSpill& spill) {
  while (!bytes.empty()) {
    if (last_.size() == kPieceBytes) {
      if (auto spilled = spill_last(spill); !spilled) return spilled;
    }
    const std::size_t size = std::min(bytes.size(), kPieceBytes - last_.size());
    last_ += as_text(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<void> CollectedOutput::spill_last(SharedSpill& spill) {
  const auto offset = spill.add(as_bytes(last_));
  if (!offset) return fail(offset.error());
  spilled_.push_back(*offset);
  digest_ = digest_with(digest_, last_);
  last_.clear();
  return {};
}

std::size_t CollectedOutput::digest() const { return digest_with(digest_, last_); }

Result<void> CollectedOutput::read(const SharedSpill& spill, const Sink& sink) const {
  for (const std::uint64_t offset : spilled_) {
    const auto piece = spill.read(offset, kPieceBytes);
    if (!piece) return fail(piece.error());
    if (auto taken = sink(*piece); !taken) return taken;
  }
  return last_.empty() ? Result<void>() : sink(last_);
}

Result<std::string> CollectedOutput::text(const SharedSpill& spill) const {
  std::string text;
  auto read_all = read(spill, [&text](std::string_view piece) -> Result<void> {
    text += piece;
    return {};
  });
  if (!read_all) return fail(std::move(read_all.error()));
  return text;
}

Result<bool> CollectedOutput::is_equal(const CollectedOutput& other,
                                       const SharedSpill& spill) const {
  if (size() != other.size() || digest() != other.digest() || last_ != other.last_) return false;
  for (std::size_t i = 0; i < spilled_.size(); ++i) {
    const auto own = spill.read(spilled_[i], kPieceBytes);
    if (!own) return fail(own.error());
    const auto others = spill.read(other.spilled_[i], kPieceBytes);
    if (!others) return fail(others.error());
    if (*own != *others) return false;
  }
  return true;
}

Result<void> CollectingOutput::take(Bytes piece) {
  if (into_.size() + piece.size() > bytes_max_) {
    return fail(make_error(
        ErrorKind::too_large, "collect the output of the command", {},
        "it is longer than " + std::to_string(bytes_max_) + " bytes; the command was killed",
        "limit it with --max-output, or write it to a file with --outdir"));
  }
  return into_.append(piece, spill_);
}

}  // namespace hotline::cli
