#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "hotline/core/deadline.h"
#include "hotline/engine/mutex.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/stream.h"
#include "hotline/server/call_info.h"
#include "hotline/session/session_options.h"
#include "services/file_caller.h"
#include "services/file_service.h"
#include "services/file_stream.h"

namespace hotline::services {

/// One connection of a caller of the service `files`. A caller who is not admitted is asked for
/// again with each request: a disk that failed, or other connections, may be the reason. On an
/// event loop.
class FileSession {
 public:
  /// `service` and `info` must outlive this object.
  FileSession(FileService& service, const CallInfo& info);

  /// Answers the caller's requests, each on a fiber of its own, until one end drains the session,
  /// or it is cut. Throws CallRefused in that case.
  void serve(Stream& stream);

 private:
  class Active;

  FileOutcome<void> admit();
  FileOutcome<void> admit_once();
  void serve_requests(Stream& stream);
  void answer(SessionStream& stream);
  std::optional<FileError> refusal_of(const FileRequest& request);
  void answer(FileStream& stream, const FileRequest& request);
  void watch(TaskGroup& requests);
  SessionOptions session_options() const;

  FileService& service_;
  const CallInfo& info_;
  FileService::Connection connection_{service_};
  Mutex admitting_;                   ///< Held while the caller is admitted.
  std::optional<FileCaller> call_{};  ///< Nothing: the caller was not admitted yet.
  std::size_t requests_ = 0;          ///< Under way.
  Instant last_request_;              ///< When the last one ended.
};

}  // namespace hotline::services
