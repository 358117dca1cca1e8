#include "services/file_share_terms.h"

#include <utility>

#include "services/file_limits.h"

namespace hotline::services {
namespace {

Result<void> take_term(FileShareTerms& terms, const TomlEntry& entry) {
  const bool is_quota = entry.key == "quota";
  if (entry.table || (!is_quota && entry.key != "entries")) {
    return fail(toml_error(entry.line, "there is no such key", "the keys are quota and entries"));
  }
  if (is_quota ? take_quota(terms.limits, entry) : take_entries(terms.limits, entry)) return {};
  const std::string form(is_quota ? kQuotaForm : kEntriesForm);
  return fail(toml_error(entry.line, "the value is invalid", "write " + form));
}

std::unexpected<Error> refuse_share_file(std::string_view name, Error error) {
  error.operation = "read the share";
  error.endpoint = name;
  return fail(std::move(error));
}

}  // namespace

Result<FileShareTerms> parse_file_share(std::string_view name, std::string_view text) {
  FileShareTerms terms{.name = std::string(name)};
  const auto entries = parse_toml(text);
  if (!entries) return refuse_share_file(name, entries.error());
  for (const TomlEntry& entry : *entries) {
    if (auto taken = take_term(terms, entry); !taken) {
      return refuse_share_file(name, taken.error());
    }
  }
  return terms;
}

std::string format_file_share(const FileShareTerms& terms) {
  return format_file_limits(terms.limits);
}

}  // namespace hotline::services
