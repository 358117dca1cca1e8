#include "hotline/services/time_locale.h"

#include <langinfo.h>
#include <locale.h>

#include <cerrno>
#include <new>
#include <utility>

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

constexpr char kPlainName[] = "C";

std::unexpected<Error> refuse_locale(const std::string& name, std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "use the locale",
                         "'" + escape(as_bytes(name)) + "'", std::move(detail),
                         "`locale -a` lists those of this machine; write C, or for example "
                         "de_DE.UTF-8"));
}

void free_locale(void* locale) { ::freelocale(static_cast<locale_t>(locale)); }

/// Returns null if there is no such locale.
std::shared_ptr<void> open_locale(const char* name) {
  const locale_t locale = ::newlocale(LC_TIME_MASK | LC_CTYPE_MASK, name, nullptr);
  if (locale == nullptr && errno == ENOMEM) throw std::bad_alloc();
  return locale == nullptr ? nullptr : std::shared_ptr<void>(locale, free_locale);
}

}  // namespace

TimeLocale::TimeLocale() : TimeLocale(open_locale(kPlainName), kPlainName) {}

TimeLocale::TimeLocale(std::shared_ptr<void> locale, std::string name)
    : name_(std::move(name)), locale_(std::move(locale)) {}

Result<TimeLocale> TimeLocale::find(const std::string& name) {
  if (name == kPlainName || name == "POSIX") return TimeLocale();
  // For an empty name the C library would ask the environment.
  auto locale = name.empty() ? nullptr : open_locale(name.c_str());
  if (!locale) return refuse_locale(name, "this machine does not have it");
  const std::string charset = ::nl_langinfo_l(CODESET, static_cast<locale_t>(locale.get()));
  if (charset != "UTF-8") {
    return refuse_locale(name, "its texts are in " + charset + ", not in UTF-8");
  }
  return TimeLocale(std::move(locale), name);
}

}  // namespace hotline
