#include "services/call_opening.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "hotline/core/ascii.h"

namespace hotline::services {
namespace {

constexpr std::string_view kSshBegin = "SSH-";
constexpr std::string_view kUpgrade = "upgrade: websocket";

// The protocols whose requests are `METHOD TARGET PROTOCOL/1.1`.
constexpr std::array<std::string_view, 4> kProtocols = {"HTTP/", "RTSP/", "SIP/", "ICAP/"};

// HTTP/0.9 has no version after it.
constexpr std::array<std::string_view, 8> kBegins = {"GET /", "HEAD /",   "OPTIONS /", "POST /",
                                                     "PUT /", "DELETE /", "PATCH /",   "TRACE /"};

struct FirstLine {
  std::string_view text;  ///< Without the end of the line.
  bool is_whole = false;
};

FirstLine first_line_of(std::string_view text) {
  const std::size_t size = text.find('\n');
  std::string_view line = text.substr(0, size);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return {line, size != text.npos};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// A character of a method or a field name: RFC 9110, 5.6.2.
bool is_token_character(char c) {
  const char letter = lower(c);
  return (letter >= 'a' && letter <= 'z') || is_ascii_digit(c) ||
         (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

bool is_token(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, is_token_character);
}

/// Removes a word, and the blank after it, from the front of `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  return word;
}

/// Returns true if `word` is a beginning of `protocol` and a version.
bool begins_version(std::string_view word, std::string_view protocol) {
  constexpr std::string_view kVersion = "0.0";
  if (word.size() > protocol.size() + kVersion.size()) return false;
  if (word.size() <= protocol.size()) return protocol.starts_with(word);
  if (!word.starts_with(protocol)) return false;
  word.remove_prefix(protocol.size());
  return std::ranges::equal(word, kVersion.substr(0, word.size()), [](char c, char wanted) {
    return wanted == '0' ? is_ascii_digit(c) : c == wanted;
  });
}

/// Returns true if `word` is that for one of the protocols, and has at least its name, or `extra`
/// characters more.
bool is_version(std::string_view word, std::size_t extra) {
  return std::ranges::any_of(kProtocols, [&](std::string_view protocol) {
    return word.size() >= protocol.size() + extra && begins_version(word, protocol);
  });
}

/// Returns true if quotes of a shell continue after the line: the request is then an argument. A
/// browser puts no blank into its requests.
bool is_quoted(std::string_view line) {
  const auto is_odd = [&](char quote) { return std::ranges::count(line, quote) % 2 != 0; };
  return std::ranges::count(line, ' ') > 2 && (is_odd('\'') || is_odd('"'));
}

bool ends_in_version(std::string_view line) {
  const std::size_t blank = line.rfind(' ');
  return blank != line.npos && is_version(line.substr(blank + 1), 3) && !is_quoted(line);
}

/// A request as browsers write it has three words, and the second is a path.
struct RequestLine {
  explicit RequestLine(std::string_view line)
      : method(take_word(line)), target(take_word(line)), version(line) {}

  bool may_be_http() const {
    const bool is_target = target.empty() || target.starts_with('/') || target == "*";
    return is_token(method) && is_target;
  }

  std::string_view method;
  std::string_view target;
  std::string_view version;
};

bool is_cut_request(std::string_view line) {
  const RequestLine request(line);
  return request.may_be_http() && !request.target.empty() && is_version(request.version, 0);
}

/// Returns true if the rest of the line may make it a request of HTTP.
bool may_become_request(std::string_view line) {
  const RequestLine request(line);
  const auto begins = [&](std::string_view each) { return begins_version(request.version, each); };
  return request.may_be_http() && std::ranges::any_of(kProtocols, begins);
}

/// `Host: example.org`. No program has such a name.
bool is_field(std::string_view line) {
  const std::string_view name = take_word(line);
  return name.ends_with(':') && is_token(name.substr(0, name.size() - 1));
}

std::string_view skip_blank_lines(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of("\r\n"), text.size()));
}

bool is_http(std::string_view text) {
  text = skip_blank_lines(text);
  const auto begins = [&](std::string_view each) { return text.starts_with(each); };
  if (std::ranges::any_of(kBegins, begins)) return true;
  const FirstLine line = first_line_of(text);
  return is_field(line.text) ||
         (line.is_whole ? ends_in_version(line.text) : is_cut_request(line.text));
}

bool asks_for_upgrade(std::string_view text) {
  const auto found = std::ranges::search(text, kUpgrade, {}, lower);
  return !found.empty();
}

/// A record of TLS begins with its kind and version; a hello of SSLv2 with its length and a 1.
bool is_tls(std::string_view text) {
  if (text.front() == '\x16') return text.size() == 1 || text[1] == '\x03';
  return (text.front() & 0x80) != 0 && text.size() > 2 && text[2] == '\x01';
}

/// A command does not begin with a control character, and UTF-8 not with a continuation byte.
bool begins_no_text(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const bool is_blank = first == '\t' || first == '\n' || first == '\r';
  return (first < ' ' && !is_blank) || first == 0x7f || (first & 0xc0) == 0x80 || first > 0xf7;
}

}  // namespace

std::string_view name_of(Spoken spoken) {
  switch (spoken) {
    case Spoken::commands: return "a command";
    case Spoken::http: return "HTTP";
    case Spoken::web_socket: return "a WebSocket upgrade";
    case Spoken::tls: return "TLS";
    case Spoken::ssh: return "SSH";
    case Spoken::binary: return "binary data";
  }
  return "unknown";
}

Spoken spoken_in(std::string_view text) {
  if (text.empty()) return Spoken::commands;
  if (is_tls(text)) return Spoken::tls;
  if (begins_no_text(text)) return Spoken::binary;
  if (text.starts_with(kSshBegin)) return Spoken::ssh;
  if (!is_http(text)) return Spoken::commands;
  return asks_for_upgrade(text) ? Spoken::web_socket : Spoken::http;
}

void CallOpening::add(std::string_view received) {
  if (!is_open_) return;
  text_.append(received);
  spoken_ = spoken_in(text_);
  const FirstLine line = first_line_of(skip_blank_lines(text_));
  const bool may_become_other =
      !line.is_whole && (line.text.empty() || may_become_request(line.text));
  is_open_ = spoken_ == Spoken::commands && may_become_other;
  if (!is_open_ || text_.size() <= kLineMax) return;
  // A page can make a browser's address as long as it likes, and cut it where it likes.
  if (!is_settled_) spoken_ = Spoken::http;
  is_open_ = false;
}

}  // namespace hotline::services
