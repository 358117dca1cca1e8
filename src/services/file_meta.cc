#include "hotline/services/file_meta.h"

namespace hotline {

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::file: return "file";
    case FileKind::directory: return "directory";
    case FileKind::link: return "link";
    case FileKind::other: return "other";
  }
  return "unknown";
}

}  // namespace hotline
