#pragma once

#include <span>
#include <string>
#include <vector>

namespace hotline::engine {

/// Where programs are looked for, whatever the server's own PATH says.
inline constexpr const char* kCleanPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What every program gets of `inherited` (as environ(7)): who and where, language and time zone.
/// Nothing that makes a loader or a shell read or run something (LD_*, BASH_ENV, ENV, IFS), and a
/// fixed PATH.
std::vector<std::string> clean_environment(const char* const* inherited);

/// Adds HOME, USER, LOGNAME and SHELL, as far as they are missing, as the user database has them
/// for the user of this process.
void add_user(std::vector<std::string>& environment);

/// `additions`, which end in a null, and of `clean` what they do not name, with a null at the end.
std::vector<char*> merge_environment(std::span<char* const> additions,
                                     std::vector<std::string>& clean);

/// The value of `name` in an environment that ends in a null; null if it has none.
const char* value_in(std::span<char* const> environment, std::string_view name);

}  // namespace hotline::engine
