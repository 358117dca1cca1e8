#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/confinement.h"

namespace hotline HOTLINE_PUBLIC {

/// What Server::bind() does about confining the program: see confine_program().
enum class Confine : std::uint8_t {
  never,
  if_possible,  ///< If all its handlers stay within their files; the log says what is missing.
  required,     ///< If a wall is missing, bind() fails.
};

/// Returns the one that `word` names: `off`, `auto` or `required`. Fails with `invalid_argument`.
Result<Confine> parse_confine(std::string_view word);

/// Returns the words that parse_confine() takes, in the order of the enumerators.
std::span<const Choice> confine_names();

/// How a server confines the program that it is in.
struct ConfinementOptions {
  Confine confine = Confine::never;

  /// What the program uses besides what Handler::stays_within() has, the files that the endpoints
  /// name and the paths of UNIX sockets: what on_reload reads, or what tasks use.
  std::vector<UsablePath> usable{};
};

}  // namespace hotline
