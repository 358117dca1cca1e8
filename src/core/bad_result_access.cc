#include "hotline/core/bad_result_access.h"

#include <utility>

namespace hotline {

BadResultAccess::BadResultAccess(Error error)
    : std::bad_expected_access<Error>(std::move(error)), text_(this->error().message_with_hint()) {}

void throw_bad_access(const Error& error) { throw BadResultAccess(error); }

}  // namespace hotline
