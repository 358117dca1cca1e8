#include "hotline/core/bad_result_access.h"

#include <utility>

namespace hotline {
namespace {

std::string text_of(const Error& error) {
  std::string text = error.message();
  if (const std::string hint = error.hint(); !hint.empty()) text += "; hint: " + hint;
  return text;
}

}  // namespace

BadResultAccess::BadResultAccess(Error error)
    : std::bad_expected_access<Error>(std::move(error)), text_(text_of(this->error())) {}

void throw_bad_access(const Error& error) { throw BadResultAccess(error); }

}  // namespace hotline
