#include "services/file_proof.h"

#include <algorithm>
#include <utility>

namespace hotline::services {
namespace {

constexpr std::string_view kNotHere = "the server sent a message that does not belong here";
constexpr std::string_view kFileProofAdvice =
    "do not use what has arrived: it is not what the server has";
constexpr std::string_view kFileCutAdvice =
    "the request may have been carried out: look before it is sent again";

std::string_view not_here_unless(bool is_expected) {
  return is_expected ? std::string_view() : kNotHere;
}

}  // namespace

FileProof::FileProof(const FileRequest& request, Terms terms)
    : wanted_(wanted_of(request)), terms_(std::move(terms)) {}

FileProof::Wanted FileProof::wanted_of(const FileRequest& request) {
  Wanted wanted{.kind = kind_of(request)};
  if (const auto* list = std::get_if<ListDirectory>(&request)) wanted.list = *list;
  if (const auto* stat = std::get_if<StatFile>(&request)) wanted.stat = *stat;
  if (const auto* get = std::get_if<GetFile>(&request)) wanted.get = *get;
  if (const auto* hashes = std::get_if<GetHashes>(&request)) {
    wanted.hashes = {.first = hashes->first, .count = hashes->count};
  }
  if (const auto* put = std::get_if<PutFile>(&request)) {
    wanted.upload_size = put->size;
    wanted.has_key = put->key != UploadKey{};
  }
  return wanted;
}

Result<FileReply> FileProof::take_message(std::uint8_t type, std::uint8_t flags, Bytes payload) {
  if (state_ != State::open) return take_late("a message");
  auto reply = decode_file_reply(type, flags, payload);
  if (!reply) return refute(reply.error().text);
  const std::string_view fault =
      std::visit([&](const auto& each) { return fault_in(each); }, *reply);
  if (!fault.empty()) return refute(std::string(fault));
  std::visit([&](const auto& each) { advance(each); }, *reply);
  if (failure_) return fail(*failure_);
  return *std::move(reply);
}

// Each returns what is wrong with a message of the server, as a clause, or an empty text.

std::string_view FileProof::fault_in_file(const FileMeta& meta) const {
  const GetFile& get = wanted_.get;
  if (meta.kind != FileKind::file) return "the server sent the content of what is not a file";
  if (!get.version.is_none() && get.version != meta.version) {
    return "the server sent another version than the expected one";
  }
  if (get.offset > meta.size) return "the server sent content from after the end of the file";
  return {};
}

std::string_view FileProof::fault_in(const MetaReply& reply) const {
  if (has_begun_) return kNotHere;
  if (wanted_.kind == FileRequestKind::get) {
    if (reply.digest.kind != FileDigestKind::none) return "a digest came before its content";
    return fault_in_file(reply.meta);
  }
  if (wanted_.kind != FileRequestKind::stat) return kNotHere;
  const StatFile& stat = wanted_.stat;
  const bool is_file = reply.meta.kind == FileKind::file;
  if (is_file && stat.wants_root && !reply.root) return "the server sent no root";
  if (is_file && stat.digest != reply.digest.kind) {
    return "the server sent another digest than the wanted one";
  }
  return {};
}

std::string_view FileProof::fault_in(const SmallFileReply& reply) const {
  const GetFile& get = wanted_.get;
  const bool wants_all = get.offset == 0 && get.length == 0;
  if (wanted_.kind != FileRequestKind::get || has_begun_ || !wants_all) return kNotHere;
  if (const std::string_view fault = fault_in_file(reply.meta); !fault.empty()) return fault;
  if (reply.digest.kind != get.digest) return "the server sent another digest than the wanted one";
  if (root_of(as_bytes(reply.content)) != reply.root) {
    return "the root is not that of what was sent";
  }
  return {};
}

std::string_view FileProof::fault_in(const FilePage& reply) const {
  const ListDirectory& list = wanted_.list;
  if (wanted_.kind != FileRequestKind::list) return kNotHere;
  if (reply.depth != list.depth || reply.detail != list.detail) {
    return "the server listed otherwise than it was asked to";
  }
  const bool is_over = list.entries_max != 0 && reply.entries.size() > list.entries_max;
  return is_over ? "the server listed more entries at once than it was asked to"
                 : std::string_view();
}

std::string_view FileProof::fault_in(const KeptReply& reply) const {
  if (wanted_.kind != FileRequestKind::put || has_begun_) return kNotHere;
  if (reply.offset > wanted_.upload_size) return "the server keeps more than there is";
  if (reply.offset > 0 && !wanted_.has_key) return "the server keeps a part of another upload";
  return {};
}

std::string_view FileProof::fault_in(const BlockList& reply) const {
  const bool is_request = wanted_.kind == FileRequestKind::hashes;
  if (!is_request && !asked_) return kNotHere;
  const BlockRange& range = is_request ? wanted_.hashes : *asked_;
  // A published file may have fewer blocks than were asked for; of an upload they are known.
  const bool is_count =
      is_request ? reply.hashes.size() <= range.count : reply.hashes.size() == range.count;
  const bool is_range = reply.first == range.first && is_count;
  return is_range ? std::string_view() : "the server sent other hashes than it was asked for";
}

std::string_view FileProof::fault_in(const DoneReply& reply) const {
  switch (wanted_.kind) {
    case FileRequestKind::put:
      if (reply.version.is_none()) return "the server made a file without a version";
      if (has_sent_content_) return {};
      return not_here_unless(!has_begun_ && wanted_.has_key);
    case FileRequestKind::file:
      return reply.version.is_none() ? "the server made a file without a version"
                                     : std::string_view();
    case FileRequestKind::mkdir:
    case FileRequestKind::remove:
    case FileRequestKind::move:
    case FileRequestKind::copy:
    case FileRequestKind::set_meta:
    case FileRequestKind::drop: return {};
    default: return kNotHere;
  }
}

std::string_view FileProof::fault_in(const FileError&) const { return {}; }

std::string_view FileProof::fault_in(const FileQuota&) const {
  return not_here_unless(wanted_.kind == FileRequestKind::quota);
}

std::string_view FileProof::fault_in(const UploadList&) const {
  return not_here_unless(wanted_.kind == FileRequestKind::uploads);
}

// Each notes a message that is right.

void FileProof::advance(const MetaReply& reply) {
  has_begun_ = true;
  if (wanted_.kind == FileRequestKind::stat) {
    state_ = State::proven;
    return;
  }
  const GetFile& get = wanted_.get;
  const std::uint64_t rest = reply.meta.size - get.offset;
  const std::uint64_t length = get.length == 0 ? rest : std::min(rest, get.length);
  content_.emplace(ContentProof::Terms{.begin_min = get.offset,
                                       .begin_max = get.offset,
                                       .stop = get.offset + length,
                                       .size = reply.meta.size,
                                       .digest = get.digest,
                                       .wants_root = get.offset == 0 && length == rest,
                                       .before = std::move(terms_.before)});
}

void FileProof::advance(const SmallFileReply& reply) {
  has_begun_ = true;
  small_file_ = reply.digest;
}

void FileProof::advance(const FilePage& reply) {
  if (reply.is_last) state_ = State::proven;
}

void FileProof::advance(const KeptReply&) { has_begun_ = true; }

void FileProof::advance(const BlockList&) {
  asked_.reset();
  if (wanted_.kind == FileRequestKind::hashes) state_ = State::proven;
}

void FileProof::advance(const DoneReply&) { state_ = State::proven; }

void FileProof::advance(const FileError& reply) {
  state_ = State::failed;
  server_error_ = reply;
  failure_ = reply.to_error("complete a request to", terms_.endpoint);
}

void FileProof::advance(const FileQuota&) { state_ = State::proven; }

void FileProof::advance(const UploadList& reply) {
  if (reply.is_last) state_ = State::proven;
}

Result<ContentEvent> FileProof::take_content(Bytes& input) {
  if (state_ != State::open) return take_late("content");
  if (!content_) return refute("the server sent content where there is none");
  auto event = content_->take(input);
  if (!event) return refute(event.error().fault.text);
  return *std::move(event);
}

Result<void> FileProof::take_content_end(std::uint64_t total, Bytes trailer) {
  if (state_ == State::failed) return as_before();
  if (state_ != State::open) return take_late("the end of content");
  if (small_file_) {
    if (total != 0 || !trailer.empty()) return refute("the flow has a wrong end");
    const bool has_digest = small_file_->kind != FileDigestKind::none;
    state_ = has_digest ? State::digest_wanted : State::proven;
    return {};
  }
  if (!content_) return refute("the content ended before it began");
  const auto ended = content_->take_flow_end(total, trailer);
  if (!ended) return refute(ended.error().fault.text);
  const bool is_proven = content_->state() == ContentProof::State::proven;
  state_ = is_proven ? State::proven : State::digest_wanted;
  return {};
}

Result<void> FileProof::take_digest(const FileDigest& digest) {
  if (state_ != State::digest_wanted) return refute("a digest came that was not wanted");
  const bool is_right =
      small_file_ ? digest == *small_file_ : content_->take_digest(digest).has_value();
  if (!is_right) return refute("the digest is not that of what was sent");
  state_ = State::proven;
  return {};
}

Result<void> FileProof::take_stream_end() {
  if (state_ == State::open) return refute("the server ended the stream before its reply");
  return as_before();
}

Result<void> FileProof::take_reset(ResetCode code, std::string_view text) {
  if (state_ != State::open) return as_before();
  const std::string shown = text.empty() ? std::string() : ": " + escape(as_bytes(text));
  if (code == kFilesMalformed) {
    return refute("the server takes what was sent for malformed" + shown);
  }
  const bool is_refused = code == ResetCode::refused;
  const bool is_unsupported = code == ResetCode::unsupported;
  const ErrorKind kind = is_refused       ? ErrorKind::refused
                         : is_unsupported ? ErrorKind::unsupported
                                          : ErrorKind::reset;
  return cut(kind, "the server ended the stream (" + std::string(name_of(code)) + ")" + shown,
             is_refused       ? "nothing was done: try again"
             : is_unsupported ? "update the server"
                              : std::string(kFileCutAdvice));
}

Result<void> FileProof::take_cut(const std::optional<SessionFailure>& failure) {
  if (state_ != State::open) return as_before();
  std::string detail = "the connection broke before the reply was complete";
  if (failure && failure->cause != SessionFailure::Cause::cut) {
    detail += ": " + failure->to_error({}).detail;
  }
  return cut(ErrorKind::truncated, std::move(detail), std::string(kFileCutAdvice));
}

Result<void> FileProof::result() const {
  if (state_ == State::proven) return {};
  if (failure_) return fail(*failure_);
  return fail(make_error(ErrorKind::truncated, "complete a request to", terms_.endpoint,
                         "the reply has not arrived yet", {}));
}

/// What arrives after the end of the reply disproves one that was proven.
std::unexpected<Error> FileProof::take_late(std::string_view what) {
  if (failure_) return fail(*failure_);
  return refute("the server sent " + std::string(what) + " after the end of its reply");
}

std::unexpected<Error> FileProof::refute(std::string detail) {
  if (state_ != State::refuted) {
    failure_ = make_error(ErrorKind::protocol_violation, "believe the reply of", terms_.endpoint,
                          std::move(detail), std::string(kFileProofAdvice));
  }
  state_ = State::refuted;
  return fail(*failure_);
}

std::unexpected<Error> FileProof::cut(ErrorKind kind, std::string detail, std::string advice) {
  state_ = State::cut;
  failure_ = make_error(kind, "complete a request to", terms_.endpoint, std::move(detail),
                        std::move(advice));
  return fail(*failure_);
}

Result<void> FileProof::as_before() const {
  if (failure_) return fail(*failure_);
  return {};
}

}  // namespace hotline::services
