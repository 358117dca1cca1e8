#include "hotline/core/log.h"

#include <algorithm>

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

constexpr std::size_t kFieldMax = 4096;

/// Printable text is not changed: text from peers is already escaped, and must not be escaped
/// twice.
std::string printable(std::string_view text) {
  const bool is_printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  return is_printable ? std::string(text) : escape(as_bytes(text), kFieldMax);
}

/// What looks like another field must not be taken for one.
std::string quoted_if_needed(std::string_view text) {
  const std::string shown = printable(text);
  return shown.find(' ') == shown.npos ? shown : '"' + shown + '"';
}

}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "unknown";
}

std::string format(const LogRecord& record) {
  std::string text(record.message);
  if (!record.service.empty()) text += " service=" + printable(record.service);
  if (!record.endpoint.empty()) text += " endpoint=" + printable(record.endpoint);
  if (!record.peer.empty()) text += " peer=" + printable(record.peer);
  if (!record.identity.empty()) text += " identity=" + quoted_if_needed(record.identity);
  if (!record.detail.empty()) text += " \"" + printable(record.detail) + '"';
  return text;
}

}  // namespace hotline
