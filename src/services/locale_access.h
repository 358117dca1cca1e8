#pragma once

#include <locale.h>

#include "hotline/services/time_locale.h"

namespace hotline::services {

/// Gives the C library's object to the code that calls it.
struct LocaleAccess {
  static locale_t of(const TimeLocale& locale) {
    return static_cast<locale_t>(locale.locale_.get());
  }
};

}  // namespace hotline::services
