#include "cli/prompt_words.h"

#include <utility>

#include "cli/report.h"

namespace hotline::cli {
namespace {

constexpr std::string_view kPatternSigns = "*?[\\";
constexpr std::string_view kTypedSigns = "*?[\\'\"# \t";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Reads a line from its beginning.
class PromptSplitter {
 public:
  void take(char c) {
    if (words_.last.is_escaping) return take_escaped(c);
    if (words_.last.quote != 0) return take_quoted(c);
    if (is_blank(c)) return end_word();
    is_in_word_ = true;
    if (c == '\\') {
      words_.last.is_escaping = true;
    } else if (c == '\'' || c == '"') {
      words_.last.quote = c;
    } else {
      words_.last.pattern += c;
    }
  }

  void end_word() {
    if (!is_in_word_) return;
    words_.whole.push_back(std::move(words_.last.pattern));
    words_.last = {};
    is_in_word_ = false;
  }

  PromptWords& words() { return words_; }

 private:
  void take_escaped(char c) {
    words_.last.is_escaping = false;
    // Between these quotes only two characters can be escaped, as in a shell.
    if (words_.last.quote == '"' && c != '"' && c != '\\') add_plain('\\');
    add_plain(c);
  }

  void take_quoted(char c) {
    if (c == words_.last.quote) {
      words_.last.quote = 0;
    } else if (c == '\\' && words_.last.quote == '"') {
      words_.last.is_escaping = true;
    } else {
      add_plain(c);
    }
  }

  void add_plain(char c) {
    if (kPatternSigns.contains(c)) words_.last.pattern += '\\';
    words_.last.pattern += c;
  }

  PromptWords words_;
  bool is_in_word_ = false;
};

}  // namespace

PromptWords split_unfinished(std::string_view line) {
  PromptSplitter splitter;
  for (const char c : line) splitter.take(c);
  return std::move(splitter.words());
}

Result<std::vector<std::string>> split_prompt_line(std::string_view line) {
  PromptSplitter splitter;
  for (const char c : line) splitter.take(c);
  const OpenWord& last = splitter.words().last;
  if (last.quote != 0) {
    return fail(usage_error(std::string("the quote ") + last.quote + " is not closed",
                            "write a \\ before a quote that is part of a name"));
  }
  if (last.is_escaping) {
    return fail(usage_error("nothing follows the last \\", "write \\\\ for a \\ in a name"));
  }
  splitter.end_word();
  std::vector<std::string> words = std::move(splitter.words().whole);
  if (!words.empty() && words.front().starts_with('#')) words.clear();
  return words;
}

std::string plain_text(std::string_view pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    text += pattern[i];
  }
  return text;
}

std::string pattern_of(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (kPatternSigns.contains(c)) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::string typed_text(std::string_view text, char quote) {
  std::string typed;
  for (const char c : text) {
    if (quote == '\'' && c == '\'') {
      typed += "'\\''";
      continue;
    }
    const bool is_escaped =
        quote == '"' ? c == '"' || c == '\\' : quote == 0 && kTypedSigns.contains(c);
    if (is_escaped) typed += '\\';
    typed += c;
  }
  return typed;
}

}  // namespace hotline::cli
