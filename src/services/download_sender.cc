#include "services/download_sender.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace hotline::services {
namespace {

std::unexpected<FileStream::Stop> stopped_by(FileError error) {
  return std::unexpected(FileStream::Stop{std::move(error)});
}

std::unexpected<FileStream::Stop> stream_is_over() { return std::unexpected(FileStream::Stop{}); }

bool are_zeros(Bytes bytes) {
  return bytes.empty() || (bytes[0] == std::byte{} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

void DownloadSender::answer() {
  if (!stream_.accept(call_.downloads)) return;
  const Sent sent = send();
  if (!sent && !sent.error().error) return;
  if (!sent) return stream_.finish(*sent.error().error);
  ++call_.service.counters().downloads;
  stream_.finish();
}

DownloadSender::Sent DownloadSender::send() {
  auto file = call_.home.open(request_.path, request_.version);
  if (!file) return stopped_by(std::move(file.error()));
  const std::uint64_t size = file->meta().size;
  if (request_.offset > size) {
    return stopped_by({.code = FileErrorCode::changed,
                       .text = "the file has only " + std::to_string(size) + " bytes"});
  }
  const bool wants_all = request_.offset == 0 && request_.length == 0;
  return wants_all && size <= kSmallFileMax ? send_small(*file) : send_large(*file);
}

DownloadSender::Sent DownloadSender::send_small(OpenedFile& file) {
  std::string content(static_cast<std::size_t>(file.meta().size), '\0');
  const auto read = file.read(0, as_writable_bytes(content));
  if (!read) return stopped_by(read.error());
  if (const auto checked = file.check_unchanged(); !checked) return stopped_by(checked.error());
  digest_.add(as_bytes(content));
  const SmallFileReply reply{.meta = file.meta(),
                             .root = root_of(as_bytes(content)),
                             .digest = digest_.finish(),
                             .content = std::move(content)};
  if (!stream_.send(reply)) return stream_is_over();
  return {};
}

DownloadSender::Sent DownloadSender::send_large(OpenedFile& file) {
  if (!stream_.send(MetaReply{.meta = file.meta()})) return stream_is_over();
  sender_.emplace(ContentSender::Begin{.begin = request_.offset});
  const std::uint64_t rest = file.meta().size - request_.offset;
  const std::uint64_t length = request_.length == 0 ? rest : std::min(rest, request_.length);
  if (auto sent = send_pieces(file, request_.offset + length); !sent) return sent;
  if (const auto checked = file.check_unchanged(); !checked) return stopped_by(checked.error());
  return send_records(sender_->end({.size = file.meta().size, .digest = digest_.finish()}));
}

DownloadSender::Sent DownloadSender::send_pieces(OpenedFile& file, std::uint64_t stop) {
  std::vector<std::byte> room(static_cast<std::size_t>(
      std::min<std::uint64_t>(kContentDataMax, stop - sender_->position())));
  while (sender_->position() < stop) {
    if (const auto may = file.check_reading(); !may) return stopped_by(may.error());
    const std::uint64_t left = stop - sender_->position();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, room.size()));
    auto sent = send_piece(file, MutableBytes(room).first(size));
    if (sent && is_in_hole_) sent = send_hole(file, stop);
    if (!sent) return sent;
  }
  return {};
}

DownloadSender::Sent DownloadSender::send_piece(OpenedFile& file, MutableBytes room) {
  const auto read = file.read(sender_->position(), room);
  if (!read) return stopped_by(read.error());
  const Bytes bytes = Bytes(room).first(*read);
  if (bytes.empty()) return stopped_by({.code = FileErrorCode::changed});
  digest_.add(bytes);
  is_in_hole_ = are_zeros(bytes);
  if (is_in_hole_) return send_records(sender_->hole(bytes.size()));
  return send_records(sender_->begin_data(bytes), bytes);
}

/// Sends what follows until the next data as zeros, without reading it.
DownloadSender::Sent DownloadSender::send_hole(OpenedFile& file, std::uint64_t stop) {
  const std::uint64_t begin = sender_->position();
  const auto next = file.next_data(begin);
  if (!next) return stopped_by(next.error());
  const std::uint64_t end = std::min(*next, stop);
  if (end <= begin) return {};
  digest_.add_zeros(end - begin);
  return send_records(sender_->hole(end - begin));
}

DownloadSender::Sent DownloadSender::send_records(std::string_view records, Bytes data) {
  if (!stream_.send_content(as_bytes(records)) || !stream_.send_content(data)) {
    return stream_is_over();
  }
  return {};
}

}  // namespace hotline::services
