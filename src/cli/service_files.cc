#include "cli/service_files.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/audit_file.h"
#include "cli/file_audit.h"
#include "hotline/services/files.h"

namespace hotline::cli {
namespace {

constexpr char kFilesHelp[] =
    R"(  mkdir -m 700 /srv/hotline
  hotline files user add alice --root /srv/hotline --quota 10GiB
  hotline key new alice                        the key of that user
  hotline serve 'files=tls://:7070?root=/srv/hotline&audit=/var/log/files.json'

Keeps files for many users. Each user has a home, which is a directory of the root, and can reach
nothing else: links are not followed. A file is published whole or not at all; an upload that broke
off goes on where it stopped; each user has a quota.

A user is a file of the root, users/NAME.toml, with lines such as these, none of which is required:

  quota = "10GiB"        bytes (default none)
  entries = 1_000_000    files and directories (default none)
  rights = "rwod"        read, write, overwrite, delete (default all)
  uid = 1000             the user of this machine who has this home at unix:
  disabled = true        no caller has it
  [shares]               below that line: directories that several users have, and the rights there
  team = "rw"

'hotline files share add' makes such a share, with a quota of its own.

NAME has 1 to 32 of a-z, 0-9, '_', '.' and '-'. At tls:// it is the name of the caller's key. SIGHUP
reads the files again, and ends the connections of users that are disabled or gone.

A server that serves nothing else confines its process to the root, to the files that SIGHUP reads
again, and to the system calls that it needs, as far as the kernel can do that; with
'--confine required' it does not start otherwise.

The root needs mode 700 and belongs to the user who serves it. One endpoint of one server has it at
a time; it does not run with --concurrency processes. It listens only on the loopback, on UNIX
sockets and on tls://, unless --insecure is given.

Its endpoints may have these options:

)";

void report_fault(LogSink* log, const Error& fault) {
  if (log == nullptr) return;
  log->write({.level = LogLevel::error,
              .message = "files",
              .service = "files",
              .endpoint = {},
              .peer = {},
              .detail = fault.message_with_hint()});
}

/// Callers at tcp:// have no name.
Result<void> check_user(const OptionTaker& taker) {
  const Endpoint& endpoint = taker.endpoint();
  const auto& options = endpoint.options();
  const bool has_user = std::ranges::find(options, "user", &EndpointOption::key) != options.end();
  if (has_user || endpoint.transport() != Transport::tcp) return {};
  return fail(taker.refuse("the option 'user' is missing: callers at tcp:// have no name",
                           "write user=NAME: all of them get that home; or use tls://, where each "
                           "has a key"));
}

Result<Handler> make_files(OptionTaker& taker, const ServiceNeeds& needs) {
  if (auto checked = check_user(taker); !checked) return fail(std::move(checked.error()));
  // Its thread starts when the program is confined: with the first change.
  auto audit = AuditFile::take_from(taker, QueuedLog::Start::at_begin);
  if (!audit) return fail(std::move(audit.error()));
  FilesOptions options;
  options.is_exposed = true;  // serve_until_drained() itself refuses other machines.
  options.report = [log = needs.log](const Error& fault) { report_fault(log, fault); };
  if (*audit) {
    options.audit = [audit = *audit](const FileRecord& each) {
      audit->write([&] { return file_audit_line(each); });
    };
  }
  auto handler = files_maker(options)(taker);
  if (handler && *audit) AuditFile::attach(*audit, *handler);
  return handler;
}

}  // namespace

std::vector<Definition> files_options() {
  return {
      {"root=/PATH", "the directory of the homes and users; required"},
      {"user=NAME",
       "the user whose home every caller gets; required at tcp://, where callers have no name"},
      {"durability=full|none",
       "whether what was stored survives a power cut (default full), or only the end of the "
       "server"},
      {"connections-per-user=N", "how many connections a user may have (default 16)"},
      {"requests=N", "how many requests run at once on a connection (default 256)"},
      {"transfers=N",
       "how many of them may be uploads, and how many downloads; others wait (default 16)"},
      {"uploads=N", "how many unfinished uploads are kept for a user (default 1000)"},
      {"keep=TIME", "how long an unfinished upload is kept (default 168h)"},
      {"stall=TIME",
       "a transfer ends if its client sends or takes nothing for so long (default "
       "60s)"},
      {"audit=/PATH",
       "a file that gets one JSON object a line for each change; it is made with mode 0600, and "
       "opened again at SIGHUP"}};
}

ServiceEntry files_service() {
  return {.name = "files",
          .summary = "keeps files for its users",
          .transports = {"tcp", "tls", "unix", "fd"},
          .example = "files=unix:///run/files.sock?root=/srv/hotline",
          .help = kFilesHelp + two_columns(files_options()),
          .make = make_files,
          .is_guarded = true,
          .is_confined = true};
}

}  // namespace hotline::cli
