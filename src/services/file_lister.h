#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "hotline/engine/directory.h"
#include "services/file_outcome.h"
#include "services/file_page.h"
#include "services/file_request.h"

namespace hotline::services {

/// Lists a directory or, parents before what they contain, a tree, page by page. Its memory does
/// not grow with the directory: it has an open directory for each level. What changes while it is
/// listed may be missed. Names that do not fit into a path of the service are left out. One fiber
/// at a time; the calls suspend it. Move only.
class FileLister {
 public:
  /// Lists `directory`, which is that of `request`.
  static FileOutcome<FileLister> open(Directory directory, const ListDirectory& request);

  /// Returns the next page, which fits into a message and has at most as many entries as the
  /// request wants. Not after the last one.
  FileOutcome<FilePage> next();

 private:
  struct Level {
    FilePath path;  ///< Relative to the listed directory.
    Directory directory;
    DirectoryReader reader;
    std::vector<std::string> below{};  ///< Directories that were read, and are to be entered.
  };

  explicit FileLister(const ListDirectory& request) : request_(request) {}

  FileOutcome<void> enter(Directory directory, const FilePath& path);
  FileOutcome<void> enter_next();
  FileOutcome<std::size_t> read_some(std::size_t count_max);
  void add(Level& level, const DirectoryEntry& entry);
  FileOutcome<void> fill_from_directory(FilePage& page, std::size_t entries_max);
  FileOutcome<void> fill_from_tree(FilePage& page, std::size_t entries_max);
  std::size_t size_of_entry(std::size_t path_size) const;

  ListDirectory request_;
  std::vector<Level> levels_{};    ///< The innermost last.
  std::deque<FileEntry> ahead_{};  ///< What was read and is in no page yet.
};

}  // namespace hotline::services
