#include "services/upload_receiver.h"

#include <utility>
#include <variant>

namespace hotline::services {
namespace {

std::unexpected<FileStream::Stop> refused_with(FileError error) {
  return std::unexpected(FileStream::Stop{std::move(error)});
}

std::expected<void, FileStream::Stop> as_received(const FileOutcome<void>& outcome) {
  if (!outcome) return refused_with(outcome.error());
  return {};
}

}  // namespace

void UploadReceiver::answer() {
  if (!stream_.accept(call_.uploads)) return;
  const Received<FileVersion> stored = store();
  if (stored) {
    note_.done();
    ++call_.service.counters().uploads;
    return stream_.finish(DoneReply{*stored});
  }
  if (!stored.error().error) return note_.cut();
  note_.failed(*stored.error().error);
  stream_.finish(*stored.error().error);
}

UploadReceiver::Received<FileVersion> UploadReceiver::store() {
  auto begun = call_.home.put(request_);
  if (!begun) return refused_with(std::move(begun.error()));
  if (const auto* published = std::get_if<FileVersion>(&*begun)) return *published;
  UploadHold upload = std::get<UploadHold>(std::move(*begun));
  auto received = receive(upload);
  if (!received && received.error().error) received.error().error->kept = upload.confirmed();
  // Before the client is answered: it may ask for the upload again at once.
  upload.leave();
  return received;
}

UploadReceiver::Received<FileVersion> UploadReceiver::receive(UploadHold& upload) {
  if (!stream_.send_kept(upload.kept_hashes())) return std::unexpected(FileStream::Stop{});
  if (auto received = receive_content(upload); !received) {
    return std::unexpected(std::move(received.error()));
  }
  auto published = upload.publish(stream_.position());
  if (!published) return refused_with(std::move(published.error()));
  return *published;
}

UploadReceiver::Received<void> UploadReceiver::receive_content(UploadHold& upload) {
  while (!has_ended_) {
    const auto arrival = stream_.next();
    if (!arrival) return std::unexpected(arrival.error());
    if (const auto may = upload.check_writing(); !may) return refused_with(may.error());
    auto taken = std::visit([&](const auto& each) { return take(upload, each); }, *arrival);
    if (!taken) return taken;
  }
  return {};
}

UploadReceiver::Received<void> UploadReceiver::take(UploadHold& upload, FileStream::Silence) {
  if (!upload.is_taken_over()) return {};
  return refused_with({.code = FileErrorCode::taken_over});
}

UploadReceiver::Received<void> UploadReceiver::take(UploadHold& upload, const BlockRange& asked) {
  const auto& kept = upload.kept_hashes();
  const auto first = kept.begin() + static_cast<std::ptrdiff_t>(asked.first);
  const BlockList blocks{.first = asked.first, .hashes = {first, first + asked.count}};
  if (!stream_.send_blocks(blocks)) return std::unexpected(FileStream::Stop{});
  return {};
}

UploadReceiver::Received<void> UploadReceiver::take(UploadHold& upload, const ContentData& data) {
  note_content(data.offset, data.length());
  if (digest_) digest_->add(data.bytes);
  return as_received(upload.write(data.offset, data.bytes));
}

UploadReceiver::Received<void> UploadReceiver::take(UploadHold& upload, const ContentHole& hole) {
  note_content(hole.offset, hole.length);
  if (digest_) digest_->add_zeros(hole.length);
  return as_received(upload.write_hole(hole.offset, hole.length));
}

UploadReceiver::Received<void> UploadReceiver::take(UploadHold& upload, const BlockList& blocks) {
  return as_received(upload.confirm(blocks));
}

UploadReceiver::Received<void> UploadReceiver::take(UploadHold& upload,
                                                    FileStream::ContentFlowEnd) {
  has_ended_ = true;
  if (stream_.is_proven()) return {};
  FileOutcome<FileDigest> digest =
      digest_ ? digest_->finish() : upload.digest(request_.digest, stream_.position());
  if (!digest) return refused_with(std::move(digest.error()));
  return stream_.take_digest(*digest);
}

/// The digest is computed here if the content begins at 0; otherwise a part of it is on the disk.
void UploadReceiver::note_content(std::uint64_t offset, std::uint64_t length) {
  if (offset == 0) digest_.emplace(request_.digest);
  note_.add_bytes(length);
}

}  // namespace hotline::services
