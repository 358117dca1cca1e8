#include "hotline/services/file_path.h"

#include <algorithm>
#include <iterator>

#include "hotline/core/bytes.h"
#include "hotline/core/utf8.h"

namespace hotline {
namespace {

struct PathFaultRow {
  FilePathFault fault;
  std::string_view name;
  std::string_view clause;
};

constexpr PathFaultRow kPathFaultRows[] = {
    {FilePathFault::too_long, "too_long", "the path has over 4,096 bytes"},
    {FilePathFault::nul, "nul", "the path has a NUL"},
    {FilePathFault::absolute, "absolute", "the path begins with a slash"},
    {FilePathFault::trailing_slash, "trailing_slash", "the path ends with a slash"},
    {FilePathFault::empty_component, "empty_component", "the path has an empty component"},
    {FilePathFault::current_directory, "current_directory", "the path has a component ."},
    {FilePathFault::parent_directory, "parent_directory", "the path has a component .."},
    {FilePathFault::component_too_long, "component_too_long",
     "the path has a component of over 255 bytes"},
    {FilePathFault::too_deep, "too_deep", "the path has over 64 components"},
    {FilePathFault::not_utf8, "not_utf8", "the name is not UTF-8"},
    {FilePathFault::control_character, "control_character", "the name has a control character"},
};

constexpr bool are_path_faults_in_order() {
  for (std::size_t i = 0; i < std::size(kPathFaultRows); ++i) {
    if (static_cast<std::size_t>(kPathFaultRows[i].fault) != i) return false;
  }
  return true;
}
static_assert(are_path_faults_in_order());

const PathFaultRow& row_of(FilePathFault fault) {
  return kPathFaultRows[static_cast<std::size_t>(fault)];
}

std::optional<FilePathFault> fault_in_component(std::string_view component) {
  if (component.empty()) return FilePathFault::empty_component;
  if (component == ".") return FilePathFault::current_directory;
  if (component == "..") return FilePathFault::parent_directory;
  if (component.size() > FilePath::kComponentMax) return FilePathFault::component_too_long;
  return std::nullopt;
}

std::optional<FilePathFault> fault_in_path(std::string_view text) {
  if (text.size() > FilePath::kBytesMax) return FilePathFault::too_long;
  if (text.contains('\0')) return FilePathFault::nul;
  if (text.starts_with('/')) return FilePathFault::absolute;
  if (text.ends_with('/')) return FilePathFault::trailing_slash;
  std::size_t depth = 0;
  for (std::size_t from = 0; from < text.size(); ++depth) {
    const std::size_t to = std::min(text.find('/', from), text.size());
    if (const auto fault = fault_in_component(text.substr(from, to - from))) return fault;
    from = to + 1;
  }
  if (depth > FilePath::kDepthMax) return FilePathFault::too_deep;
  return std::nullopt;
}

/// Returns true if UTF-8 has one of U+0000 to U+001F, U+007F, or U+0080 to U+009F, which are the
/// bytes c2 80 to c2 9f.
bool has_control_character(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && static_cast<unsigned char>(utf8[i + 1]) < 0xa0) return true;
  }
  return false;
}

}  // namespace

std::string_view name_of(FilePathFault fault) { return row_of(fault).name; }

std::string_view describe(FilePathFault fault) { return row_of(fault).clause; }

std::expected<FilePath, FilePathFault> FilePath::parse(std::string_view text) {
  if (const auto fault = fault_in_path(text)) return std::unexpected(*fault);
  return FilePath(text);
}

std::size_t FilePath::depth() const {
  if (is_home()) return 0;
  return 1 + static_cast<std::size_t>(std::ranges::count(text_, '/'));
}

std::string_view FilePath::leaf() const {
  // For a path without a slash npos + 1 is 0.
  return std::string_view(text_).substr(text_.rfind('/') + 1);
}

FilePath FilePath::parent() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? FilePath()
                                    : FilePath(std::string_view(text_).substr(0, slash));
}

bool FilePath::contains(const FilePath& other) const {
  if (is_home() || *this == other) return true;
  return other.text_.starts_with(text_) && other.text_[text_.size()] == '/';
}

std::optional<FilePathFault> fault_in_new_name(std::string_view name) {
  if (!is_utf8(as_bytes(name))) return FilePathFault::not_utf8;
  if (has_control_character(name)) return FilePathFault::control_character;
  return std::nullopt;
}

}  // namespace hotline
