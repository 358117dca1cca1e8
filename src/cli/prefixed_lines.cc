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
    // Either a newline is next, or the line is full and goes on.
    if (text.front() == '\n') text.remove_prefix(1);
    end_line(lines);
  }
  return lines;
}

std::string PrefixedLines::finish() {
  std::string lines;
  if (!line_.empty()) end_line(lines);
  return lines;
}

void PrefixedLines::end_line(std::string& lines) {
  lines += prefix_ + line_ + '\n';
  line_.clear();
}

}  // namespace hotline::cli
