#include "hotline/services/file_client.h"

#include <utility>
#include <variant>

#include "services/block_hashes.h"
#include "services/file_call.h"
#include "services/file_delivery.h"
#include "services/file_fetch.h"
#include "services/file_protocol.h"
#include "services/grouped_file_work.h"

namespace hotline {

using services::FileCall;
using services::FileReply;
using services::FileRequest;

namespace {

SessionOptions files_options(const FileClientOptions& options) {
  SessionOptions session = services::files_session_options(SessionRole::client);
  session.opened_max = options.requests_max;
  session.hello_timeout = options.hello_timeout;
  session.heartbeat = options.heartbeat;
  session.silence_max = options.silence_max;
  return session;
}

/// Sends a request that is answered by one message of that type, and returns it.
template <typename Reply>
FileResult<Reply> ask_for(FileCall::To to, const FileRequest& request, Deadline deadline) {
  auto call = FileCall::begin(to, request, deadline);
  if (!call) return std::unexpected(std::move(call.error()));
  Reply answer;
  const auto taken = call->receive_all(
      [&](FileReply& reply) -> Result<void> {
        answer = std::get<Reply>(std::move(reply));
        return {};
      },
      deadline);
  if (!taken) return std::unexpected(taken.error());
  return answer;
}

FileResult<FileVersion> ask_for_done(FileCall::To to, const FileRequest& request,
                                     Deadline deadline) {
  auto done = ask_for<services::DoneReply>(to, request, deadline);
  if (!done) return std::unexpected(std::move(done.error()));
  return done->version;
}

FileResult<void> without_version(FileResult<FileVersion> done) {
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

}  // namespace

FileClient::FileClient(Session session, std::string peer)
    : session_(std::move(session)),
      peer_(std::move(peer)),
      writing_(std::make_shared<services::GroupedFileWork>()) {}

Result<FileClient> FileClient::open(Stream stream, const FileClientOptions& options) {
  std::string peer = stream.peer().to_string();
  auto session = Session::start(std::move(stream), SessionRole::client, files_options(options));
  if (!session) return fail(std::move(session.error()));
  return FileClient(std::move(*session), std::move(peer));
}

FileResult<FileQuota> FileClient::quota(Deadline deadline) { return quota(FilePath(), deadline); }

FileResult<FileQuota> FileClient::quota(const FilePath& path, Deadline deadline) {
  return ask_for<FileQuota>({session_, peer_}, GetQuota{.path = path}, deadline);
}

FileResult<void> FileClient::list(const ListDirectory& request, const PageSink& sink,
                                  Deadline deadline) {
  auto call = FileCall::begin({session_, peer_}, request, deadline);
  if (!call) return std::unexpected(std::move(call.error()));
  return call->receive_all(
      [&](FileReply& reply) {
        const auto& page = std::get<services::FilePage>(reply);
        return sink(page.entries, page.cursor);
      },
      deadline);
}

FileResult<std::vector<FileEntry>> FileClient::list(const ListDirectory& request,
                                                    Deadline deadline) {
  std::vector<FileEntry> all;
  const auto listed = list(
      request,
      [&](std::span<const FileEntry> entries, std::uint64_t) -> Result<void> {
        all.insert(all.end(), entries.begin(), entries.end());
        return {};
      },
      deadline);
  if (!listed) return std::unexpected(listed.error());
  return all;
}

FileResult<FileDescription> FileClient::stat(const StatFile& request, Deadline deadline) {
  auto meta = ask_for<services::MetaReply>({session_, peer_}, request, deadline);
  if (!meta) return std::unexpected(std::move(meta.error()));
  return FileDescription{.meta = meta->meta, .root = meta->root, .digest = meta->digest};
}

FileResult<FileMeta> FileClient::get(const GetFile& request, const ContentSink& sink,
                                     Deadline deadline) {
  auto call = FileCall::begin({session_, peer_}, request, deadline);
  if (!call) return std::unexpected(std::move(call.error()));
  return services::FileFetch(*call, request, sink).run(deadline);
}

FileResult<std::string> FileClient::get(const FilePath& path, std::size_t size_max,
                                        Deadline deadline) {
  std::string content;
  const ContentSink sink{
      .on_begin = [&](const FileMeta& meta) -> Result<void> {
        if (meta.size <= size_max) return {};
        return fail(make_error(ErrorKind::too_large, "get a file from", peer_,
                               "it has " + std::to_string(meta.size) + " bytes, over the limit " +
                                   std::to_string(size_max)));
      },
      .on_data = [&](std::uint64_t, Bytes bytes) -> Result<void> {
        content += as_text(bytes);
        return {};
      }};
  const auto got = get(GetFile{.path = path}, sink, deadline);
  if (!got) return std::unexpected(got.error());
  return content;
}

FileResult<FileVersion> FileClient::put(const PutFile& request, const ContentSource& source,
                                        Deadline deadline) {
  std::vector<BlockHash> same;
  {
    auto call = FileCall::begin({session_, peer_}, request, deadline);
    if (!call) return std::unexpected(std::move(call.error()));
    services::FileDelivery delivery(*call, request, source);
    auto done = delivery.run(deadline);
    if (!delivery.has_found_difference()) return done;
    same = delivery.same_blocks();
  }
  auto call = FileCall::begin({session_, peer_}, request, deadline);
  if (!call) return std::unexpected(std::move(call.error()));
  services::FileDelivery delivery(*call, request, source);
  delivery.compare_first(std::move(same));
  return delivery.run(deadline);
}

FileResult<FileVersion> FileClient::store(PutSmallFile request, Deadline deadline) {
  request.root = services::root_of(as_bytes(request.content));
  return ask_for_done({session_, peer_}, std::move(request), deadline);
}

FileResult<FileVersion> FileClient::make_directory(const MakeDirectory& request,
                                                   Deadline deadline) {
  return ask_for_done({session_, peer_}, request, deadline);
}

FileResult<void> FileClient::remove(const RemoveFile& request, Deadline deadline) {
  return without_version(ask_for_done({session_, peer_}, request, deadline));
}

FileResult<FileVersion> FileClient::move(const MoveFile& request, Deadline deadline) {
  return ask_for_done({session_, peer_}, request, deadline);
}

FileResult<FileVersion> FileClient::copy(const CopyFile& request, Deadline deadline) {
  return ask_for_done({session_, peer_}, request, deadline);
}

FileResult<FileVersion> FileClient::set_meta(const SetFileMeta& request, Deadline deadline) {
  return ask_for_done({session_, peer_}, request, deadline);
}

FileResult<std::vector<BlockHash>> FileClient::hashes(const GetHashes& request, Deadline deadline) {
  auto list = ask_for<services::BlockList>({session_, peer_}, request, deadline);
  if (!list) return std::unexpected(std::move(list.error()));
  return std::move(list->hashes);
}

FileResult<std::vector<UploadEntry>> FileClient::uploads(Deadline deadline) {
  auto call = FileCall::begin({session_, peer_}, ListUploads{}, deadline);
  if (!call) return std::unexpected(std::move(call.error()));
  std::vector<UploadEntry> all;
  const auto taken = call->receive_all(
      [&](FileReply& reply) -> Result<void> {
        const auto& entries = std::get<services::UploadList>(reply).entries;
        all.insert(all.end(), entries.begin(), entries.end());
        return {};
      },
      deadline);
  if (!taken) return std::unexpected(taken.error());
  return all;
}

FileResult<void> FileClient::drop(const UploadKey& key, Deadline deadline) {
  return without_version(ask_for_done({session_, peer_}, DropUpload{key}, deadline));
}

}  // namespace hotline
