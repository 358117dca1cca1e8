#include "cli/put_root.h"

#include <string_view>

namespace hotline::cli {
namespace {

constexpr std::string_view kPutFrom = "put files from";

}  // namespace

Result<PutRoot> PutRoot::open(std::string path, Keep keep) {
  auto directory = Directory::open(path);
  if (!directory) return fail(std::move(directory.error()));
  const auto status = directory->status();
  if (!status) return fail(status.error());
  PutRoot root(std::move(path), *status);
  if (keep == Keep::descriptor) root.kept_ = std::move(*directory);
  return root;
}

Result<Directory> PutRoot::open_beneath(const std::string& beneath) const {
  if (kept_) return kept_->open_beneath(beneath);
  const auto again = Directory::open(path_);
  if (!again) return fail(again.error());
  const auto status = again->status();
  if (!status) return fail(status.error());
  if (status->device != status_.device || status->inode != status_.inode) {
    return fail(make_error(ErrorKind::not_found, kPutFrom, path_,
                           "it was exchanged for another directory"));
  }
  return again->open_beneath(beneath);
}

}  // namespace hotline::cli
