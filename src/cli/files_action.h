#pragma once

#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/report.h"
#include "hotline/services/file_user_list.h"

namespace hotline::cli {

struct FilesAction;

/// What a command line of `hotline files user` or `hotline files share` asks for.
struct FilesCommand {
  const FilesAction* action = nullptr;  ///< Static.
  std::string root{};
  std::string name{};  ///< That of the user or share.
  FileUserList::Change change{};
};

/// What can be done with the users or shares of a root.
struct FilesAction {
  std::string name;
  std::string summary;
  bool has_name = false;                 ///< It takes NAME.
  std::vector<std::string> values = {};  ///< The options that it takes besides.
  ExitStatus (*run)(const FilesCommand& command, OutputForm form) = nullptr;
};

/// Reports why a root cannot be used. A value of the command line that is none is a mistake in it.
inline ExitStatus report_root_error(const Error& error, OutputForm form) {
  return report_error(error, ExitStatus::failed, form);
}

inline ExitStatus report_change_error(const Error& error, OutputForm form) {
  const bool is_usage = error.kind == ErrorKind::invalid_argument && error.native_code == 0;
  return report_error(error, is_usage ? ExitStatus::usage : ExitStatus::failed, form);
}

}  // namespace hotline::cli
