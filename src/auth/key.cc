#include "hotline/auth/key.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "auth/base64url.h"
#include "hotline/core/ascii.h"
#include "hotline/core/hex.h"
#include "hotline/engine/random.h"

namespace hotline {
namespace {

constexpr std::string_view kPrefix = "hotline-key-";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kServerIdBytes = 16;
constexpr std::size_t kChecksumBytes = 6;
constexpr std::size_t kSecretCharacters = auth::base64url_size(Key::kSecretBytes);
constexpr std::size_t kChecksumCharacters = auth::base64url_size(kChecksumBytes);

using Checksum = std::array<char, kChecksumCharacters>;

/// What stands between the colons of a line.
struct Fields {
  std::string_view server_id;
  std::string_view name;
  std::string_view secret;
  std::string_view checksum;
};

std::unexpected<Error> refuse(std::string detail, std::string advice,
                              ErrorKind kind = ErrorKind::invalid_argument) {
  return fail(make_error(kind, "take", "the key", std::move(detail), std::move(advice)));
}

std::unexpected<Error> refuse_cut(std::string detail) {
  return refuse("the line is cut off: " + std::move(detail), "copy the whole line again");
}

std::unexpected<Error> refuse_changed(std::string detail) {
  return refuse(std::move(detail), "a character was changed: copy the line again");
}

/// Returns the text up to the next colon and drops both from `rest`.
std::string_view take_field(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(':'), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

/// Checks the beginning of `line`, which says what it is.
Result<void> check_version(std::string_view line) {
  if (line.empty()) return refuse("there is none", "it begins with hotline-key-1:");
  if (!line.starts_with(kPrefix)) {
    return refuse("the text is not the line of a key", "it begins with hotline-key-1:");
  }
  line.remove_prefix(kPrefix.size());
  const std::string_view version = take_field(line);
  unsigned number = 0;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc() || end != version.data() + version.size()) {
    return refuse("the text is not the line of a key", "it begins with hotline-key-1:");
  }
  if (version == kVersion) return {};
  return refuse("its version is " + std::to_string(number) + ", and version 1 is known here",
                "make the key with this version of the program, or install a later one",
                ErrorKind::unsupported);
}

Result<Fields> split(std::string_view line) {
  const auto parts = std::ranges::count(line, ':') + 1;
  if (parts < 5) return refuse_cut("it has " + std::to_string(parts) + " of 5 parts");
  if (parts > 5) {
    return refuse_changed("the line has " + std::to_string(parts) + " parts instead of 5");
  }
  take_field(line);
  Fields fields;
  for (std::string_view* each : {&fields.server_id, &fields.name, &fields.secret}) {
    *each = take_field(line);
  }
  fields.checksum = line;
  return fields;
}

Checksum checksum_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  Checksum checksum;
  auth::encode_base64url(std::as_bytes(std::span(digest)).first(kChecksumBytes), checksum);
  return checksum;
}

/// Checks the sizes and characters of the fields.
Result<void> check_fields(const Fields& fields) {
  if (!Key::is_server_id(fields.server_id)) {
    return refuse_changed("the server id is not 32 hexadecimal digits");
  }
  if (auto checked = Key::check_name(fields.name); !checked) {
    return refuse_changed("the name is wrong: " + checked.error().detail);
  }
  if (fields.secret.size() != kSecretCharacters) {
    return refuse_changed("the secret has " + std::to_string(fields.secret.size()) +
                          " characters instead of " + std::to_string(kSecretCharacters));
  }
  const std::size_t wrong = auth::find_not_base64url(fields.secret);
  if (wrong != fields.secret.npos) {
    return refuse_changed("character " + std::to_string(wrong + 1) +
                          " of the secret is not a letter, a digit, - or _");
  }
  if (fields.checksum.size() < kChecksumCharacters) return refuse_cut("its checksum is short");
  return {};
}

/// `text` is everything before the checksum.
Result<void> check_checksum(std::string_view text, std::string_view checksum) {
  const Checksum expected = checksum_of(text);
  if (std::string_view(expected.data(), expected.size()) == checksum) return {};
  return refuse_changed("its checksum does not match");
}

}  // namespace

Key Key::random(std::string server_id, std::string name) {
  Key key{std::move(server_id), std::move(name), Secret(kSecretBytes)};
  random_bytes(key.secret.fill());
  return key;
}

std::string Key::random_server_id() {
  std::array<std::byte, kServerIdBytes> bytes;
  random_bytes(bytes);
  return to_hex(bytes);
}

Result<Key> Key::parse(std::string_view line) {
  const std::string_view whole = trim(line, kBlanks);
  if (auto checked = check_version(whole); !checked) return fail(std::move(checked.error()));
  const auto fields = split(whole);
  if (!fields) return fail(fields.error());
  if (auto checked = check_fields(*fields); !checked) return fail(std::move(checked.error()));
  const std::string_view before = whole.substr(0, whole.size() - fields->checksum.size() - 1);
  if (auto checked = check_checksum(before, fields->checksum); !checked) {
    return fail(std::move(checked.error()));
  }
  Key key{std::string(fields->server_id), std::string(fields->name), Secret(kSecretBytes)};
  if (!auth::decode_base64url(fields->secret, key.secret.fill())) {
    return refuse_changed("the last character of the secret is not one that can be there");
  }
  return key;
}

Result<void> Key::check_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  constexpr char kAdvice[] =
      "a name has 1 to 64 letters, digits, '.', '_' or '-', no dot first, and is not any or owner";
  const auto refuse_name = [&](const char* detail) {
    return fail(make_error(ErrorKind::invalid_argument, "use",
                           "the name '" + escape(as_bytes(name), kNameBytesMax) + "'", detail,
                           kAdvice));
  };
  if (name.empty()) return refuse_name("it is empty");
  if (name.size() > kNameBytesMax) return refuse_name("it is longer than 64 bytes");
  if (name.front() == '.') return refuse_name("it begins with a dot");
  if (name.find_first_not_of(kAllowed) != name.npos) {
    return refuse_name("it has a character that names may not have");
  }
  if (name == "any" || name == "owner") return refuse_name("it is a word of allow= lists");
  return {};
}

bool Key::is_server_id(std::string_view text) {
  return text.size() == kServerIdDigits && text.find_first_not_of(kHexDigits) == text.npos;
}

Secret Key::to_line() const {
  std::string text;
  text.reserve(kLineBytesMax);  // It must not move and leave copies of the secret behind.
  text.append(kPrefix).append(kVersion).append(":").append(server_id).append(":");
  text.append(name).append(":");
  const std::size_t begin = text.size();
  text.resize(begin + kSecretCharacters);
  auth::encode_base64url(secret.bytes(), std::span(text).subspan(begin));
  const Checksum checksum = checksum_of(text);
  text.append(":").append(checksum.data(), checksum.size());
  Secret line(as_bytes(text));
  wipe(std::as_writable_bytes(std::span(text)));
  return line;
}

}  // namespace hotline
