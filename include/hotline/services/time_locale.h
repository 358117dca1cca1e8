#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

// Outside of what is exported.
namespace hotline::services {
struct LocaleAccess;
}  // namespace hotline::services

namespace hotline HOTLINE_PUBLIC {

/// The names of days and months, and the usual forms of dates, in one language: the category
/// LC_TIME of a locale of the system. The locale of the process is neither used nor changed. An
/// immutable value; copies share the data. Any thread.
class TimeLocale {
 public:
  /// The locale C: English.
  TimeLocale();

  /// Returns the locale of that name, such as `de_DE.UTF-8`. Fails with `invalid_argument` if this
  /// machine does not have it, and if its texts are not in UTF-8. Reads files, and blocks while it
  /// does.
  static Result<TimeLocale> find(const std::string& name);

  const std::string& name() const { return name_; }

 private:
  friend struct services::LocaleAccess;

  TimeLocale(std::shared_ptr<void> locale, std::string name);

  std::string name_;
  std::shared_ptr<void> locale_;  ///< A locale_t.
};

}  // namespace hotline
