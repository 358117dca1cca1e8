#include "hotline/core/choice.h"

#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/nearest_name.h"

namespace hotline {
namespace {

std::vector<std::string> words_of(std::span<const Choice> choices, std::string_view Choice::*part) {
  std::vector<std::string> words;
  for (const Choice& each : choices) words.emplace_back(each.*part);
  return words;
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
  return list_words(words_of(choices, &Choice::name), conjunction);
}

std::string list_forms(std::span<const Choice> choices, std::string_view conjunction) {
  return list_words(words_of(choices, &Choice::form), conjunction);
}

Error unknown_choice(std::string_view noun, std::string_view word,
                     std::span<const Choice> choices) {
  return make_error(ErrorKind::invalid_argument, {}, {},
                    "there is no " + std::string(noun) + " '" + escape(as_bytes(word)) + "'",
                    did_you_mean(word, words_of(choices, &Choice::name)) + "the " +
                        std::string(noun) + "s are " + list_forms(choices));
}

}  // namespace hotline
