#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "hotline/core/deadline.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/stream.h"
#include "hotline/server/call_info.h"
#include "hotline/session/session_options.h"
#include "services/file_caller.h"
#include "services/file_service.h"
#include "services/file_stream.h"

namespace hotline::services {

/// One connection of a caller of the service `files`. On an event loop.
class FileSession {
 public:
  /// `service` must outlive this object.
  FileSession(FileService& service, const CallInfo& info);

  /// Answers the caller's requests, each on a fiber of its own, until one end drains the session,
  /// or it is cut. Throws CallRefused in that case.
  void serve(Stream& stream);

 private:
  class Active;

  void admit(const CallInfo& info);
  void serve_requests(Stream& stream);
  void answer(SessionStream& stream);
  std::optional<FileError> refusal_of(const FileRequest& request) const;
  void answer(FileStream& stream, const FileRequest& request);
  void watch(TaskGroup& requests);
  SessionOptions session_options() const;

  FileService& service_;
  FileService::Connection connection_{service_};
  std::optional<FileError> refusal_{};  ///< Why every request is refused.
  std::optional<FileCaller> call_{};    ///< Otherwise.
  std::size_t requests_ = 0;            ///< Under way.
  Instant last_request_;                ///< When the last one ended.
};

}  // namespace hotline::services
