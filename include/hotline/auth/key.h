#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"

namespace hotline HOTLINE_PUBLIC {

/// A secret that one caller shares with one server: the home `server_id` accepts it from the caller
/// that it calls `name`. It travels as one line of text, which docs/wire/tls.md describes. A value.
struct Key {
  static constexpr std::size_t kSecretBytes = 32;
  static constexpr std::size_t kServerIdDigits = 32;
  static constexpr std::size_t kNameBytesMax = 64;
  static constexpr std::size_t kLineBytesMax = 164;

  std::string server_id;  ///< 32 hexadecimal digits, in lower case.
  std::string name;       ///< See check_name().
  Secret secret;          ///< 32 random bytes.

  /// Makes a key with a random secret.
  static Key random(std::string server_id, std::string name);

  /// Returns a random id for a home.
  static std::string random_server_id();

  /// Parses the line of a key. Blanks and an end of line around it are ignored. Fails with
  /// `invalid_argument`, and with `unsupported` for a line of another version. The error says what
  /// is wrong and contains nothing of the secret.
  static Result<Key> parse(std::string_view line);

  /// Fails with `invalid_argument` unless `name` has 1 to 64 letters, digits and `.`, `_` or `-`,
  /// and does not begin with a dot.
  static Result<void> check_name(std::string_view name);

  /// Returns true if `text` has the form of a server id.
  static bool is_server_id(std::string_view text);

  /// Returns the line of this key, without an end of line.
  Secret to_line() const;

  friend bool operator==(const Key&, const Key&) = default;
};

}  // namespace hotline
