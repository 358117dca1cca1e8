#include "cli/shared_spill.h"

#include <utility>

namespace hotline::cli {

Result<std::uint64_t> SharedSpill::add(Bytes bytes) {
  if (!file_) {
    auto made = SpillFile::make();
    if (!made) return fail(std::move(made.error()));
    file_ = std::move(*made);
  }
  const std::uint64_t offset = end_;
  // Another fiber may add while this one waits.
  end_ += bytes.size();
  if (auto written = file_->write(offset, bytes); !written) return fail(written.error());
  return offset;
}

Result<std::string> SharedSpill::read(std::uint64_t offset, std::size_t size) const {
  if (!file_)
    return fail(make_error(ErrorKind::truncated, "read a temporary file", {}, "no bytes"));
  return file_->read(offset, size);
}

}  // namespace hotline::cli
