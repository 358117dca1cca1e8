#include "engine/launcher/launch_request.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace hotline::engine {
namespace {

using Counts = std::array<std::uint32_t, 2>;

constexpr std::string_view kStart = "start";

bool has_zero(const std::string& word) { return word.find('\0') != std::string::npos; }

bool is_variable(const std::string& entry) {
  const std::size_t equals = entry.find('=');
  return equals != std::string::npos && equals > 0;
}

/// Returns what is wrong with `options`, or an empty string.
std::string problem_of(const LaunchOptions& options) {
  if (options.arguments.empty() || options.arguments.front().empty()) return "no program is named";
  if (has_zero(options.directory)) return "the directory has a zero byte";
  if (options.terminal && has_zero(options.terminal->type)) {
    return "the type of the terminal has a zero byte";
  }
  for (const std::string& word : options.arguments) {
    if (has_zero(word)) return "the argument " + escaped_word(word) + " has a zero byte";
  }
  for (const std::string& entry : options.environment) {
    if (has_zero(entry)) return "the variable " + escaped_word(entry) + " has a zero byte";
    if (!is_variable(entry)) return "the variable " + escaped_word(entry) + " is not NAME=value";
  }
  return {};
}

/// Returns the variable that names the type of the terminal, if there is a terminal and the
/// environment does not name it.
std::optional<std::string> terminal_type(const LaunchOptions& options) {
  constexpr std::string_view kName = "TERM=";
  const auto is_type = [&](const std::string& entry) { return entry.starts_with(kName); };
  if (!options.terminal || std::ranges::any_of(options.environment, is_type)) return std::nullopt;
  return std::string(kName) + options.terminal->type;
}

void append(std::string& message, const std::string& word) { message.append(word).push_back('\0'); }

/// Removes one word from the front of `rest`. Returns null if there is none.
char* take_word(MutableBytes& rest) {
  const auto end = std::ranges::find(rest, std::byte{});
  if (end == rest.end()) return nullptr;
  auto* word = reinterpret_cast<char*>(rest.data());
  rest = rest.subspan(static_cast<std::size_t>(end - rest.begin()) + 1);
  return word;
}

/// Reads `count` words and appends a null after them.
bool take_words(MutableBytes& rest, std::uint32_t count, std::vector<char*>& words) {
  for (std::uint32_t i = 0; i < count; ++i) {
    char* word = take_word(rest);
    if (word == nullptr) return false;
    words.push_back(word);
  }
  words.push_back(nullptr);
  return true;
}

}  // namespace

std::string escaped_word(const std::string& word) { return escape(as_bytes(word), 80); }

Result<std::string> encode_request(const LaunchOptions& options) {
  const std::string program =
      options.arguments.empty() ? "" : escaped_word(options.arguments.front());
  if (std::string problem = problem_of(options); !problem.empty()) {
    return fail(make_error(ErrorKind::invalid_argument, kStart, program, std::move(problem)));
  }
  const std::optional<std::string> type = terminal_type(options);
  const Counts counts{static_cast<std::uint32_t>(options.arguments.size()),
                      static_cast<std::uint32_t>(options.environment.size() + (type ? 1 : 0))};
  std::string message(sizeof counts, '\0');
  std::memcpy(message.data(), counts.data(), sizeof counts);
  append(message, options.directory);
  for (const std::string& word : options.arguments) append(message, word);
  for (const std::string& entry : options.environment) append(message, entry);
  if (type) append(message, *type);
  if (message.size() <= kRequestBytesMax) return message;
  return fail(make_error(ErrorKind::too_large, kStart, program,
                         "its words take " + std::to_string(message.size()) + " bytes, at most " +
                             std::to_string(kRequestBytesMax)));
}

std::optional<LaunchRequest> decode_request(MutableBytes message) {
  Counts counts{};
  if (message.size() < sizeof counts) return std::nullopt;
  std::memcpy(counts.data(), message.data(), sizeof counts);
  MutableBytes rest = message.subspan(sizeof counts);
  LaunchRequest request;
  request.directory = take_word(rest);
  if (request.directory == nullptr || counts[0] == 0) return std::nullopt;
  if (*request.directory == '\0') request.directory = nullptr;
  if (!take_words(rest, counts[0], request.arguments)) return std::nullopt;
  if (!take_words(rest, counts[1], request.environment)) return std::nullopt;
  if (!rest.empty()) return std::nullopt;
  return request;
}

}  // namespace hotline::engine
