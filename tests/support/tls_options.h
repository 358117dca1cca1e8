#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hotline/net/tls.h"

namespace hotline::test {

/// Returns a key of 32 bytes `fill`, with the identity `id:NAME`.
inline Psk key_of(const std::string& name, char fill = 'k') {
  return {.identity = "id:" + name, .key = Secret(as_bytes(std::string(32, fill))), .name = name};
}

/// Returns the options of a server that knows the key of `name` and no other.
inline TlsOptions accepting(std::string name, char fill = 'k') {
  TlsOptions options;
  options.accepted = [name = std::move(name), fill](std::string_view identity) {
    return identity == "id:" + name ? std::optional(key_of(name, fill)) : std::nullopt;
  };
  return options;
}

/// Returns the options of a client that presents the key of `name`, whatever its URI says.
inline TlsOptions presenting(std::string name, char fill = 'k') {
  TlsOptions options;
  options.credential = [name = std::move(name), fill](std::string_view, std::string_view) {
    return Result<Psk>(key_of(name, fill));
  };
  return options;
}

}  // namespace hotline::test
