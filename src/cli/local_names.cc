#include "cli/local_names.h"

#include <iterator>
#include <utility>

namespace hotline::cli {

Result<std::vector<DirectoryEntry>> local_names(const std::string& directory,
                                                std::size_t names_max) {
  constexpr std::size_t kNamesAtOnce = 256;
  const auto opened = Directory::open(directory.empty() ? "." : directory);
  if (!opened) return fail(opened.error());
  auto entries = opened->entries({.detail = EntriesOptions::Detail::names});
  if (!entries) return fail(std::move(entries.error()));
  std::vector<DirectoryEntry> names;
  while (names.size() <= names_max) {
    auto some = entries->next(kNamesAtOnce);
    if (!some) return fail(std::move(some.error()));
    if (some->empty()) break;
    names.insert(names.end(), std::make_move_iterator(some->begin()),
                 std::make_move_iterator(some->end()));
  }
  return names;
}

}  // namespace hotline::cli
