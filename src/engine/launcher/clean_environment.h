#pragma once

#include <span>
#include <string>
#include <vector>

namespace hotline::engine {

/// The directories in which programs are looked up, whatever the server's own PATH is.
inline constexpr const char* kCleanPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Returns the part of `inherited` (as environ(7)) that every program gets: user, home, language
/// and time zone. Excludes variables that make a loader or a shell read or run something (LD_*,
/// BASH_ENV, ENV, IFS). PATH has a fixed value.
std::vector<std::string> clean_environment(const char* const* inherited);

/// Adds those of HOME, USER, LOGNAME and SHELL that are missing, from the user database, for the
/// user of this process.
void add_user(std::vector<std::string>& environment);

/// Returns `additions`, which end in a null, and those of `clean` that `additions` do not name,
/// with a null at the end.
std::vector<char*> merge_environment(std::span<char* const> additions,
                                     std::vector<std::string>& clean);

/// Returns the value of `name` in an environment that ends in a null, or null if it is not there.
const char* value_in(std::span<char* const> environment, std::string_view name);

}  // namespace hotline::engine
