#include "cli/arguments.h"

#include <algorithm>
#include <utility>

#include "cli/option_values.h"
#include "cli/report.h"
#include "hotline/core/choice.h"
#include "hotline/core/nearest_name.h"

namespace hotline::cli {
namespace {

constexpr std::string_view kEndOfOptions = "--";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_long(std::string_view word) {
  return word.size() > 2 && word.starts_with("--") && word[2] != '-';
}
bool is_short(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && word[1] != '-' && !is_digit(word[1]);
}

const OptionRow* find_letter(const CommandShape& shape, char letter) {
  const auto found = std::ranges::find(shape.options, letter, &OptionRow::letter);
  return found == shape.options.end() ? nullptr : &*found;
}

const OptionRow* find_name(const CommandShape& shape, std::string_view name) {
  const auto found = std::ranges::find(shape.options, name, &OptionRow::name);
  return found == shape.options.end() ? nullptr : &*found;
}

class Splitter {
 public:
  Splitter(const std::vector<std::string>& words, const CommandShape& program,
           const std::vector<CommandShape>& commands)
      : words_(words), commands_(commands), shape_(&program) {}

  Result<Arguments> split() {
    while (position_ < words_.size()) {
      if (auto taken = take(words_[position_++]); !taken) return fail(std::move(taken.error()));
    }
    return std::move(arguments_);
  }

 private:
  Result<void> take(const std::string& word) {
    if (has_ended_options_) return take_word(word);
    if (word == kEndOfOptions) {
      has_ended_options_ = true;
      arguments_.words_before_end = arguments_.words.size();
      return {};
    }
    if (is_long(word)) return take_long(word);
    return is_short(word) ? take_letters(word) : take_word(word);
  }

  Result<void> take_word(const std::string& word) {
    if (shape_->name.empty()) return take_command(word);
    arguments_.words.push_back(word);
    if (arguments_.words.size() <= shape_->words_max) return {};
    return fail(usage_error("one word too many: " + quote(word), see_help()));
  }

  Result<void> take_command(const std::string& word) {
    const auto found = std::ranges::find(commands_, word, &CommandShape::name);
    if (found == commands_.end()) return fail(unknown_command(word));
    shape_ = &*found;
    arguments_.command = word;
    return {};
  }

  Result<void> take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const OptionRow* option = find_name(*shape_, word.substr(0, equals));
    if (option == nullptr) return fail(unknown_option(word));
    if (equals == word.npos) return take_option(*option);
    if (option->takes_value()) return keep(*option, word.substr(equals + 1));
    return fail(usage_error(option->name + " takes no value", "write just " + option->name));
  }

  /// `-v`, `-vV`. After a letter that takes a value, the rest of the word is the value.
  Result<void> take_letters(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const OptionRow* option = find_letter(*shape_, word[i]);
      if (option == nullptr) return fail(unknown_option(word));
      if (option->takes_value() && i + 1 < word.size()) return keep(*option, word.substr(i + 1));
      if (auto taken = take_option(*option); !taken) return taken;
    }
    return {};
  }

  /// If the option takes a value, the value is the next word.
  Result<void> take_option(const OptionRow& option) {
    if (!option.takes_value()) return keep(option, {});
    if (position_ == words_.size() || words_[position_] == kEndOfOptions) {
      return fail(usage_error(option.name + " needs a value", see_help()));
    }
    return keep(option, words_[position_++]);
  }

  Result<void> keep(const OptionRow& option, std::string value) {
    arguments_.all[option.name].push_back(value);
    arguments_.options[option.name] = std::move(value);
    return {};
  }

  std::string see_help() const {
    return shape_->name.empty() ? "see 'hotline --help'"
                                : "see 'hotline " + shape_->name + " --help'";
  }

  Error unknown_option(const std::string& word) const {
    const std::string name = word.substr(0, word.find('='));
    const auto owner = std::ranges::find_if(
        commands_, [&](const CommandShape& each) { return find_name(each, name) != nullptr; });
    if (shape_->name.empty() && owner != commands_.end()) {
      return usage_error(
          quote(name) + " is an option of a command",
          "write it after the command, as in 'hotline " + owner->name + ' ' + name + "'");
    }
    std::vector<std::string> names;
    for (const OptionRow& each : shape_->options) {
      if (each.is_listed) names.push_back(each.name);
    }
    return usage_error("there is no option " + quote(word) +
                           (shape_->name.empty() ? "" : " of 'hotline " + shape_->name + "'"),
                       did_you_mean(name, names) + "there are " + list_words(names) +
                           "; words after -- are not options");
  }

  Error unknown_command(const std::string& word) const {
    std::vector<std::string> names;
    for (const CommandShape& each : commands_) names.push_back(each.name);
    return usage_error("there is no command " + quote(word),
                       did_you_mean(word, names) + "there are " + list_words(names));
  }

  const std::vector<std::string>& words_;
  const std::vector<CommandShape>& commands_;
  const CommandShape* shape_;  ///< The rows of the options that may follow.
  std::size_t position_ = 0;
  bool has_ended_options_ = false;
  Arguments arguments_;
};

}  // namespace

Result<Arguments> split_arguments(const std::vector<std::string>& words,
                                  const CommandShape& program,
                                  const std::vector<CommandShape>& commands) {
  return Splitter(words, program, commands).split();
}

}  // namespace hotline::cli
