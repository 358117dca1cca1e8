#include "services/toml_entry.h"

#include <algorithm>
#include <utility>

#include "hotline/core/bytes.h"
#include "services/toml_line.h"

// Faults are values.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace hotline::services {
namespace {

constexpr const char* kAdvice = "write lines such as quota = \"10GiB\", with quotes around a text";

/// Fails for a file that may be half written, and for a line that toml++ must not read.
Result<void> check_lines(std::string_view text) {
  if (text.starts_with("\ufeff")) {
    return fail(
        toml_error(1, "a byte order mark is before it", "save the file as UTF-8 without one"));
  }
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return fail(toml_error(number, "the line does not end", "end the file with a newline"));
    }
    const std::string_view fault = fault_of_toml_line(text.substr(0, end));
    if (!fault.empty()) return fail(toml_error(number, std::string(fault), kAdvice));
    text.remove_prefix(end + 1);
  }
  return {};
}

Error error_of(const toml::parse_error& fault) {
  std::string_view text = fault.description();
  // It begins with `Error while parsing key-value pair: `.
  if (const auto colon = text.find(": "); colon != std::string_view::npos) {
    text.remove_prefix(colon + 2);
  }
  return toml_error(fault.source().begin.line, "it is not TOML: " + escape(as_bytes(text)),
                    kAdvice);
}

TomlEntry entry_of(const toml::key& key, const toml::node& value) {
  TomlEntry entry{.key = std::string(key.str()), .line = key.source().begin.line};
  if (const auto* number = value.as_integer()) entry.value = number->get();
  if (const auto* truth = value.as_boolean()) entry.value = truth->get();
  if (const auto* text = value.as_string()) entry.value = text->get();
  return entry;
}

void add_table(const toml::key& name, const toml::table& table, std::vector<TomlEntry>& entries) {
  const std::string text(name.str());
  if (table.empty())
    entries.push_back({.table = text, .line = name.source().begin.line, .is_empty_table = true});
  for (const auto& [key, value] : table) {
    entries.push_back(entry_of(key, value));
    entries.back().table = text;
  }
}

}  // namespace

Error toml_error(std::size_t line, std::string detail, std::string advice) {
  return make_error(ErrorKind::invalid_argument, {}, {},
                    "line " + std::to_string(line) + ": " + std::move(detail), std::move(advice));
}

Result<std::vector<TomlEntry>> parse_toml(std::string_view text) {
  if (auto good = check_lines(text); !good) return fail(std::move(good.error()));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return fail(error_of(parsed.error()));
  std::vector<TomlEntry> entries;
  for (const auto& [key, value] : parsed.table()) {
    if (const toml::table* const table = value.as_table()) {
      add_table(key, *table, entries);
    } else {
      entries.push_back(entry_of(key, value));
    }
  }
  std::ranges::sort(entries, {}, &TomlEntry::line);
  return entries;
}

}  // namespace hotline::services
