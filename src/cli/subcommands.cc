#include "cli/subcommands.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "cli/command_attach.h"
#include "cli/command_bench.h"
#include "cli/command_call.h"
#include "cli/command_doctor.h"
#include "cli/command_files.h"
#include "cli/command_get.h"
#include "cli/command_help.h"
#include "cli/command_jobs.h"
#include "cli/command_key.h"
#include "cli/command_ls.h"
#include "cli/command_mkdir.h"
#include "cli/command_mv.h"
#include "cli/command_ntp.h"
#include "cli/command_put.h"
#include "cli/command_quota.h"
#include "cli/command_rm.h"
#include "cli/command_run.h"
#include "cli/command_serve.h"
#include "cli/command_services.h"
#include "cli/command_shell.h"
#include "cli/command_sum.h"
#include "cli/command_time.h"
#include "cli/command_version.h"

namespace hotline::cli {
namespace {

/// A row repeats the name, because making a sub-command takes longer than parsing its arguments.
struct SubcommandRow {
  std::string_view name;
  Subcommand (*make)();
};

constexpr SubcommandRow kSubcommands[] = {
    {"serve", serve_subcommand},     {"call", call_subcommand},
    {"run", run_subcommand},         {"shell", shell_subcommand},
    {"attach", attach_subcommand},   {"jobs", jobs_subcommand},
    {"ls", ls_subcommand},           {"get", get_subcommand},
    {"put", put_subcommand},         {"mkdir", mkdir_subcommand},
    {"rm", rm_subcommand},           {"mv", mv_subcommand},
    {"sum", sum_subcommand},         {"quota", quota_subcommand},
    {"time", time_subcommand},       {"ntp", ntp_subcommand},
    {"bench", bench_subcommand},     {"files", files_subcommand},
    {"key", key_subcommand},         {"services", services_subcommand},
    {"doctor", doctor_subcommand},   {"help", help_subcommand},
    {"version", version_subcommand},
};

Subcommand make_subcommand(const SubcommandRow& row) {
  Subcommand made = row.make();
  made.options = with_common_rows(std::move(made.options));
  return made;
}

}  // namespace

std::vector<Subcommand> make_subcommands() {
  std::vector<Subcommand> made;
  for (const SubcommandRow& each : kSubcommands) made.push_back(make_subcommand(each));
  return made;
}

std::vector<Subcommand> make_subcommand_in(const std::vector<std::string>& words) {
  std::vector<Subcommand> made;
  for (const std::string& word : words) {
    const auto* const found = std::ranges::find(kSubcommands, word, &SubcommandRow::name);
    if (found == std::end(kSubcommands)) continue;
    made.push_back(make_subcommand(*found));
    break;
  }
  return made;
}

}  // namespace hotline::cli
