#include "cli/command_quota.h"

#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/file_text.h"
#include "cli/report.h"
#include "cli/text_layout.h"

namespace hotline::cli {
namespace {

constexpr char kQuotaUsage[] = "hotline quota ENDPOINT [PATH]";

constexpr char kQuotaExamples[] =
    R"(  hotline quota tls://files.example.org:7070
  hotline quota tls://files.example.org:7070 team
)";

constexpr char kQuotaDescription[] =
    R"(Prints how much the files of the user at ENDPOINT take, how much they may take, and what the
user may do: in the home, or in the share that PATH is, or is in.
)";

std::string rights_text(const FileRights& rights) {
  std::string text;
  const auto add = [&](bool has, std::string_view name) {
    if (has) text += (text.empty() ? "" : ", ") + std::string(name);
  };
  add(rights.can_read, "read");
  add(rights.can_write, "write");
  add(rights.can_overwrite, "overwrite");
  add(rights.can_remove, "delete");
  return text.empty() ? "nothing" : text;
}

/// Returns them as the file of the user has them.
std::string rights_letters(const FileRights& rights) {
  std::string text;
  if (rights.can_read) text += 'r';
  if (rights.can_write) text += 'w';
  if (rights.can_overwrite) text += 'o';
  if (rights.can_remove) text += 'd';
  return text;
}

std::string quota_table(const FileQuota& quota) {
  const auto most = [](std::uint64_t max, auto text) {
    return max == kNoQuota ? std::string("no limit") : text(max);
  };
  return table({{"", "USED", "RESERVED", "AT MOST"},
                {"bytes", size_text(quota.bytes_used), size_text(quota.bytes_reserved),
                 most(quota.bytes_max, size_text)},
                {"entries", count_text(quota.entries_used), "",
                 most(quota.entries_max, count_text)}}) +
         "rights: " + rights_text(quota.rights) + '\n';
}

std::string json_of_quota(const FileQuota& quota) {
  JsonLine object;
  object.add("bytes_used", static_cast<std::int64_t>(quota.bytes_used));
  object.add("bytes_reserved", static_cast<std::int64_t>(quota.bytes_reserved));
  object.add("entries_used", static_cast<std::int64_t>(quota.entries_used));
  if (quota.bytes_max != kNoQuota) {
    object.add("bytes_max", static_cast<std::int64_t>(quota.bytes_max));
  }
  if (quota.entries_max != kNoQuota) {
    object.add("entries_max", static_cast<std::int64_t>(quota.entries_max));
  }
  object.add("rights", rights_letters(quota.rights));
  return JsonLine::versioned().add("quota", object).text() + '\n';
}

ExitStatus perform_quota(FileLink& link, const QuotaOptions& options, const CommonOptions& common) {
  const auto quota =
      link.perform<FileQuota>([&](FileClient& client) { return client.quota(options.path); });
  if (!quota) return report_file_failure(quota.error(), link);
  const bool is_json = common.output == OutputForm::json;
  return print_output(is_json ? json_of_quota(*quota) : quota_table(*quota), ExitStatus::ok,
                      common.output);
}

}  // namespace

Result<QuotaOptions> read_quota(const Arguments& given) {
  QuotaOptions options;
  if (auto read = read_file_command(given, kQuotaUsage, options.common); !read) {
    return fail(read.error());
  }
  if (given.words.size() < 2) return options;
  auto path = read_remote_path(given.words[1]);
  if (!path) return fail(std::move(path.error()));
  options.path = *std::move(path);
  return options;
}

Subcommand quota_subcommand() {
  return {.name = "quota",
          .summary = "print what the files of a user take",
          .examples = kQuotaExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "PATH", .usage = "[PATH]"}},
          .options = with_file_rows({}),
          .description = kQuotaDescription,
          .notes = kFileNotes,
          .run = run_files_once<read_quota, perform_quota>,
          .run_on = run_files_on<read_quota, perform_quota>};
}

}  // namespace hotline::cli
