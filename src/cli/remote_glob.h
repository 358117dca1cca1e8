#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/file_link.h"
#include "hotline/core/result.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"

namespace hotline::cli {

/// Returns true if a name, or a path, matches a pattern: `*` and `?` stand for characters of one
/// component, `[a-z]` and `[!a-z]` for one of them, `**` for any number of components, and `\`
/// takes the meaning from what follows.
bool glob_matches(std::string_view pattern, std::string_view path);

/// Returns true if the word contains one of `*?[` without a `\` before it.
bool is_glob(std::string_view word);

/// Returns true if the word contains one of `*?[`. In other words a `\` is itself.
bool has_pattern_sign(std::string_view word);

/// What a word for a path at the server stands for.
struct RemoteName {
  FilePath path{};
  FileMeta meta{};
};

/// Returns the path that a word is; of a pattern, that of the directory below which it matches.
/// Fails with a usage_error() if it is none.
Result<FilePath> fixed_path(std::string_view word);

/// What becomes of a match below a directory that matches too.
enum class Covered : bool {
  listed,
  left_out,  ///< The directory stands for it: for work on whole trees.
};

/// Leaves out what is below a directory that is one of `names` too.
void leave_out_covered(std::vector<RemoteName>& names);

/// Returns what exists at the server for a word: what has that path, or all that matches, each path
/// once, in their order. Fails as FileClient::list() and stat(), with `not_found` if nothing
/// matches, and as fixed_path().
FileResult<std::vector<RemoteName>> find_remote(FileLink& link, std::string_view word,
                                                Covered covered = Covered::listed);

}  // namespace hotline::cli
