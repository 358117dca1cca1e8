#include "cli/remote_tree.h"

#include <cstdint>
#include <span>
#include <utility>

namespace hotline::cli {

RemoteTree list_tree(FileLink& link, const ListDirectory& request) {
  RemoteTree tree;
  const auto take = [&](std::span<const FileEntry> entries, std::uint64_t) {
    tree.entries.insert(tree.entries.end(), entries.begin(), entries.end());
    return Result<void>();
  };
  auto listed = link.perform<void>([&](FileClient& client) {
    // It may be another attempt.
    tree.entries.clear();
    return client.list(request, take);
  });
  if (listed) return tree;
  if (!listed.error().answer) tree.entries.clear();
  tree.failure = std::move(listed.error());
  return tree;
}

}  // namespace hotline::cli
