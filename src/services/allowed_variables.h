#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hotline::services {

/// Returns true if a variable of an environment can have that name: letters, digits and `_`, not
/// beginning with a digit, at most 128.
bool is_variable_name(std::string_view name);

/// Returns true for variables that a server accepts from no client: they change which code a
/// program loads or runs (`LD_PRELOAD`, `BASH_ENV`, `PATH`, `IFS`, `PYTHONPATH`, ...), or whose
/// command it is (`HOME`, `USER`, `SHELL`, ...). docs/wire/remote.md lists them.
bool is_refused_variable(std::string_view name);

/// Returns true if is_refused_variable() is true for every name that matches the pattern (see
/// below).
bool is_refused_pattern(std::string_view pattern);

/// Returns true if a server whose operator allows `patterns` accepts the variable from a client:
/// one of them matches, and it is not a refused one. A pattern is a name, or the beginning of names
/// and `*`: `LC_*`; `*` alone is every name.
bool is_allowed_variable(std::string_view name, std::span<const std::string> patterns);

}  // namespace hotline::services
