#include "cli/build_facts.h"

#include <version>

#include <openssl/crypto.h>

namespace hotline::cli {
namespace {

#define HOTLINE_TEXT_OF(number) #number
#define HOTLINE_TEXT(macro) HOTLINE_TEXT_OF(macro)

constexpr std::string_view kStandardLibrary =
    "libstdc++ " HOTLINE_TEXT(_GLIBCXX_RELEASE) ", " HOTLINE_TEXT(__GLIBCXX__);

}  // namespace

BuildFacts build_facts() {
  return {.version = HOTLINE_VERSION,
          .build_type = HOTLINE_BUILD_TYPE,
          .compiler = HOTLINE_COMPILER,
          .standard_library = kStandardLibrary,
          .boost = HOTLINE_BOOST,
          .liburing = HOTLINE_LIBURING,
          .libedit = HOTLINE_LIBEDIT,
          .libseccomp = HOTLINE_LIBSECCOMP,
          .openssl = OpenSSL_version(OPENSSL_VERSION),
          .xxhash = HOTLINE_XXHASH,
          .tomlplusplus = HOTLINE_TOMLPLUSPLUS};
}

}  // namespace hotline::cli
