#include "cli/command_put.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/file_transfers.h"
#include "cli/option_values.h"
#include "cli/put_root.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/offload.h"
#include "hotline/services/file_upload.h"

namespace hotline::cli {
namespace {

constexpr char kPutUsage[] = "hotline put ENDPOINT FILE...";

constexpr char kPutExamples[] =
    R"(  hotline put tls://files.example.org:7070 report.pdf --to docs/
  hotline put -r tls://files.example.org:7070 photos
  tar cz src | hotline put tls://files.example.org:7070 - --to backups/src.tar.gz
)";

constexpr char kPutDescription[] =
    R"(Puts files to ENDPOINT. A file is there only when it is whole; a file that exists is replaced
only with -f. The same command goes on where it was cut off, also after it was killed, as long as
the file is unchanged. If the file is there already, and neither end has changed it since, the same
command succeeds and sends nothing.

The exit status is 0 only if all files are there; 8 if some are.
)";

constexpr char kNotFile[] = "it is not a file";
constexpr char kNotRecursive[] = "it is a directory, and -r was not given";
constexpr std::size_t kInputBytes = 256U << 10;
constexpr std::size_t kEntriesAtOnce = 256;

/// The directories of this machine that words and links lead to, by their paths.
using PutRoots = std::map<std::string, std::shared_ptr<const PutRoot>>;

/// So many of them keep a descriptor.
constexpr std::size_t kRootsKept = 64;

/// What one run of the command shares.
struct PutRun {
  FileLink& link;
  const PutOptions& options;
  FileQuota::ServerId server{};
  bool is_into_directory = true;
  PutRoots roots{};
  std::vector<std::pair<std::uint64_t, std::uint64_t>>
      entered{};  ///< Device and inode of the directories in which the walk is.
};

/// A directory of this machine.
struct PutDirectory {
  Result<Directory> open() const { return root->open_beneath(beneath); }

  std::shared_ptr<const PutRoot> root;
  std::string beneath{};  ///< The path below `root`.
  std::string shown{};    ///< The path as the user knows it.

  PutDirectory child(const std::string& name) const {
    return {.root = root,
            .beneath = beneath.empty() ? name : beneath + '/' + name,
            .shown = shown + '/' + name};
  }
};

FileReplacement replacement_of(const PutOptions& options) {
  return {.on_exist = options.replaces ? OnExist::replace : OnExist::fail};
}

FileResult<void> without_version(const FileResult<FileVersion>& done) {
  if (!done) return std::unexpected(done.error());
  return {};
}

/// The same for a file that is put, with the option that may help.
FileResult<void> put_outcome(const FileResult<FileVersion>& done, const PutOptions& options) {
  if (done || options.replaces) return without_version(done);
  return std::unexpected(
      with_hint(done.error(), FileErrorCode::exists, "-f replaces files that exist"));
}

FileResult<void> upload(const PutRun& run, const PutDirectory& directory, const std::string& name,
                        const FilePath& path, const FileTransfer::OnProgress& on_progress) {
  auto opened = directory.open();
  if (!opened) return fail(std::move(opened.error()));
  std::uint64_t begun = 0;
  auto file = FileUpload::open(
      *opened, name,
      {.path = path,
       .parents = MissingParents::make,
       .replacement = replacement_of(run.options),
       .server = run.server,
       .user = run.link.to().uri,
       .on_begin =
           [&](std::uint64_t offset) {
             report_begin(path.text(), offset, std::exchange(begun, offset), run.link);
           },
       .on_progress = [&](std::uint64_t done, std::uint64_t) { on_progress(done); }});
  if (!file) return fail(std::move(file.error()));
  return put_outcome(
      run.link.perform<FileVersion>([&](FileClient& client) { return file->run(client); }),
      run.options);
}

/// Standard input cannot be read again, so there is one attempt.
FileResult<void> upload_input(const PutRun& run, const FilePath& path) {
  const auto room = std::make_shared<std::array<std::byte, kInputBytes>>();
  const ContentSource source{.next = [room](std::uint64_t) -> Result<ContentPiece> {
    const auto count = offload([room] { return StandardInput::read(*room); });
    if (!count) return fail(count.error());
    if (*count < 0) return fail(input_error(static_cast<int>(-*count)));
    return ContentPiece{.bytes = Bytes(*room).first(static_cast<std::size_t>(*count))};
  }};
  const PutFile request{
      .path = path,
      .parents = MissingParents::make,
      .modified = std::chrono::time_point_cast<std::chrono::nanoseconds>(wall_clock_now()),
      .replacement = replacement_of(run.options)};
  const auto put = run.link.perform<FileVersion>([&](FileClient& client) {
    auto done = client.put(request, source);
    if (!done) done.error().is_retryable = false;
    return done;
  });
  return put_outcome(put, run.options);
}

void add_local(FileTransfers& transfers, const PutRun& run, const PutDirectory& directory,
               const std::string& name, std::uint64_t size, const std::string& remote) {
  const auto path = FilePath::parse(remote);
  if (!path) return transfers.skip(name, std::string(describe(path.error())));
  transfers.add({.name = remote,
                 .target = remote,
                 .size = size,
                 .run = [&run, directory, name, path = *path](
                            FileLink&, const FileTransfer::OnProgress& on_progress) {
                   return upload(run, directory, name, path, on_progress);
                 }});
}

void add_empty_directory(FileTransfers& transfers, const std::string& remote) {
  const auto path = FilePath::parse(remote);
  if (!path) return transfers.skip(remote, std::string(describe(path.error())));
  if (path->is_home()) return;
  transfers.add({.name = remote + '/',
                 .run = [path = *path](FileLink& link, const FileTransfer::OnProgress&) {
                   return without_version(link.perform<FileVersion>([&](FileClient& client) {
                     return client.make_directory({.path = path, .parents = MissingParents::make});
                   }));
                 }});
}

void add_local_tree(FileTransfers& transfers, PutRun& run, const PutDirectory& directory,
                    const std::string& remote);

/// Opens a directory once, however many words name it.
Result<PutDirectory> open_here(PutRun& run, const std::string& path) {
  auto& root = run.roots[path];
  if (root == nullptr) {
    const bool is_kept = run.roots.size() <= kRootsKept;
    auto opened = PutRoot::open(path, is_kept ? PutRoot::Keep::descriptor : PutRoot::Keep::path);
    if (!opened) return fail(std::move(opened.error()));
    root = std::make_shared<const PutRoot>(*std::move(opened));
  }
  return PutDirectory{.root = root, .shown = path};
}

Result<FileStatus> status_in(const PutDirectory& directory, const std::string& name) {
  const auto opened = directory.open();
  if (!opened) return fail(opened.error());
  return opened->status(name);
}

/// Adds what a link leads to, under the name of the link.
void add_link(FileTransfers& transfers, PutRun& run, const std::string& local,
              const std::string& remote) {
  if (run.options.links == LinkUse::skip) {
    return transfers.skip(local, "it is a link, and '--links follow' was not given");
  }
  std::error_code error;
  const auto target = std::filesystem::canonical(local, error);
  if (error) return transfers.skip(local, system_error(error.value(), "follow it").message());
  const auto directory = open_here(run, target);
  if (directory) {
    if (!run.options.is_recursive) return transfers.skip(local, kNotRecursive);
    return add_local_tree(transfers, run, *directory, remote);
  }
  const auto parent = open_here(run, target.parent_path());
  const auto status =
      parent ? status_in(*parent, target.filename()) : Result<FileStatus>(fail(parent.error()));
  if (!status) return transfers.skip(local, status.error().message());
  if (status->kind == EntryKind::directory) {
    return transfers.skip(local, directory.error().message());
  }
  if (status->kind != EntryKind::file) return transfers.skip(local, kNotFile);
  add_local(transfers, run, *parent, target.filename(), status->size, remote);
}

/// Adds an entry of a directory.
void add_entry(FileTransfers& transfers, PutRun& run, const PutDirectory& directory,
               const DirectoryEntry& entry, const std::string& remote) {
  const PutDirectory child = directory.child(entry.name);
  const std::string below = remote.empty() ? entry.name : remote + '/' + entry.name;
  switch (entry.kind) {
    case EntryKind::file:
      return add_local(transfers, run, directory, entry.name, entry.status ? entry.status->size : 0,
                       below);
    case EntryKind::directory: return add_local_tree(transfers, run, child, below);
    case EntryKind::link: return add_link(transfers, run, child.shown, below);
    case EntryKind::other: return transfers.skip(child.shown, kNotFile);
  }
}

/// Adds what a directory contains, and what is below it. What cannot be read is skipped.
void add_local_tree(FileTransfers& transfers, PutRun& run, const PutDirectory& directory,
                    const std::string& remote) {
  const std::string& local = directory.shown;
  // Nothing below it could be put, and the stack of a fiber is small.
  if (const auto path = FilePath::parse(remote); !path) {
    return transfers.skip(local, std::string(describe(path.error())));
  }
  const auto opened = directory.open();
  if (!opened) return transfers.skip(local, opened.error().message());
  const auto status = opened->status();
  if (!status) return transfers.skip(local, status.error().message());
  auto entries = opened->entries();
  if (!entries) return transfers.skip(local, entries.error().message());
  const std::pair id(status->device, status->inode);
  if (std::ranges::count(run.entered, id) > 0) {
    return transfers.skip(local, "a link leads back to it");
  }
  run.entered.push_back(id);
  bool is_empty = true;
  for (;;) {
    const auto some = entries->next(kEntriesAtOnce);
    if (!some) transfers.skip(local, some.error().message());
    if (!some || some->empty()) break;
    for (const DirectoryEntry& each : *some) {
      is_empty = false;
      add_entry(transfers, run, directory, each, remote);
    }
  }
  run.entered.pop_back();
  if (is_empty) add_empty_directory(transfers, remote);
}

/// Returns the name at the server for what is called `leaf` here.
std::string remote_name(const PutRun& run, const std::string& leaf) {
  const auto to = read_remote_path(run.options.to);
  if (!run.is_into_directory) return to ? to->text() : run.options.to;
  const std::string directory = to ? to->text() : std::string();
  return directory.empty() ? leaf : directory + '/' + leaf;
}

std::string parent_of(const std::string& path, std::size_t slash) {
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> add_word(FileTransfers& transfers, PutRun& run, const std::string& word) {
  std::string local = word;
  while (local.size() > 1 && local.ends_with('/')) local.pop_back();
  const std::size_t slash = local.rfind('/');
  const std::string leaf = local.substr(slash + 1);
  const std::string parent = parent_of(local, slash);
  const bool has_name = leaf != "." && leaf != ".." && !leaf.empty();
  if (has_name) {
    const auto directory = open_here(run, parent);
    if (!directory) return fail(directory.error());
    const auto status = status_in(*directory, leaf);
    if (!status) return fail(status.error());
    if (status->kind == EntryKind::file) {
      add_local(transfers, run, *directory, leaf, status->size, remote_name(run, leaf));
      return {};
    }
    if (status->kind == EntryKind::link) {
      return add_link(transfers, run, local, remote_name(run, leaf)), Result<void>();
    }
    if (status->kind != EntryKind::directory) {
      return transfers.skip(word, kNotFile), Result<void>();
    }
  }
  if (!run.options.is_recursive) return transfers.skip(word, kNotRecursive), Result<void>();
  const auto directory = open_here(run, local);
  if (!directory) return fail(directory.error());
  const std::string remote =
      has_name ? remote_name(run, leaf) : read_remote_path(run.options.to)->text();
  add_local_tree(transfers, run, *directory, remote);
  return {};
}

/// A word without a `/` at its end is a directory at the server if there is one.
bool is_remote_directory(FileLink& link, const FilePath& path) {
  if (path.is_home()) return true;
  const auto stat = link.perform<FileDescription>(
      [&](FileClient& client) { return client.stat({.path = path}); });
  return stat && stat->meta.kind == FileKind::directory;
}

ExitStatus put_files(FileLink& link, const PutOptions& options, const CommonOptions& common) {
  const auto to = read_remote_path(options.to);
  if (!to) return report_error(to.error(), ExitStatus::usage, common.output);
  const auto quota = link.perform<FileQuota>([](FileClient& client) { return client.quota(); });
  if (!quota) return report_file_failure(quota.error(), link);
  PutRun run{.link = link, .options = options, .server = quota->server};
  if (options.files.front() == "-") {
    const auto put = upload_input(run, *to);
    return put ? ExitStatus::ok : report_file_failure(put.error(), link);
  }
  run.is_into_directory =
      options.files.size() > 1 || options.to.ends_with('/') || is_remote_directory(link, *to);
  FileTransfers transfers(link, "put");
  for (const std::string& word : options.files) {
    auto added = add_word(transfers, run, word);
    if (!added) transfers.fail_with(FileFailure(std::move(added.error())));
  }
  return options.is_dry ? transfers.print() : transfers.run();
}

}  // namespace

Result<PutOptions> read_put(const Arguments& given) {
  PutOptions options;
  if (auto read = read_file_command(given, kPutUsage, options.common); !read) {
    return fail(read.error());
  }
  options.files.assign(given.words.begin() + 1, given.words.end());
  if (options.files.empty()) return fail(usage_error("missing FILE", kPutUsage));
  if (std::ranges::count(options.files, "") > 0) {
    return fail(usage_error("FILE is empty", "'.' with -r stands for all that is here"));
  }
  if (given.has("--to")) options.to = given.options.at("--to");
  const bool is_input = options.files.front() == "-";
  if (is_input && (options.files.size() > 1 || options.to.empty() || options.to.ends_with('/'))) {
    return fail(usage_error("standard input needs a name at the server",
                            "write 'hotline put ENDPOINT - --to NAME'"));
  }
  if (!is_input) options.common.afterword = kGoesOn;
  options.is_recursive = given.has("--recursive");
  options.replaces = given.has("--force");
  options.is_dry = given.has("--dry-run");
  if (!given.has("--links")) return options;
  const std::string& links = given.options.at("--links");
  if (links == "follow") options.links = LinkUse::follow;
  if (links == "follow" || links == "skip") return options;
  return refuse_value("--links", usage_error(quote(links) + " is neither", "write skip or follow"));
}

Subcommand put_subcommand() {
  return {.name = "put",
          .summary = "put files to an endpoint",
          .examples = kPutExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "FILE", .usage = "FILE...", .repeats = Repeats::yes}},
          .options = with_file_rows(
              {{.name = "--to",
                .value = "PATH",
                .help = "a directory at the server, or the name of the only file (default: the "
                        "home)"},
               {.name = "--recursive", .letter = 'r', .help = "put directories too"},
               {.name = "--force", .letter = 'f', .help = "replace files that exist"},
               {.name = "--links",
                .value = "HOW",
                .help = "skip symbolic links (the default), or follow them: put what they lead to",
                .choices = {"skip", "follow"}},
               {.name = "--dry-run", .letter = 'n', .help = "print what would be put"}}),
          .description = kPutDescription,
          .notes = kFileNotes,
          .run = run_files_once<read_put, put_files>,
          .run_on = run_files_on<read_put, put_files>};
}

}  // namespace hotline::cli
