#include "hotline/core/choice.h"

#include <vector>

namespace hotline {
namespace {

std::string list(std::span<const Choice> choices, std::string_view Choice::*part,
                 std::string_view conjunction) {
  std::vector<std::string> words;
  for (const Choice& each : choices) words.emplace_back(each.*part);
  return list_words(words, conjunction);
}

}  // namespace

std::string list_words(std::span<const std::string> words, std::string_view conjunction) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && i + 1 == words.size()) {
      text.append(" ").append(conjunction).append(" ");
    } else if (i > 0) {
      text += ", ";
    }
    text += words[i];
  }
  return text;
}

std::string list_names(std::span<const Choice> choices, std::string_view conjunction) {
  return list(choices, &Choice::name, conjunction);
}

std::string list_forms(std::span<const Choice> choices, std::string_view conjunction) {
  return list(choices, &Choice::form, conjunction);
}

}  // namespace hotline
