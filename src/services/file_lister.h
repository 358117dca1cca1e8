#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/engine/directory.h"
#include "services/file_outcome.h"
#include "services/file_page.h"
#include "services/file_request.h"
#include "services/file_tree.h"

namespace hotline::services {

/// Lists a directory or, parents before what they contain, a tree, page by page. Its memory does
/// not grow with the directory, and it has a few descriptors, however deep the tree is. What
/// changes while it is listed may be missed. What cannot be read hides nothing else: next() fails
/// with the first of that, and its path, where it would return the last page. One fiber at a time;
/// the calls suspend it. Move only.
class FileLister {
 public:
  /// How many directories of a tree are open at once, besides the listed one.
  static constexpr std::size_t kOpenMax = 8;

  /// A directory that appears in the listed one, and is elsewhere: a share in a home.
  struct Mounted {
    FileEntry entry{};                     ///< Its path is one name, which hides another.
    std::optional<Directory> directory{};  ///< nullopt: what is in it is not listed.
    RightCheck may_read{};                 ///< Asked for each part of what is in it.
    std::optional<FileError> fault{};      ///< Why it cannot be read, for people too.
  };

  struct Options {
    RightCheck may_read = [] { return FileOutcome<void>(); };  ///< For check_reading().
    std::vector<Mounted> mounted{};
  };

  /// Lists `directory`, which is that of `request`. A tree with a path that no path of the service
  /// can be is not listed in part: next() fails with `bad_name` when it comes to that path.
  static FileOutcome<FileLister> open(Directory directory, const ListDirectory& request) {
    return open(std::move(directory), request, Options());
  }
  static FileOutcome<FileLister> open(Directory directory, const ListDirectory& request,
                                      Options options);

  /// Fails with `not_permitted` if the user may not read the directory any more. Never waits.
  FileOutcome<void> check_reading() const { return options_.may_read(); }

  /// Returns the next page, which fits into a message and has at most as many entries as the
  /// request wants. Not after the last one.
  FileOutcome<FilePage> next();

 private:
  struct Level {
    FilePath path;                            ///< Relative to the listed directory.
    std::uint64_t position = 0;               ///< Where a next reader begins.
    std::optional<DirectoryReader> reader{};  ///< Only the innermost levels have one.
    std::vector<std::string> below{};  ///< Directories that were read, and are to be entered.
  };

  FileLister(Directory directory, const ListDirectory& request, Options options)
      : request_(request), directory_(std::move(directory)), options_(std::move(options)) {}

  void begin_mounted();
  const Mounted* mounted_at(const FilePath& path) const;
  bool is_hidden(const Level& level, std::string_view name) const;
  FileOutcome<void> check_mounted(const FilePath& path) const;
  FileOutcome<Directory> open_level(const Level& level) const;
  void note_unread(const FilePath& path, const FileError& error);
  FileOutcome<void> leave_out(const FilePath& path, const FileError& error);

  FileOutcome<void> enter(const FilePath& path, std::uint64_t position);
  FileOutcome<void> end_with(const FileError& error);
  FileOutcome<void> enter_next();
  FileOutcome<DirectoryReader> open_reader(const Level& level) const;
  FileOutcome<std::vector<DirectoryEntry>> read_names(std::size_t count_max);
  FileOutcome<std::size_t> read_some(std::size_t count_max);
  FileOutcome<void> add(Level& level, const DirectoryEntry& entry);
  FileOutcome<FilePath> path_of(const Level& level, std::string_view name) const;
  FileOutcome<void> fill_from_directory(FilePage& page, std::size_t entries_max);
  FileOutcome<void> fill_from_tree(FilePage& page, std::size_t entries_max);
  FileOutcome<void> end(FilePage& page) const;
  std::size_t size_of_entry(std::size_t path_size) const;

  ListDirectory request_;
  Directory directory_;
  Options options_;
  std::size_t mounted_listed_ = 0;     ///< How many, unless it lists a tree.
  std::vector<Level> levels_{};        ///< The innermost last.
  std::deque<FileEntry> ahead_{};      ///< What was read and is in no page yet.
  std::optional<FileError> unread_{};  ///< Why something could not be read.
};

/// Fails with `bad_name` if a path below `directory` would be none of the service if the directory
/// were at `path`. Suspends the fiber, and reads the whole tree.
FileOutcome<void> check_paths_below(Directory directory, const FilePath& path);

}  // namespace hotline::services
