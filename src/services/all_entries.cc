#include "services/all_entries.h"

#include <iterator>
#include <utility>

namespace hotline::services {
namespace {

constexpr std::size_t kEntriesAtOnce = 256;

}  // namespace

Result<std::vector<DirectoryEntry>> all_entries(const Directory& directory,
                                                const EntriesOptions& options) {
  std::vector<DirectoryEntry> all;
  auto reader = directory.entries(options);
  if (!reader) return fail(std::move(reader.error()));
  for (;;) {
    auto some = reader->next(kEntriesAtOnce);
    if (!some) return fail(std::move(some.error()));
    if (some->empty()) return all;
    all.insert(all.end(), std::make_move_iterator(some->begin()),
               std::make_move_iterator(some->end()));
  }
}

}  // namespace hotline::services
