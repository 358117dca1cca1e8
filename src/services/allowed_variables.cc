#include "services/allowed_variables.h"

#include <algorithm>

#include "hotline/core/ascii.h"

namespace hotline::services {
namespace {

constexpr std::size_t kVariableNameMax = 128;

/// docs/wire/remote.md has the same list.
constexpr std::string_view kRefusedVariables[] = {
    "LD_*",
    "DYLD_*",
    "BASH_*",
    "ENV",
    "IFS",
    "PATH",
    "CDPATH",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "GCONV_PATH",
    "GETCONF_DIR",
    "LOCPATH",
    "GLIBC_TUNABLES",
    "MALLOC_*",
    "NLSPATH",
    "HOSTALIASES",
    "LOCALDOMAIN",
    "RES_OPTIONS",
    "RESOLV_*",
    "OPENSSL_*",
    "TERMINFO*",
    "TERMCAP",
    "PYTHON*",
    "PERL5*",
    "PERLLIB",
    "PERL_*",
    "RUBYLIB",
    "RUBYOPT",
    "NODE_OPTIONS",
    "NODE_PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "JAVA_TOOL_OPTIONS",
};

bool matches_variable(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_in_variable_name(char c) { return is_ascii_alphanumeric(c) || c == '_'; }

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= kVariableNameMax && !is_ascii_digit(name[0]) &&
         std::ranges::all_of(name, is_in_variable_name);
}

bool is_refused_variable(std::string_view name) {
  return std::ranges::any_of(kRefusedVariables, [name](std::string_view pattern) {
    return matches_variable(name, pattern);
  });
}

bool is_refused_pattern(std::string_view pattern) {
  if (!pattern.ends_with('*')) return is_refused_variable(pattern);
  const std::string_view beginning = pattern.substr(0, pattern.size() - 1);
  return std::ranges::any_of(kRefusedVariables, [beginning](std::string_view refused) {
    return refused.ends_with('*') && matches_variable(beginning, refused);
  });
}

bool is_allowed_variable(std::string_view name, std::span<const std::string> patterns) {
  if (!is_variable_name(name) || is_refused_variable(name)) return false;
  return std::ranges::any_of(
      patterns, [name](std::string_view pattern) { return matches_variable(name, pattern); });
}

}  // namespace hotline::services
