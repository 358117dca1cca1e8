#include "cli/subcommands.h"

#include <utility>

#include "cli/command_attach.h"
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

/// One line for each sub-command.
constexpr Subcommand (*kSubcommands[])() = {
    serve_subcommand,     //
    call_subcommand,      //
    run_subcommand,       //
    shell_subcommand,     //
    attach_subcommand,    //
    jobs_subcommand,      //
    ls_subcommand,        //
    get_subcommand,       //
    put_subcommand,       //
    mkdir_subcommand,     //
    rm_subcommand,        //
    mv_subcommand,        //
    sum_subcommand,       //
    quota_subcommand,     //
    time_subcommand,      //
    ntp_subcommand,       //
    files_subcommand,     //
    key_subcommand,       //
    services_subcommand,  //
    doctor_subcommand,    //
    help_subcommand,      //
    version_subcommand,
};

}  // namespace

std::vector<Subcommand> make_subcommands() {
  std::vector<Subcommand> made;
  for (const auto& make : kSubcommands) {
    made.push_back(make());
    made.back().options = with_common_rows(std::move(made.back().options));
  }
  return made;
}

}  // namespace hotline::cli
