#pragma once

#include <cstddef>
#include <string>

#include "hotline/engine/semaphore.h"
#include "services/file_home.h"
#include "services/file_service.h"
#include "services/small_file_queue.h"

namespace hotline::services {

/// One connection of a user who has a home. One loop.
struct FileCaller {
  FileCaller(FileService& of_server, FileHome& of_user, const FilesOptions& options)
      : service(of_server),
        home(of_user),
        uploads(options.transfers_max),
        downloads(options.transfers_max),
        lists(options.lists_max) {}

  FileService& service;
  FileHome& home;
  std::string user{};
  std::string caller{};    ///< For the audit.
  std::string endpoint{};  ///< For the audit.
  Semaphore uploads;       ///< With content that follows.
  Semaphore downloads;     ///< And what reads whole files for a digest.
  Semaphore lists;
  SmallFileQueue small_files{home};
};

}  // namespace hotline::services
