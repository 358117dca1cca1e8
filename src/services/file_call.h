#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/services/file_failure.h"
#include "hotline/session/session.h"
#include "hotline/session/session_stream.h"
#include "services/file_proof.h"
#include "services/file_request.h"

namespace hotline::services {

/// A request of a client that is under way: its stream, and the proof of what comes back. If it is
/// destroyed before the reply is complete, the request is given up at the server. One fiber at a
/// time, but for the stream. Move only.
class FileCall {
 public:
  /// Where requests go.
  struct To {
    Session& session;
    const std::string& peer;
  };

  /// Sends a request. Fails if it cannot be sent; the server has not got it then.
  static FileResult<FileCall> begin(To to, const FileRequest& request, Deadline deadline);

  FileCall(FileCall&&) noexcept = default;
  ~FileCall();

  /// Returns the next message, after waiting for it.
  FileResult<FileReply> receive(Deadline deadline);

  /// Passes each message to `take` until the reply is complete, and waits for the end of the
  /// stream.
  FileResult<void> receive_all(const std::function<Result<void>(FileReply&)>& take,
                               Deadline deadline);

  /// Waits until the server has ended the stream, after a reply that is complete. What has happened
  /// has happened: fails only if something arrives that does not belong there.
  FileResult<void> finish(Deadline deadline);

  /// Returns why the request has failed, if a function of stream() has failed with `error`.
  FileFailure failure_of(const Error& error);

  /// Returns `error` as one of this request: with the server and the path.
  Error named(Error error) const;

  /// Returns the failure that the proof has come to.
  FileFailure proven_failure() const;

  /// Returns true if the server has reset the stream, or its session has ended.
  bool has_ended() const { return stream_->reset_by_peer() || session_->failure(); }

  SessionStream& stream() { return *stream_; }
  FileProof& proof() { return proof_; }

 private:
  FileCall(To to, const FileRequest& request, SessionStream stream);

  Session* session_;
  const std::string* peer_;
  FileRequestKind kind_;
  std::string path_;                       ///< As errors show it. Empty: it has none.
  std::unique_ptr<SessionStream> stream_;  ///< Null in one that was moved from.
  FileProof proof_;
};

}  // namespace hotline::services
