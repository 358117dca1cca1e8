#include "services/toml_line.h"

#include <algorithm>
#include <cstddef>

#include "hotline/core/ascii.h"

namespace hotline::services {
namespace {

/// Each function takes what it is named after from the front, or returns false.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  bool is_at_end() const { return rest_.empty() || rest_.starts_with('#') || rest_ == "\r"; }

  void skip_blanks() { skip(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  bool take(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    take_token(1);
    return true;
  }

  bool take_key() { return take_quoted() || take_word("_-"); }
  bool take_value() {
    if (take_quoted()) return true;
    if (rest_.starts_with('+') || rest_.starts_with('-')) skip(1);
    return take_word("_");
  }

 private:
  void skip(std::size_t size) { rest_.remove_prefix(size); }

  void take_token(std::size_t size) {
    skip(size);
    skip_blanks();
  }

  bool take_word(std::string_view punctuation) {
    const auto* const end = std::ranges::find_if_not(rest_, [&](char each) {
      return is_ascii_letter(each) || is_ascii_digit(each) || punctuation.contains(each);
    });
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    take_token(size);
    return size != 0;
  }

  bool take_quoted() {
    if (!rest_.starts_with('"') && !rest_.starts_with('\'')) return false;
    const char quote = rest_.front();
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) {
      end += quote == '"' && rest_[end] == '\\' ? 2 : 1;
    }
    if (end >= rest_.size()) return false;
    take_token(end + 1);
    return true;
  }

  std::string_view rest_;
};

constexpr std::string_view kDots = "a key with a dot is not in quotes";
constexpr std::string_view kNoLine = "the line is neither KEY = VALUE nor [TABLE]";
constexpr std::string_view kNoValue = "the value is neither a text, an integer, true nor false";

std::string_view take_key(LineReader& line) {
  if (!line.take_key()) return kNoLine;
  return line.take('.') ? kDots : "";
}

std::string_view take_entry(LineReader& line) {
  if (const auto fault = take_key(line); !fault.empty()) return fault;
  if (!line.take('=')) return kNoLine;
  return line.take_value() && line.is_at_end() ? "" : kNoValue;
}

std::string_view take_table(LineReader& line) {
  if (const auto fault = take_key(line); !fault.empty()) return fault;
  return line.take(']') && line.is_at_end() ? "" : kNoLine;
}

}  // namespace

std::string_view fault_of_toml_line(std::string_view text) {
  LineReader line(text);
  line.skip_blanks();
  if (line.is_at_end()) return "";
  return line.take('[') ? take_table(line) : take_entry(line);
}

}  // namespace hotline::services
