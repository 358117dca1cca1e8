#include "services/file_call.h"

#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "hotline/core/bytes.h"
#include "hotline/engine/clock.h"
#include "services/content_digest.h"

namespace hotline::services {
namespace {

// In the order of the kinds.
constexpr std::string_view kCallOperations[] = {
    "list a directory of", "look at a file of",   "get a file from",         "put a file to",
    "put a file to",       "make a directory at", "remove a file from",      "move a file of",
    "copy a file of",      "change a file of",    "get hashes of a file of", "ask for the quota at",
    "list the uploads at", "drop an upload at"};
static_assert(std::size(kCallOperations) == static_cast<std::size_t>(FileRequestKind::drop));

std::string_view operation_of(FileRequestKind kind) {
  return kCallOperations[static_cast<std::size_t>(kind) - 1];
}

constexpr std::size_t kShownPathMax = 512;

std::string shown_between_quotes(const FilePath& path) {
  if (path.is_home()) return "'/'";
  return "'" + escape(as_bytes(path.text()), kShownPathMax) + "'";
}

/// Returns the path, and that of the target, as errors show them; an empty text if the request has
/// none.
std::string shown_path(const FileRequest& request) {
  return std::visit(
      [](const auto& each) -> std::string {
        if constexpr (requires { each.target; }) {
          return shown_between_quotes(each.path) + " to " + shown_between_quotes(each.target);
        } else if constexpr (std::is_same_v<std::decay_t<decltype(each)>, GetQuota>) {
          return each.path.is_home() ? std::string() : shown_between_quotes(each.path);
        } else if constexpr (requires { each.path; }) {
          return shown_between_quotes(each.path);
        } else {
          return {};
        }
      },
      request);
}

/// Returns true if a connection that failed so may be made again, and the request with it.
bool may_come_back(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::closed:
    case ErrorKind::reset:
    case ErrorKind::truncated:
    case ErrorKind::unresponsive:
    case ErrorKind::draining: return true;
    default: return false;
  }
}

}  // namespace

FileCall::FileCall(To to, const FileRequest& request, SessionStream stream)
    : session_(&to.session),
      peer_(&to.peer),
      kind_(kind_of(request)),
      path_(shown_path(request)),
      stream_(std::make_unique<SessionStream>(std::move(stream))),
      proof_(request, {.endpoint = to.peer}) {}

/// A server keeps an upload that was cancelled.
FileCall::~FileCall() {
  if (stream_) stream_->reset(ResetCode::cancelled);
}

FileResult<FileCall> FileCall::begin(To to, const FileRequest& request, Deadline deadline) {
  const FileRequestKind kind = kind_of(request);
  const std::string bytes = encode_file_request(request);
  const auto checked = decode_file_request(as_bytes(bytes), flows_of(kind));
  if (!checked) {
    return fail(make_error(ErrorKind::invalid_argument, operation_of(kind), to.peer,
                           "the request is refused: " + checked.error().text));
  }
  const bool computes_digest = kind == FileRequestKind::get || kind == FileRequestKind::put;
  if (computes_digest && !ContentDigest::is_available(digest_of(request))) {
    return fail(make_error(ErrorKind::unsupported, operation_of(kind), to.peer,
                           "the OpenSSL of this program does not have the digest",
                           "ask for another digest, or for none"));
  }
  auto stream = to.session.open(flows_of(kind), as_bytes(bytes), deadline);
  if (!stream) {
    Error error = std::move(stream.error());
    if (error.endpoint.empty()) error.endpoint = to.peer;
    const bool is_retryable = may_come_back(error.kind);
    return std::unexpected(FileFailure(std::move(error), std::nullopt, is_retryable));
  }
  FileCall call(to, request, std::move(*stream));
  // Only PUT has messages of the client.
  if (kind != FileRequestKind::put) discard(call.stream_->end_messages());
  return call;
}

FileResult<FileReply> FileCall::receive(Deadline deadline) {
  const auto message = stream_->receive(deadline);
  if (!message) return std::unexpected(failure_of(message.error()));
  auto reply = proof_.take_message(message->type, message->flags, as_bytes(message->payload));
  if (!reply) return std::unexpected(proven_failure());
  return *std::move(reply);
}

FileResult<void> FileCall::receive_all(const std::function<Result<void>(FileReply&)>& take,
                                       Deadline deadline) {
  while (proof_.state() == FileProof::State::open) {
    auto reply = receive(deadline);
    if (!reply) return std::unexpected(std::move(reply.error()));
    if (auto taken = take(*reply); !taken) return fail(std::move(taken.error()));
  }
  return finish(deadline);
}

FileResult<void> FileCall::finish(Deadline deadline) {
  const auto message = stream_->receive(deadline);
  if (message) {
    discard(proof_.take_message(message->type, message->flags, as_bytes(message->payload)));
    return std::unexpected(proven_failure());
  }
  return {};
}

FileFailure FileCall::failure_of(const Error& error) {
  if (stream_->flow_end(kMessageFlow) && error.kind == ErrorKind::closed) {
    discard(proof_.take_stream_end());
    return proven_failure();
  }
  if (const auto reset = stream_->reset_by_peer()) {
    discard(proof_.take_reset(reset->code, reset->text));
    return proven_failure();
  }
  const auto ended = session_->failure();
  if (!ended) return named(error);
  // What is not a break says better why nothing has come.
  if (!may_come_back(ended->kind)) return *ended;
  discard(proof_.take_cut());
  FileFailure failure = proven_failure();
  if (!ended->detail.empty()) failure.detail += " (" + ended->detail + ")";
  return failure;
}

FileFailure FileCall::proven_failure() const {
  const auto& answer = proof_.server_error();
  const Error error = proof_.result().error();
  const bool is_refused = error.kind == ErrorKind::refused;
  const bool is_cut = proof_.state() == FileProof::State::cut;
  const bool is_retryable =
      answer ? answer->is_retryable : is_cut && (is_refused || may_come_back(error.kind));
  return {named(error), answer, is_retryable};
}

Error FileCall::named(Error error) const {
  error.operation = operation_of(kind_);
  error.endpoint = *peer_;
  if (path_.empty()) return error;
  const Error reason = make_error(error.kind, {}, {}, std::move(error.detail));
  error.detail = path_ + ": " + reason.message();
  return error;
}

}  // namespace hotline::services
