#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/upload_entry.h"

namespace hotline::services {

/// What is kept of an unfinished download, so that another process can go on with it: a directory
/// of its own in the directory of notes, which the download locks as long as it is under way. One
/// fiber at a time. Move only.
class DownloadNote {
 public:
  /// What it says. The content is compared with that of the server, so that nothing of it has to
  /// be believed but the names.
  struct Text {
    std::string part_name{};
    FileVersion version{};

    bool operator==(const Text&) const = default;
  };

  /// Opens the note on the download `key`. Returns nullopt if there is none, or if another process
  /// is at work on it.
  static Result<std::optional<DownloadNote>> find(const std::string& directory,
                                                  const UploadKey& key);

  /// The same, but makes the note, and `directory`, if they are missing.
  static Result<std::optional<DownloadNote>> make(const std::string& directory,
                                                  const UploadKey& key);

  /// Returns what it says; nullopt if it says nothing that can be used.
  Result<std::optional<Text>> read() const;

  Result<void> write(const Text& text) const;

  /// Removes it. Failures are ignored.
  void remove();

 private:
  DownloadNote(Directory notes, std::string name, Directory own);

  static Result<std::optional<DownloadNote>> open(Directory notes, std::string name);

  Directory notes_;
  std::string name_;
  Directory own_;
};

/// Returns a note as it is on the disk, and the other way round.
std::string format_download_note(const DownloadNote::Text& text);
std::optional<DownloadNote::Text> parse_download_note(std::string_view bytes);

}  // namespace hotline::services
