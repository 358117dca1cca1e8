#include "cli/host_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include "cli/report.h"
#include "cli/standard_input.h"
#include "hotline/core/ascii.h"
#include "hotline/core/bytes.h"
#include "hotline/engine/read_file.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;
constexpr std::string_view kHostBlanks = " \t\r";
constexpr char kExample[] =
    "write for example --on hosts.txt, with an endpoint on each line, or "
    "--on tls://a.example:8090,tls://b.example:8090";

std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != line.npos; at = line.find('#', at + 1)) {
    if (at == 0 || kHostBlanks.find(line[at - 1]) != kHostBlanks.npos) return line.substr(0, at);
  }
  return line;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(trim(text.substr(0, end), kHostBlanks));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Result<std::vector<std::string>> checked(std::vector<std::string> hosts,
                                         const std::string& source) {
  std::set<std::string_view> seen;
  for (const std::string& each : hosts) {
    if (seen.insert(each).second) continue;
    return fail(usage_error(source + " names " + each + " twice", "leave out one of them"));
  }
  if (hosts.empty()) return fail(usage_error(source + " names no endpoint", kExample));
  return hosts;
}

bool is_list(std::string_view value) {
  const std::size_t colon = value.find(':');
  return colon != value.npos && value.find('/') > colon;
}

Result<std::string> read_standard_input() {
  std::string text;
  std::vector<std::byte> piece(64 * 1024);
  for (;;) {
    const auto size = StandardInput::read(piece);
    if (size < 0) return fail(input_error(static_cast<int>(-size)));
    if (size == 0) return text;
    text += as_text(Bytes(piece).first(static_cast<std::size_t>(size)));
  }
}

}  // namespace

Result<std::vector<std::string>> parse_host_file(std::string_view text, const std::string& source) {
  std::vector<std::string> hosts;
  for (const std::string& line : split(text, '\n')) {
    const std::string_view host = trim(without_comment(line), kHostBlanks);
    if (!host.empty()) hosts.emplace_back(host);
  }
  return checked(std::move(hosts), source);
}

Result<std::vector<std::string>> read_hosts(const std::string& value) {
  if (value.empty()) return fail(usage_error("--on: it is empty", kExample));
  if (is_list(value)) {
    auto hosts = split(value, ',');
    std::erase(hosts, "");
    return checked(std::move(hosts), "--on");
  }
  const auto text = value == "-" ? read_standard_input() : read_file(value, kFileBytesMax);
  if (!text) return fail(text.error());
  return parse_host_file(*text, value == "-" ? "standard input" : value);
}

}  // namespace hotline::cli
