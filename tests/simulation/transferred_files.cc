#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/file_client.h"
#include "hotline/session/serve_streams.h"
#include "services/content_sender.h"
#include "services/file_client_rules.h"
#include "services/file_protocol.h"
#include "services/file_reply.h"
#include "services/file_request.h"
#include "simulation/files_scenario.h"

namespace simulation {
namespace {

using namespace hotline::services;
using hotline::as_bytes;
using hotline::as_text;
using hotline::Bytes;
using hotline::FileClient;
using hotline::FilePath;
using hotline::FileVersion;
using hotline::Result;
using hotline::SessionStream;

constexpr std::size_t kFileCallers = 2;
constexpr std::size_t kAttempts = 60;

/// A file at the server.
struct StoredFile {
  std::string content;
  FileVersion version;
};

/// The server, and the findings of one world.
struct FileWorld : Verdict {
  std::uint64_t seed = 0;
  std::map<std::string, StoredFile> files{};
  std::map<hotline::UploadKey, std::string> kept{};  ///< Whole blocks.
  std::size_t versions = 0;
  std::size_t succeeded = 0;

  FileVersion publish(const FilePath& path, std::string content) {
    FileVersion version;
    version.bytes[0] = static_cast<std::byte>(++versions);
    version.bytes[1] = std::byte{1};
    files[path.text()] = {std::move(content), version};
    return version;
  }
};

// The server.

bool send_reply(SessionStream& stream, const FileReply& reply) {
  return stream.send(file_message(type_of(reply), encode_file_reply(reply))).has_value();
}

std::vector<hotline::BlockHash> hashes_of(std::string_view blocks) {
  std::vector<hotline::BlockHash> hashes;
  for (; !blocks.empty(); blocks.remove_prefix(hotline::kFileBlockBytes)) {
    hashes.push_back(hash_of(as_bytes(blocks.substr(0, hotline::kFileBlockBytes))));
  }
  return hashes;
}

/// Takes what a client sends on the stream of a PUT.
class Upload {
 public:
  Upload(FileWorld& world, SessionStream& stream, const hotline::PutFile& request)
      : world_(world), stream_(stream), request_(request), rules_(request) {}

  void run() {
    std::string& kept = world_.kept[request_.key];
    if (!kept.empty() && world_.seed % 3 == 0) kept[world_.seed % kept.size()] ^= 1;
    before_ = hashes_of(kept);
    content_ = kept;
    const hotline::BlockHash root = root_of(before_, kept.size());
    rules_.note_kept(before_);
    if (!send_reply(stream_, KeptReply{.offset = kept.size(), .root = root})) return;
    while (take_next()) {
    }
    const std::size_t confirmed = static_cast<std::size_t>(rules_.confirmed());
    kept = content_.substr(0, confirmed / hotline::kFileBlockBytes * hotline::kFileBlockBytes);
    if (!rules_.is_proven()) return;
    if (send_reply(stream_, DoneReply{world_.publish(request_.path, content_)})) {
      static_cast<void>(stream_.end_messages());
    }
  }

 private:
  /// Returns false when nothing more is to come.
  bool take_next() {
    const auto flow = stream_.wait_any();
    if (!flow) return false;
    return *flow == hotline::kMessageFlow ? take_message() : take_content();
  }

  bool take_message() {
    const auto message = stream_.receive();
    if (!message) return false;
    const auto range =
        rules_.take_message(message->type, message->flags, as_bytes(message->payload));
    if (!range || !*range) return blame("a client has sent a wrong message");
    const auto from = before_.begin() + static_cast<std::ptrdiff_t>((*range)->first);
    rules_.note_hashes_answered();
    return send_reply(
        stream_, BlockList{.first = (*range)->first, .hashes = {from, from + (*range)->count}});
  }

  bool take_content() {
    const auto bytes = stream_.read(kContentFlow);
    if (!bytes) return false;
    if (bytes->empty()) {
      const auto end = stream_.flow_end(kContentFlow);
      if (!rules_.take_content_end(end->total, as_bytes(end->trailer))) {
        return blame("a client has ended content too early");
      }
      return false;
    }
    for (Bytes input = *bytes; !input.empty();) {
      const auto event = rules_.take_content(input);
      if (!event) return blame("a client has sent wrong content: " + event.error().fault.text);
      const auto* data = std::get_if<ContentData>(&*event);
      if (data == nullptr) continue;
      content_.resize(static_cast<std::size_t>(data->offset));
      content_ += as_text(data->bytes);
    }
    return true;
  }

  bool blame(const std::string& what) {
    world_.blame(what);
    return false;
  }

  FileWorld& world_;
  SessionStream& stream_;
  const hotline::PutFile& request_;
  FileClientRules rules_;
  std::vector<hotline::BlockHash> before_{};
  std::string content_{};
};

void send_content(FileWorld& world, SessionStream& stream, const hotline::GetFile& request) {
  const auto found = world.files.find(request.path.text());
  if (found == world.files.end()) {
    world.blame("a file that was put is not there");
    return;
  }
  const StoredFile file = found->second;
  const hotline::FileMeta meta{.size = file.content.size(), .version = file.version};
  if (!send_reply(stream, MetaReply{.meta = meta})) return;
  ContentSender sender({.begin = request.offset});
  std::string_view rest =
      std::string_view(file.content).substr(static_cast<std::size_t>(request.offset));
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, 1 + world.seed * 7'919 % kContentDataMax);
    if (!stream.write(kContentFlow, as_bytes(sender.begin_data(as_bytes(piece))))) return;
    if (!stream.write(kContentFlow, as_bytes(piece))) return;
    rest.remove_prefix(piece.size());
  }
  const std::string end = sender.end({.size = file.content.size()});
  if (!stream.write(kContentFlow, as_bytes(end)) || !stream.end(kContentFlow)) return;
  static_cast<void>(stream.end_messages());
}

void serve_file(FileWorld& world, SessionStream& stream) {
  const auto request = decode_file_request(stream.request(), stream.flows());
  if (!request) return world.blame("a client has sent a malformed request");
  if (!stream.accept()) return;
  if (const auto* put = std::get_if<hotline::PutFile>(&*request)) {
    return Upload(world, stream, *put).run();
  }
  const auto* get = std::get_if<hotline::GetFile>(&*request);
  if (get != nullptr) send_content(world, stream, *get);
}

void run_files_server(FileWorld& world) {
  hotline::ServerOptions options;
  options.signals = hotline::SignalUse::drain;
  const hotline::Handler serve = [&world](hotline::Stream& call) {
    static_cast<void>(
        hotline::serve_streams(call, files_session_options(hotline::SessionRole::server),
                               [&world](SessionStream& stream) { serve_file(world, stream); }));
  };
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    if (server.add("tcp://:8000", serve) && server.bind() && server.run()) return;
  }
}

// The callers.

/// Calls `work` with client after client until it returns true. Returns false after too many.
bool attempt(const std::function<bool(FileClient&)>& work) {
  for (std::size_t i = 0; i < kAttempts; ++i) {
    hotline::ConnectOptions options;
    options.timeout = std::chrono::seconds(20);
    if (auto call = hotline::connect("tcp://server:8000", options)) {
      auto client = FileClient::open(std::move(*call));
      if (client && work(*client)) return true;
    }
    if (!hotline::sleep_for(std::chrono::milliseconds(100))) return false;
  }
  return false;
}

std::string content_of_caller(std::uint64_t seed, std::size_t caller) {
  // About every second one has more than one block, so that a part of it can be kept.
  constexpr std::uint64_t kHalf = hotline::kFileBlockBytes / 2;
  std::string content(kHalf + (seed * 104'729 + caller * kHalf) % (2 * kHalf), '\0');
  for (std::size_t i = 0; i < content.size(); ++i) {
    content[i] = static_cast<char>(i * 31 + (i >> 8) * 7 + (i >> 20) * 3 + caller);
  }
  return content;
}

/// Returns a source of which two places can be read at once. The second one is slow at times.
hotline::ContentSource source_of(std::uint64_t seed, const std::string& content) {
  hotline::ContentSource source = hotline::content_of(as_bytes(content));
  if (seed % 2 == 0) return source;
  source.hashes = [seed, &content](std::uint64_t first,
                                   std::size_t count) -> Result<std::vector<hotline::BlockHash>> {
    const auto pause = std::chrono::milliseconds(seed % 5 * 100);
    if (auto slept = hotline::sleep_for(pause); !slept) {
      return hotline::fail(std::move(slept.error()));
    }
    return hashes_of(std::string_view(content).substr(
        static_cast<std::size_t>(first * hotline::kFileBlockBytes),
        static_cast<std::size_t>(count * hotline::kFileBlockBytes)));
  };
  return source;
}

bool put_file(FileWorld& world, const hotline::PutFile& request, const std::string& content) {
  return attempt([&](FileClient& client) {
    const auto put = client.put(request, source_of(world.seed, content));
    if (!put) return false;
    const StoredFile& stored = world.files[request.path.text()];
    if (stored.content != content || stored.version != *put) world.blame("not what was put");
    return true;
  });
}

bool get_file(FileWorld& world, const FilePath& path, const std::string& content) {
  std::string got;
  std::uint64_t confirmed = 0;
  FileVersion version;
  const hotline::ContentSink sink{
      .on_begin = [&](const hotline::FileMeta& meta) -> Result<void> {
        version = meta.version;
        return {};
      },
      .on_data = [&](std::uint64_t offset, Bytes bytes) -> Result<void> {
        got.resize(static_cast<std::size_t>(offset));
        got += as_text(bytes);
        return {};
      },
      .on_hole = {},
      .on_blocks = [&](std::uint64_t first,
                       std::span<const hotline::BlockHash> hashes) -> Result<void> {
        confirmed =
            std::min<std::uint64_t>((first + hashes.size()) * hotline::kFileBlockBytes, got.size());
        return {};
      }};
  return attempt([&](FileClient& client) {
    const std::uint64_t offset = confirmed / hotline::kFileBlockBytes * hotline::kFileBlockBytes;
    const auto meta = client.get({.path = path, .offset = offset, .version = version}, sink);
    if (!meta) return false;
    if (got != content) world.blame("not what is at the server");
    return true;
  });
}

void run_files_caller(FileWorld& world, std::size_t caller) {
  const std::string content = content_of_caller(world.seed, caller);
  const FilePath path = FilePath::parse("file" + std::to_string(caller)).value();
  hotline::PutFile request{.path = path, .size = content.size()};
  request.key[0] = static_cast<std::byte>(caller + 1);
  if (put_file(world, request, content) && get_file(world, path, content)) ++world.succeeded;
}

}  // namespace

Findings transfer_files(std::uint64_t seed) {
  const auto options = options_of(seed);
  hotline::sim::World world(seed, options);
  FileWorld files;
  files.seed = seed;
  world.host("server").run([&] { run_files_server(files); });
  for (std::size_t i = 0; i < kFileCallers; ++i) {
    world.host("caller" + std::to_string(i)).run([&files, i] {
      if (!hotline::sleep_for(std::chrono::milliseconds(10 * (i + 1)))) return;
      run_files_caller(files, i);
    });
  }
  const hotline::sim::Outcome outcome = world.run();
  if (is_bearable(options.faults) && files.succeeded != kFileCallers) {
    files.blame("only " + std::to_string(files.succeeded) + " callers have succeeded");
  }
  return findings_of(outcome, std::move(files.wrong));
}

}  // namespace simulation
