#include "cli/build_facts.h"

#include <version>

namespace hotline::cli {
namespace {

#define HOTLINE_TEXT_OF(number) #number
#define HOTLINE_TEXT(macro) HOTLINE_TEXT_OF(macro)

constexpr std::string_view kStandardLibrary =
    "libstdc++ " HOTLINE_TEXT(_GLIBCXX_RELEASE) ", " HOTLINE_TEXT(__GLIBCXX__);

}  // namespace

BuildFacts build_facts() {
  return {HOTLINE_VERSION, HOTLINE_BUILD_TYPE, HOTLINE_COMPILER, kStandardLibrary,
          HOTLINE_BOOST,   HOTLINE_LIBURING,   HOTLINE_LIBEDIT};
}

}  // namespace hotline::cli
