#include "hotline/core/choice.h"

namespace hotline {
namespace {

std::string list(std::span<const Choice> choices, std::string_view Choice::*part,
                 std::string_view conjunction) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0 && i + 1 == choices.size()) {
      text.append(" ").append(conjunction).append(" ");
    } else if (i > 0) {
      text += ", ";
    }
    text += choices[i].*part;
  }
  return text;
}

}  // namespace

std::string list_names(std::span<const Choice> choices, std::string_view conjunction) {
  return list(choices, &Choice::name, conjunction);
}

std::string list_forms(std::span<const Choice> choices, std::string_view conjunction) {
  return list(choices, &Choice::form, conjunction);
}

}  // namespace hotline
