#include "cli/command_get.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/file_transfers.h"
#include "cli/home.h"
#include "cli/option_values.h"
#include "cli/remote_glob.h"
#include "cli/remote_tree.h"
#include "cli/report.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/services/file_download.h"
#include "hotline/services/file_requests.h"

namespace hotline::cli {
namespace {

constexpr char kGetUsage[] = "hotline get ENDPOINT PATH...";

constexpr char kGetExamples[] =
    R"(  hotline get tls://files.example.org:7070 report.pdf
  hotline get tls://files.example.org:7070 'docs/*.pdf' --to papers/
  hotline get -r tls://files.example.org:7070 photos
  hotline get tls://files.example.org:7070 notes.txt --to - | less
)";

constexpr char kGetDescription[] =
    R"(Gets files from ENDPOINT. A file has its name only when it is whole and unchanged; until then
it is named '.NAME.XXXXXXXX.part'. The same command goes on where it was cut off, also after it was
killed.

WHERE of --to is a directory if there is one, or if it ends with '/': then it must be there.
Otherwise the only PATH gets that name: 'get -r a --to b' makes b/a if b is a directory, and else b
with what a contains.

-f replaces regular files only: never a directory, a link, a device or a pipe. '--to -' writes to
standard output.

The exit status is 0 only if all files have arrived; 8 if some have.
)";

constexpr char kOnlyFiles[] =
    "-f replaces regular files only: remove it first, or write '--to -' for standard output";

/// What one run of the command shares.
struct GetRun {
  FileLink& link;
  const GetOptions& options;
  std::string notes;
  bool has_notes;  ///< Earlier commands have left some.
  FileQuota::ServerId server;
  std::shared_ptr<Directory> target;
  std::string directory;               ///< The path of `target`, as the user wrote it.
  std::string name;                    ///< What the only file is called here, if `--to` says so.
  std::map<std::string, bool> made{};  ///< Directories that exist; those that are new: true.
};

/// Writes to standard output. A failure is kept in `native_code`.
Result<void> write_output(Bytes bytes, int& native_code) {
  // Standard output may wait for its reader.
  auto failure = offload([text = std::string(as_text(bytes))] {
    return write_standard(StandardStream::output, text);
  });
  if (!failure) return fail(std::move(failure.error()));
  native_code = *failure;
  if (native_code == 0) return {};
  return fail(system_error(native_code, "write to standard output"));
}

/// Prints a file. If standard output fails, nothing else can be printed either.
FileResult<void> print_content(FileTransfers& transfers, FileLink& link, const FilePath& path) {
  int native_code = 0;
  const ContentSink sink{
      .on_data = [&](std::uint64_t, Bytes bytes) { return write_output(bytes, native_code); }};
  const auto got = link.perform<FileMeta>([&](FileClient& client) {
    auto meta = client.get({.path = path}, sink);
    // What was printed cannot be taken back.
    if (!meta) meta.error().is_retryable = false;
    return meta;
  });
  if (native_code != 0) {
    transfers.end_with(report_output_failure(native_code, link.to().form));
    return fail(make_error(ErrorKind::cancelled, "print", {}, "standard output has failed"));
  }
  if (!got) return std::unexpected(got.error());
  return {};
}

/// Returns true if there is a note in that directory.
bool has_notes(const std::string& path) {
  const auto directory = Directory::open(path);
  if (!directory) return false;
  auto entries = directory->entries();
  if (!entries) return false;
  const auto some = entries->next(1);
  return some && !some->empty();
}

Result<void> make_beneath(GetRun& run, const std::string& path) {
  if (path.empty() || !run.made.emplace(path, false).second) return {};
  const FilePath whole = FilePath::parse(path).value();
  if (auto made = make_beneath(run, whole.parent().text()); !made) return made;
  auto parent = run.target->open_beneath(whole.parent().text());
  if (!parent) return fail(std::move(parent.error()));
  auto made = parent->make_directory(whole.leaf(), 0777);
  if (!made && made.error().native_code != EEXIST) return made;
  run.made[path] = made.has_value();
  return {};
}

/// Returns the path of a file here as the user knows it.
std::string shown_local(const GetRun& run, const FilePath& local) {
  const bool is_here = run.directory == ".";
  return is_here ? local.text() : run.directory + (run.directory == "/" ? "" : "/") + local.text();
}

/// A large file is not to come without need.
FileDownloadOptions::NameCheck name_check(const GetRun& run, const RemoteName& remote,
                                          const FilePath& local) {
  const auto made = run.made.find(local.parent().text());
  const bool is_new = made != run.made.end() && made->second;
  return is_new && remote.meta.size <= kSmallFileMax ? FileDownloadOptions::NameCheck::after
                                                     : FileDownloadOptions::NameCheck::before;
}

FileResult<void> download(GetRun& run, const RemoteName& remote, const FilePath& local,
                          const FileTransfer::OnProgress& on_progress) {
  if (auto made = make_beneath(run, local.parent().text()); !made) {
    return fail(std::move(made.error()));
  }
  auto directory = run.target->open_beneath(local.parent().text());
  if (!directory) return fail(std::move(directory.error()));
  const bool is_long = remote.meta.size > kFileBlockBytes || !run.options.is_recursive;
  std::uint64_t begun = 0;
  FileDownload file(
      *directory, std::string(local.leaf()),
      {.path = remote.path,
       .existing = run.options.replaces ? Directory::Existing::replace : Directory::Existing::fail,
       .name_check = name_check(run, remote, local),
       .durability =
           is_long ? FileDownloadOptions::Durability::full : FileDownloadOptions::Durability::none,
       .server = run.server,
       .user = run.link.to().uri,
       .notes = is_long || run.has_notes ? run.notes : std::string(),
       .on_begin =
           [&](std::uint64_t offset) {
             report_begin(remote.path.text(), offset, std::exchange(begun, offset), run.link);
           },
       .on_progress = [&](std::uint64_t done, std::uint64_t) { on_progress(done); }});
  auto got = run.link.perform<FileMeta>([&](FileClient& client) { return file.run(client); });
  if (got) return {};
  if (got.error().native_code == EEXIST) {
    got.error().endpoint = quote(shown_local(run, local));
    got.error().advice = got.error().advice.empty() ? "-f replaces files that exist" : kOnlyFiles;
  }
  return std::unexpected(std::move(got.error()));
}

void add_file(FileTransfers& transfers, GetRun& run, const RemoteName& remote, FilePath local) {
  transfers.add({.name = remote.path.text(),
                 .target = run.options.to == "-" ? std::string() : local.text(),
                 .size = remote.meta.size,
                 .run = [&transfers, &run, remote, local = std::move(local)](
                            FileLink& link, const FileTransfer::OnProgress& on_progress) {
                   return run.options.to == "-" ? print_content(transfers, link, remote.path)
                                                : download(run, remote, local, on_progress);
                 }});
}

void add_remote(FileTransfers& transfers, GetRun& run, const RemoteName& remote,
                const std::string& local) {
  const auto path = FilePath::parse(local);
  if (!path) return transfers.skip(remote.path.text(), std::string(describe(path.error())));
  switch (remote.meta.kind) {
    case FileKind::file: return add_file(transfers, run, remote, *path);
    case FileKind::directory:
      if (run.options.is_dry || run.options.to == "-") return;
      if (auto made = make_beneath(run, local); !made) {
        transfers.fail_with(FileFailure(std::move(made.error())));
      }
      return;
    default: return transfers.skip(remote.path.text(), "it is not a file");
  }
}

void add_tree(FileTransfers& transfers, GetRun& run, const RemoteName& root,
              const std::string& local) {
  if (!run.options.is_recursive) {
    return transfers.skip(root.path.text(), "it is a directory, and -r was not given");
  }
  const RemoteTree tree = list_tree(run.link, {.path = root.path, .depth = FileDepth::tree});
  if (tree.failure) transfers.fail_with(*tree.failure);
  if (transfers.is_over() || (tree.failure && tree.entries.empty())) return;
  add_remote(transfers, run, root, local);
  for (const FileEntry& each : tree.entries) {
    const std::string below = each.path.text();
    const auto path = FilePath::parse(root.path.is_home() ? below : root.path.text() + '/' + below);
    if (!path) {
      transfers.skip(root.path.text() + '/' + below, std::string(describe(path.error())));
      continue;
    }
    add_remote(transfers, run, {*path, each.meta}, local.empty() ? below : local + '/' + below);
  }
}

/// Finds where the files go: into a directory, or under the name of a new file.
Result<void> open_target(GetRun& run) {
  std::string directory = run.options.to == "-" ? "." : run.options.to;
  auto opened = Directory::open(directory);
  const bool is_one = run.options.paths.size() == 1 && !is_glob(run.options.paths.front());
  if (!opened && is_one && !run.options.to.ends_with('/')) {
    const std::size_t slash = directory.rfind('/');
    run.name = directory.substr(slash + 1);
    directory = slash == std::string::npos ? "." : directory.substr(0, slash + 1);
    opened = Directory::open(directory);
  }
  if (!opened) {
    if (opened.error().native_code == ENOENT) {
      opened.error().advice = "--to does not make a directory: make '" + directory + "' first";
    }
    return fail(std::move(opened.error()));
  }
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  run.directory = std::move(directory);
  run.target = std::make_shared<Directory>(std::move(*opened));
  return {};
}

ExitStatus get_files(FileLink& link, const GetOptions& options, const CommonOptions& common) {
  const std::string notes = Home(common.home).state_file("downloads");
  GetRun run{.link = link,
             .options = options,
             .notes = notes,
             .has_notes = has_notes(notes),
             .server = {},
             .target = {},
             .directory = {},
             .name = {}};
  if (auto opened = open_target(run); !opened) {
    return report_error(opened.error(), ExitStatus::failed, common.output);
  }
  const auto quota = link.perform<FileQuota>([](FileClient& client) { return client.quota(); });
  if (!quota) return report_file_failure(quota.error(), link);
  run.server = quota->server;
  // The contents must not be mixed.
  FileTransfers transfers(link, "get", options.to == "-" ? 1 : FileTransfers::kAtOnce);
  for (const std::string& word : options.paths) {
    if (transfers.is_over()) break;
    const auto found =
        find_remote(link, word, options.is_recursive ? Covered::left_out : Covered::listed);
    if (!found) {
      transfers.fail_with(found.error());
      continue;
    }
    for (const RemoteName& each : *found) {
      const std::string local = run.name.empty() ? std::string(each.path.leaf()) : run.name;
      const bool is_directory = each.meta.kind == FileKind::directory;
      is_directory ? add_tree(transfers, run, each, local)
                   : add_remote(transfers, run, each, local);
    }
  }
  return options.is_dry ? transfers.print() : transfers.run();
}

}  // namespace

Result<GetOptions> read_get(const Arguments& given) {
  GetOptions options;
  if (auto read = read_file_command(given, kGetUsage, options.common); !read) {
    return fail(read.error());
  }
  auto words = remote_words(given);
  if (!words) return fail(std::move(words.error()));
  options.paths = *std::move(words);
  if (options.paths.empty()) return fail(usage_error("missing PATH", kGetUsage));
  if (given.has("--to")) options.to = given.options.at("--to");
  if (options.to.empty())
    return refuse_value("--to", usage_error("it is empty", "write --to DIR, or leave it out"));
  if (options.to == "-" && given.has("--json")) {
    return fail(usage_error("--json and --to - exclude each other",
                            "standard output has room for one of them"));
  }
  if (options.to != "-") options.common.afterword = kGoesOn;
  options.is_recursive = given.has("--recursive");
  options.replaces = given.has("--force");
  options.is_dry = given.has("--dry-run");
  return options;
}

Subcommand get_subcommand() {
  return {.name = "get",
          .summary = "get files from an endpoint",
          .examples = kGetExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "PATH", .usage = "PATH...", .repeats = Repeats::yes}},
          .options = with_file_rows(
              {{.name = "--to",
                .value = "WHERE",
                .help = "a directory, the name of the only file, or '-' for standard output "
                        "(default .)"},
               {.name = "--recursive", .letter = 'r', .help = "get directories too"},
               {.name = "--force", .letter = 'f', .help = "replace regular files that exist"},
               {.name = "--dry-run", .letter = 'n', .help = "print what would be got"},
               literal_row()}),
          .description = kGetDescription,
          .notes = kPatternNotes,
          .run = run_files_once<read_get, get_files>,
          .run_on = run_files_on<read_get, get_files>};
}

}  // namespace hotline::cli
