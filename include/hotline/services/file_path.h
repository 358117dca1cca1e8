#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/public.h"

// The paths of the file service: docs/wire/files.md.

namespace hotline HOTLINE_PUBLIC {

/// Why a text is not a path of the file service, or not a name for something new.
enum class FilePathFault : std::uint8_t {
  too_long,            ///< Over FilePath::kBytesMax.
  nul,                 ///< It contains a NUL.
  absolute,            ///< It begins with `/`.
  trailing_slash,      ///< It ends with `/`.
  empty_component,     ///< It contains `//`.
  current_directory,   ///< A component is `.`.
  parent_directory,    ///< A component is `..`.
  component_too_long,  ///< A component is over FilePath::kComponentMax.
  too_deep,            ///< It has more than FilePath::kDepthMax components.
  not_utf8,            ///< New names only.
  control_character,   ///< New names only: one of C0, DEL or C1, such as a newline.
};

/// Returns its name, such as `empty_component`.
std::string_view name_of(FilePathFault fault);

/// Returns what is wrong, as a clause: `the path has an empty component`.
std::string_view describe(FilePathFault fault);

/// A path relative to the home of a user: components with a single `/` between them. The empty path
/// is the home itself. The bytes of a component mean nothing to the service: it changes none, and
/// compares them as they are. There is no way to write a path that leads out of the home.
class FilePath {
 public:
  static constexpr std::size_t kBytesMax = 4'096;
  static constexpr std::size_t kComponentMax = 255;
  static constexpr std::size_t kDepthMax = 64;

  /// The home.
  FilePath() = default;

  /// Returns the path that `text` is. Nothing is normalised: what is not a path is refused with the
  /// first thing that is wrong.
  static std::expected<FilePath, FilePathFault> parse(std::string_view text);

  const std::string& text() const { return text_; }
  bool is_home() const { return text_.empty(); }

  /// Returns the number of components, 0 for the home.
  std::size_t depth() const;

  /// Returns the last component; empty for the home. A view of this path.
  std::string_view leaf() const;

  /// Returns the path without its last component; the home for one component, and for the home.
  FilePath parent() const;

  /// Returns true if `other` is this path or lies below it. The home contains every path.
  bool contains(const FilePath& other) const;

  bool operator==(const FilePath&) const = default;

 private:
  explicit FilePath(std::string_view text) : text_(text) {}

  std::string text_{};
};

/// Returns why nothing new may have the name `name`, which is a component of a FilePath; nullopt if
/// it may. Names that exist already are listed, read and removed whatever they are.
std::optional<FilePathFault> fault_in_new_name(std::string_view name);

}  // namespace hotline
