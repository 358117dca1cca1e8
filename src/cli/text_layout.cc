#include "cli/text_layout.h"

#include <algorithm>

namespace hotline::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kGap = 2;

// A longer term would leave too little room for the texts of all.
constexpr std::size_t kTermMax = 26;

/// Calls `each` with the lines of `text`, without their newlines.
template <typename Function>
void for_each_line(std::string_view text, Function each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Collects words into lines.
class Filler {
 public:
  explicit Filler(std::size_t columns) : columns_(columns) {}

  void add_line(std::string_view line) {
    if (line.empty() || line.front() == ' ') {
      end_line();
      filled_ += std::string(line) + '\n';
      return;
    }
    while (!line.empty()) {
      const std::size_t end = std::min(line.find(' '), line.size());
      if (end > 0) add_word(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  }

  std::string finish() {
    end_line();
    return std::move(filled_);
  }

 private:
  void add_word(std::string_view word) {
    if (!line_.empty() && line_.size() + 1 + word.size() > columns_) end_line();
    if (!line_.empty()) line_ += ' ';
    line_ += word;
  }

  void end_line() {
    if (!line_.empty()) filled_ += line_ + '\n';
    line_.clear();
  }

  std::size_t columns_;
  std::string filled_;
  std::string line_;
};

std::size_t text_column_of(const std::vector<Definition>& definitions) {
  std::size_t widest = 0;
  for (const Definition& each : definitions) {
    if (each.term.size() <= kTermMax) widest = std::max(widest, each.term.size());
  }
  return kIndent + widest + kGap;
}

}  // namespace

std::string fill(std::string_view text, std::size_t columns) {
  Filler filler(columns);
  for_each_line(text, [&](std::string_view line) { filler.add_line(line); });
  return filler.finish();
}

std::string two_columns(const std::vector<Definition>& definitions, std::size_t columns) {
  const std::size_t column = text_column_of(definitions);
  std::string text;
  for (const Definition& each : definitions) {
    std::string line = std::string(kIndent, ' ') + each.term;
    if (line.size() + kGap > column) {
      text += line + '\n';
      line.clear();
    }
    for_each_line(fill(each.text, columns - column), [&](std::string_view filled) {
      line.resize(column, ' ');
      text += line.append(filled) + '\n';
      line.clear();
    });
  }
  return text;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  std::vector<std::size_t> widths(rows.front().size());
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

std::vector<std::string> paragraphs_of(std::string_view text) {
  std::vector<std::string> paragraphs;
  bool is_open = false;
  for_each_line(text, [&](std::string_view line) {
    if (line.empty()) {
      is_open = false;
      return;
    }
    if (!is_open) paragraphs.emplace_back();
    is_open = true;
    paragraphs.back() += std::string(line) + '\n';
  });
  return paragraphs;
}

}  // namespace hotline::cli
