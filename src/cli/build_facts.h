#pragma once

#include <string_view>

namespace hotline::cli {

/// What the program was built with, as text. The text lives as long as the program.
struct BuildFacts {
  std::string_view version;
  std::string_view build_type;
  std::string_view compiler;
  std::string_view standard_library;
  std::string_view boost;
  std::string_view liburing;
  std::string_view libedit;
  std::string_view libseccomp;
  std::string_view openssl;  ///< The one that runs, which may be linked statically.
  std::string_view xxhash;
  std::string_view tomlplusplus;  ///< Empty: not known.
};

/// Returns the facts of this build.
BuildFacts build_facts();

}  // namespace hotline::cli
