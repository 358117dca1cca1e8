#include "services/ntp_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "hotline/engine/private_file.h"

namespace hotline::services {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";
constexpr std::string_view kCommentSigns = "#!;%";
constexpr std::string_view kAsciiPrefix = "ASCII:";
constexpr std::string_view kHexPrefix = "HEX:";
/// ntpd reads a longer key without a prefix as hexadecimal digits.
constexpr std::size_t kPlainKeyMax = 20;
constexpr std::size_t kWordsMax = 4;

/// The words of a line up to its comment. There may be more than kWordsMax.
struct Words {
  std::array<std::string_view, kWordsMax> words;
  std::size_t count = 0;
};

Words split(std::string_view line) {
  Words split;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == line.npos || line[begin] == '#' || split.count == kWordsMax) return split;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
    split.words[split.count++] = line.substr(0, end);
    line.remove_prefix(end);
  }
}

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// Returns the bytes of pairs of hexadecimal digits.
std::optional<Secret> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  Secret bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto high = hex_value(digits[2 * i]);
    const auto low = hex_value(digits[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    bytes.fill()[i] = static_cast<std::byte>(*high << 4 | *low);
  }
  return bytes;
}

/// Returns the bytes that `word` stands for, or nullopt if its digits are wrong.
std::optional<Secret> parse_secret(std::string_view word) {
  if (word.starts_with(kHexPrefix)) return from_hex(word.substr(kHexPrefix.size()));
  if (word.starts_with(kAsciiPrefix)) return Secret(as_bytes(word.substr(kAsciiPrefix.size())));
  if (word.size() > kPlainKeyMax) {
    if (auto bytes = from_hex(word)) return bytes;
  }
  return Secret(as_bytes(word));
}

std::optional<std::uint32_t> parse_id(std::string_view word) {
  std::uint32_t id = 0;
  const char* end = word.data() + word.size();
  const auto [stop, failure] = std::from_chars(word.data(), end, id);
  if (failure != std::errc() || stop != end || id == 0) return std::nullopt;
  return id;
}

/// Reads a key file line by line.
class NtpKeyParser {
 public:
  explicit NtpKeyParser(const std::string& path) : path_(path) {}

  Result<std::vector<NtpKey>> parse(std::string_view content) {
    while (!content.empty()) {
      ++line_;
      const std::size_t end = std::min(content.find('\n'), content.size());
      if (auto taken = take_line(content.substr(0, end)); !taken) return fail(taken.error());
      content.remove_prefix(std::min(end + 1, content.size()));
    }
    std::ranges::sort(keys_, {}, &NtpKey::id);
    return std::move(keys_);
  }

 private:
  std::unexpected<Error> refuse(std::string detail, std::string advice =
                                                        "a line is ID TYPE KEY, such as "
                                                        "'1 SHA1 HEX:0123456789abcdef'") const {
    return fail(refusal(ErrorKind::invalid_argument, std::move(detail), std::move(advice)));
  }

  Error refusal(ErrorKind kind, std::string detail, std::string advice) const {
    return make_error(kind, "read", path_ + ":" + std::to_string(line_), std::move(detail),
                      std::move(advice));
  }

  Result<void> take_line(std::string_view line) {
    const auto [words, count] = split(line);
    if (count == 0 || kCommentSigns.contains(words[0].front())) return {};
    if (count == 1) return refuse("the key is missing");
    if (count > 3) return refuse("more than a comment follows the key");
    const auto id = parse_id(words[0]);
    if (!id)
      return refuse("the line does not begin with the number of a key, from 1 to 4294967295");
    const auto kind = count == 3 ? parse_ntp_mac_kind(words[1]) : NtpMacKind::md5;
    if (!kind) {
      return refuse("the type of the key is unknown",
                    "the types are " + list_names(ntp_mac_kinds()));
    }
    auto secret = parse_secret(words[count - 1]);
    if (!secret) return refuse("after HEX: there must be pairs of hexadecimal digits");
    return add({*id, *kind, *std::move(secret)});
  }

  Result<void> add(NtpKey key) {
    if (key.secret.empty()) return refuse("the key is empty");
    if (key.kind == NtpMacKind::aes_cmac && key.secret.size() != NtpKey::kCmacSecretBytes) {
      return refuse("the key has " + std::to_string(key.secret.size()) +
                        " bytes, and one of this type has 16",
                    "write HEX: and 32 hexadecimal digits");
    }
    std::array<std::byte, NtpKey::kMacBytesMax> mac;
    if (const auto sealed = key.seal({}, mac); !sealed) {
      return fail(refusal(sealed.error().kind, sealed.error().detail, sealed.error().hint()));
    }
    if (!seen_.insert(key.id).second) {
      return refuse("the key " + std::to_string(key.id) + " is there twice",
                    "remove one of the two lines");
    }
    keys_.push_back(std::move(key));
    return {};
  }

  const std::string& path_;
  std::size_t line_ = 0;
  std::vector<NtpKey> keys_;
  std::set<std::uint32_t> seen_;  ///< The ids of keys_.
};

}  // namespace

Result<NtpKeys> NtpKeys::read(const std::string& path) {
  const auto content = read_private_file(path, kFileBytesMax);
  if (!content) return fail(content.error());
  return parse(content->bytes(), path);
}

Result<NtpKeys> NtpKeys::parse(Bytes content, const std::string& path) {
  auto keys = NtpKeyParser(path).parse(as_text(content));
  if (!keys) return fail(std::move(keys.error()));
  NtpKeys made;
  made.keys_ = *std::move(keys);
  return made;
}

const NtpKey* NtpKeys::find(std::uint32_t id) const {
  const auto found = std::ranges::lower_bound(keys_, id, {}, &NtpKey::id);
  return found != keys_.end() && found->id == id ? &*found : nullptr;
}

const NtpKey* NtpKeys::verify(const NtpDatagram& datagram) const {
  const NtpKey* key = datagram.mac ? find(datagram.mac->key_id) : nullptr;
  return key != nullptr && key->verify(datagram) ? key : nullptr;
}

}  // namespace hotline::services
