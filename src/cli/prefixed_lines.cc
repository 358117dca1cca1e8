#include "cli/prefixed_lines.h"

#include <algorithm>

namespace hotline::cli {

std::string PrefixedLines::take(Bytes piece) {
  std::string lines;
  std::string_view text = as_text(piece);
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::size_t room = kLineBytesMax - line_.size();
    const std::size_t size = std::min({newline, room, text.size()});
    line_ += text.substr(0, size);
    text.remove_prefix(size);
    if (text.empty()) break;
    // Either a newline is next, or there is no room and the line goes on.
    const bool is_end = text.front() == '\n';
    if (is_end) text.remove_prefix(1);
    print(lines, is_end ? Place::line_begin : Place::within_line);
  }
  return lines;
}

std::string PrefixedLines::finish() {
  std::string lines;
  if (!line_.empty()) print(lines, Place::line_begin);
  return lines;
}

void PrefixedLines::print(std::string& lines, Place next) {
  lines += name_ + (place_ == Place::line_begin ? ": " : ":+ ") + line_ + '\n';
  line_.clear();
  place_ = next;
}

}  // namespace hotline::cli
