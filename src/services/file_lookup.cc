#include "services/file_lookup.h"

#include <algorithm>
#include <span>
#include <utility>

namespace hotline::services {
namespace {

/// What an entry of UPLOADS takes besides its path.
constexpr std::size_t kUploadFields = 16 + 2 + 3 * 8;

/// Returns as many of `entries` as fit into a message, and removes them.
UploadList take_list(std::span<const UploadEntry>& entries) {
  UploadList list;
  std::size_t size = 3;
  while (!entries.empty()) {
    size += kUploadFields + entries.front().path.text().size();
    if (size > kFileMessageMax) break;
    list.entries.push_back(entries.front());
    entries = entries.subspan(1);
  }
  list.is_last = entries.empty();
  return list;
}

}  // namespace

void FileLookup::answer(const ListDirectory& request) {
  if (!stream_.accept(call_.lists)) return;
  auto lister = call_.home.list(request);
  if (!lister) return stream_.finish(lister.error());
  for (;;) {
    auto page = lister->next();
    if (!page) return stream_.finish(page.error());
    if (const auto may = lister->check_reading(); !may) return stream_.finish(may.error());
    if (page->is_last) return stream_.finish(*std::move(page));
    if (!stream_.send(*std::move(page))) return;
  }
}

void FileLookup::answer(const StatFile& request) {
  const bool reads_content = request.wants_root || request.digest != FileDigestKind::none;
  if (reads_content ? !stream_.accept(call_.downloads) : !stream_.accept()) return;
  stream_.finish(call_.home.stat(request));
}

void FileLookup::answer(const GetHashes& request) {
  if (stream_.accept(call_.downloads)) stream_.finish(call_.home.hashes(request));
}

void FileLookup::answer(const GetQuota& request) {
  if (stream_.accept()) stream_.finish(call_.home.quota(request));
}

void FileLookup::answer(const ListUploads&) {
  if (!stream_.accept()) return;
  const auto uploads = call_.home.uploads();
  if (!uploads) return stream_.finish(uploads.error());
  std::span<const UploadEntry> left = *uploads;
  UploadList list = take_list(left);
  while (!list.is_last) {
    if (!stream_.send(std::move(list))) return;
    list = take_list(left);
  }
  stream_.finish(std::move(list));
}

}  // namespace hotline::services
